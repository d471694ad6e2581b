package tokenizer

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// maxCorpusLine bounds one text of a corpus.
const maxCorpusLine = 64 << 20

// BenchmarkEncodeCorpus encodes what another program encodes for comparison:
// SWERM_BENCH_TOKENIZER names a tokenizer.json and SWERM_BENCH_CORPUS a file
// with one JSON string per line. One goroutine does all of it.
func BenchmarkEncodeCorpus(b *testing.B) {
	path, corpus := os.Getenv("SWERM_BENCH_TOKENIZER"), os.Getenv("SWERM_BENCH_CORPUS")
	if path == "" || corpus == "" {
		b.Skip("set SWERM_BENCH_TOKENIZER to a tokenizer.json and SWERM_BENCH_CORPUS to a file of JSON strings")
	}
	t, err := Load(path)
	if err != nil {
		b.Fatal(err)
	}
	texts, size := readCorpus(b, corpus)
	e := t.NewEncoder()
	var dst []int32
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range texts {
			dst = e.Encode(dst[:0], s)
		}
	}
}

func readCorpus(b *testing.B, path string) (texts []string, size int64) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxCorpusLine)
	for lines.Scan() {
		var s string
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			b.Fatalf("%s: line %d: %v", path, len(texts)+1, err)
		}
		texts = append(texts, s)
		size += int64(len(s))
	}
	if err := lines.Err(); err != nil {
		b.Fatalf("%s: line %d: %v", path, len(texts)+1, err)
	}
	return texts, size
}
