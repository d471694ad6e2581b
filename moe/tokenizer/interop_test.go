package tokenizer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// interopCase is one text with the ids this package gives for it.
type interopCase struct {
	Text    string  `json:"text"`
	Special []int32 `json:"special"` // EncodeSpecial
	Plain   []int32 `json:"plain"`   // Encode
}

// TestWriteInterop writes tokenizers and encoded texts for interop/tokenizer.py,
// which compares them with what Hugging Face tokenizers gives.
func TestWriteInterop(t *testing.T) {
	dir := os.Getenv("SWERM_INTEROP_OUT")
	if dir == "" {
		t.Skip("writes files for interop/tokenizer.py: set SWERM_INTEROP_OUT")
	}
	trained := train(t, slices.Values(sampleTexts(400)), TrainOptions{VocabSize: 1500, Words: []string{"YES", "NO"}})
	gpt2 := parseEdited(t, trained, func(f map[string]any) {
		f["normalizer"] = nil
		f["pre_tokenizer"] = map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	})
	added := parseEdited(t, trained, func(f map[string]any) {
		n := trained.VocabSize()
		f["added_tokens"] = append(f["added_tokens"].([]any),
			addedJSON(n, "<tool>", false), addedJSON(n+1, "<tool>x", false), addedJSON(n+2, "Cafe\u0301", true), addedJSON(n+3, "END", true))
	})
	texts := interopTexts()
	writeInterop(t, filepath.Join(dir, "trained"), trained, texts)
	writeInterop(t, filepath.Join(dir, "gpt2"), gpt2, texts)
	writeInterop(t, filepath.Join(dir, "added"), added, texts)
	if os.Getenv("SWERM_INTEROP_QWEN") != "0" {
		t.Run("qwen3", func(t *testing.T) { writeInterop(t, filepath.Join(dir, "qwen3"), qwen3(t), texts) })
	}
}

func addedJSON(id int, content string, normalized bool) map[string]any {
	return map[string]any{"id": id, "content": content, "single_word": false, "lstrip": false,
		"rstrip": false, "normalized": normalized, "special": false}
}

// parseEdited parses t's file after an edit of its JSON.
func parseEdited(tb testing.TB, t *Tokenizer, edit func(map[string]any)) *Tokenizer {
	tb.Helper()
	got, err := Parse(edited(tb, t, edit))
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func edited(tb testing.TB, t *Tokenizer, edit func(map[string]any)) []byte {
	tb.Helper()
	var f map[string]any
	if err := json.Unmarshal(t.JSON(), &f); err != nil {
		tb.Fatal(err)
	}
	edit(f)
	b, err := json.Marshal(f)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// interopTexts covers every assigned character once, long runs, and random mixtures of
// what patterns and normal forms are sensitive to.
func interopTexts() []string {
	texts := append(sampleTexts(100), hardTexts()...)
	for start := rune(0); start < 0x110000; start += 64 {
		if start == 0x32400 { // nothing is assigned from here to the tags
			start = 0xe0000
		} else if start == 0xe0200 { // private use, all alike
			start = 0x10ffc0
		}
		var b strings.Builder
		for r := start; r < start+64; r++ {
			if r < 0xd800 || r > 0xdfff {
				fmt.Fprintf(&b, "a%c1%c %c!%c\n", r, r, r, r)
			}
		}
		if b.Len() > 0 {
			texts = append(texts, b.String())
		}
	}
	rng := rand.New(rand.NewPCG(3, 5))
	for range 5000 {
		texts = append(texts, randomText(rng))
	}
	return texts
}

var pieces = []string{" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u0085", "\u2028", "a", "B", "ſ", "K", "é", "e\u0301", "o\u0323\u0302",
	"\u0301", "\u0323", "\u0345", "\u1100\u1161\u11a8", "각", "\u11a8", "漢", "\U0001f600", "\u200d", "1", "٣", "½", "Ⅷ", "'", "'s", "'S", "'ſ", "'ll", "'LL", "'rE", "’s", "!", "..", "-",
	"_", "<|im_start|>", "<|im_end|>", "<|im_", "end|>", "<|endoftext|>", "<tool>", "<tool>x", "Cafe\u0301", "Café", "END", "YES", "NO", "\x00", "\u007f", "\ufffd", "\ufeff", "Å", "\u212b", "\u0344", "\u0958", "ǅ", "ﬀ"}

func randomText(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(12) {
		b.WriteString(strings.Repeat(pieces[rng.IntN(len(pieces))], 1+rng.IntN(3)/2*rng.IntN(4)))
	}
	return b.String()
}

// hardTexts are texts whose cost or normal form goes wrong in careless code.
func hardTexts() []string {
	return []string{"", "a", strings.Repeat("a", 3000), strings.Repeat(" ", 3000) + "x", strings.Repeat(" \n", 1000), strings.Repeat("ab", 3000),
		strings.Repeat("漢", 2000), "e" + strings.Repeat("\u0301", 100), "e" + strings.Repeat("\u0323\u0301", 100), "o" + strings.Repeat("\u0301", 40) + "\u0323" + strings.Repeat("\u0344", 40) + "x\u0301",
		strings.Repeat("=", 500) + "\n" + strings.Repeat("-", 500), strings.Repeat("return self", 300), strings.Repeat("\u1100\u1161", 50)}
}

func writeInterop(t *testing.T, dir string, tok *Tokenizer, texts []string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), tok.JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	e := tok.NewEncoder()
	for _, s := range texts {
		if err := enc.Encode(interopCase{s, e.EncodeSpecial([]int32{}, s), e.Encode([]int32{}, s)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
