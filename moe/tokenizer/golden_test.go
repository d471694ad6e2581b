package tokenizer

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/ulikunitz/xz"
)

var qwen struct {
	sync.Once
	t   *Tokenizer
	err error
}

// qwen3 loads the real Qwen3 tokenizer once for all tests.
func qwen3(t testing.TB) *Tokenizer {
	t.Helper()
	path := testpath.Golden(t, "tokenizer-qwen3", "tokenizer.json.xz")
	qwen.Do(func() {
		f, err := os.Open(path)
		if err != nil {
			qwen.err = err
			return
		}
		defer f.Close()
		r, err := xz.NewReader(bufio.NewReader(f))
		if err != nil {
			qwen.err = err
			return
		}
		b, err := io.ReadAll(r)
		if err != nil {
			qwen.err = err
			return
		}
		qwen.t, qwen.err = Parse(b)
	})
	if qwen.err != nil {
		t.Fatal(qwen.err)
	}
	return qwen.t
}

type golden struct {
	Kind string  `json:"kind"`
	Text string  `json:"text"`
	IDs  []int32 `json:"ids"`
}

func goldens(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open(testpath.Golden(t, "tokenizer-qwen3", "tokenizer-golden.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	dec := json.NewDecoder(bufio.NewReader(f))
	for dec.More() {
		var g golden
		if err := dec.Decode(&g); err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if len(all) < 300 {
		t.Fatalf("only %d goldens", len(all))
	}
	return all
}

func TestQwen3Golden(t *testing.T) {
	tok := qwen3(t)
	e := tok.NewEncoder()
	for pass := range 2 { // the second pass reads the cache
		for i, g := range goldens(t) {
			got := e.EncodeSpecial(nil, g.Text)
			if !slices.Equal(got, g.IDs) {
				t.Errorf("pass %d, golden %d (%s) %q:\n got %v\nwant %v", pass, i, g.Kind, g.Text, got, g.IDs)
			}
			if dec := tok.Decode(got); dec != tok.normalize(g.Text) {
				t.Errorf("golden %d: decoding gives %q for %q", i, dec, g.Text)
			}
			if plain := e.Encode(nil, g.Text); slices.ContainsFunc(plain, tok.IsAdded) {
				t.Errorf("golden %d: Encode of %q holds an added token: %v", i, g.Text, plain)
			}
		}
	}
}

func TestQwen3Facts(t *testing.T) {
	tok := qwen3(t)
	for text, want := range map[string]int32{"YES": 14004, "NO": 8996, " YES": 14080, " NO": 5664, "<|im_start|>": 151644, "<think>": 151667} {
		if id, ok := tok.ID(text); !ok || id != want {
			t.Errorf("ID(%q) = %d, %v, want %d", text, id, ok, want)
		}
	}
	if got := tok.VocabSize(); got != 151669 {
		t.Errorf("VocabSize = %d", got)
	}
	if got, want := tok.Hash(), "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4"; got != want {
		t.Errorf("Hash = %s, want %s", got, want)
	}
}
