package tokenizer

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/ulikunitz/xz"
)

// realText is the message texts of real attempts, about 8 MB.
func realText(b *testing.B) []string {
	b.Helper()
	f, err := os.Open(testpath.Real(b, "packed", "mini-deepseek-chat.tar.xz"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	x, err := xz.NewReader(bufio.NewReader(f))
	if err != nil {
		b.Fatal(err)
	}
	var texts []string
	total := 0
	for files := tar.NewReader(x); total < 8<<20; {
		h, err := files.Next()
		if err != nil {
			b.Fatalf("after %d bytes of text: %v", total, err)
		}
		if !strings.HasSuffix(h.Name, ".traj.json") {
			continue
		}
		var traj struct {
			Messages []struct {
				Content json.RawMessage `json:"content"`
			} `json:"messages"`
		}
		if err := json.NewDecoder(files).Decode(&traj); err != nil {
			b.Fatal(err)
		}
		for _, m := range traj.Messages {
			var s string
			if json.Unmarshal(m.Content, &s) == nil {
				texts = append(texts, s)
				total += len(s)
			}
		}
	}
	return texts
}

func BenchmarkEncode(b *testing.B) {
	e := qwen3(b).NewEncoder()
	run := func(name string, texts []string) {
		b.Run(name, func(b *testing.B) {
			var dst []int32
			n := 0
			for _, s := range texts {
				n += len(s)
			}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range texts {
					dst = e.Encode(dst[:0], s)
				}
			}
		})
	}
	run("trajectories", realText(b))
	run("letters-1MB", []string{strings.Repeat("a", 1<<20)})
	run("spaces-1MB", []string{strings.Repeat(" ", 1<<20) + "x"})
	run("marks-1MB", []string{"e" + strings.Repeat("\u0301\u0323", 1<<18)})
	run("han-1MB", []string{strings.Repeat("漢字かな交じり文", 1<<16)})
}

func BenchmarkParse(b *testing.B) {
	js := qwen3(b).JSON()
	b.SetBytes(int64(len(js)))
	for b.Loop() {
		if _, err := Parse(js); err != nil {
			b.Fatal(err)
		}
	}
}
