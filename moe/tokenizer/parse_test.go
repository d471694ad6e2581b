package tokenizer

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

type object = map[string]any

func small(t testing.TB) *Tokenizer {
	t.Helper()
	return train(t, slices.Values(sampleTexts(60)), TrainOptions{VocabSize: 500, Words: []string{"YES", "NO"}})
}

func TestParseRefuses(t *testing.T) {
	tok := small(t)
	pre := func(f object) []any { return f["pre_tokenizer"].(object)["pretokenizers"].([]any) }
	added := func(f object, i int) object { return f["added_tokens"].([]any)[i].(object) }
	model := func(f object) object { return f["model"].(object) }
	for _, c := range []struct {
		name, want string
		edit       func(object)
	}{
		{"truncation", "truncation", func(f object) { f["truncation"] = object{"max_length": 5} }},
		{"padding", "padding", func(f object) { f["padding"] = object{"strategy": "BatchLongest"} }},
		{"normalizer", `"NFKC"`, func(f object) { f["normalizer"] = object{"type": "NFKC"} }},
		{"normalizer sequence", `"Sequence"`, func(f object) { f["normalizer"] = object{"type": "Sequence", "normalizers": []any{}} }},
		{"no pre-tokenizer", "no pre_tokenizer", func(f object) { f["pre_tokenizer"] = nil }},
		{"other pattern", "pattern", func(f object) { pre(f)[0].(object)["pattern"] = object{"Regex": `\p{N}{1,3}`} }},
		{"string pattern", "without a Regex", func(f object) { pre(f)[0].(object)["pattern"] = object{"String": " "} }},
		{"behavior", "Removed", func(f object) { pre(f)[0].(object)["behavior"] = "Removed" }},
		{"inverted", "invert true", func(f object) { pre(f)[0].(object)["invert"] = true }},
		{"prefix space", "add_prefix_space", func(f object) { pre(f)[1].(object)["add_prefix_space"] = true }},
		{"prefix space by default", "add_prefix_space", func(f object) { delete(pre(f)[1].(object), "add_prefix_space") }},
		{"regex twice", "use_regex true", func(f object) { pre(f)[1].(object)["use_regex"] = true }},
		{"regex nowhere", "use_regex false", func(f object) { f["pre_tokenizer"] = pre(f)[1] }},
		{"three steps", "3 steps", func(f object) { f["pre_tokenizer"].(object)["pretokenizers"] = append(pre(f), pre(f)[1]) }},
		{"metaspace", `"Metaspace"`, func(f object) { f["pre_tokenizer"] = object{"type": "Metaspace"} }},
		{"post-processor", `"TemplateProcessing"`, func(f object) { f["post_processor"] = object{"type": "TemplateProcessing"} }},
		{"decoder", `"WordPiece"`, func(f object) { f["decoder"] = object{"type": "WordPiece"} }},
		{"model", `"Unigram"`, func(f object) { model(f)["type"] = "Unigram" }},
		{"dropout", "dropout", func(f object) { model(f)["dropout"] = 0.1 }},
		{"prefix", "continuing_subword_prefix", func(f object) { model(f)["continuing_subword_prefix"] = "##" }},
		{"suffix", "end_of_word_suffix", func(f object) { model(f)["end_of_word_suffix"] = "</w>" }},
		{"fallback", "byte_fallback", func(f object) { model(f)["byte_fallback"] = true }},
		{"ignore merges", "ignore_merges", func(f object) { model(f)["ignore_merges"] = true }},
		{"missing byte", "0x00", func(f object) { delete(model(f)["vocab"].(object), "Ā") }},
		{"lstrip", "lstrip", func(f object) { added(f, 0)["lstrip"] = true }},
		{"added id", "its place in the file", func(f object) { added(f, 2)["id"] = 9000 }},
		{"buildable added token", "plain text", func(f object) {
			id, _ := tok.ID("YES")
			added(f, 0)["content"], added(f, 0)["id"] = "YES", id
			added(f, 1)["id"], added(f, 2)["id"] = 497, 498
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(edited(t, tok, c.edit))
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want ErrUnsupported with %s", err, c.want)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	tok := small(t)
	model := func(f object) object { return f["model"].(object) }
	for _, c := range []struct {
		want string
		edit func(object)
	}{
		{"two tokens", func(f object) { model(f)["vocab"].(object)["zzzz"] = 3 }},
		{"outside", func(f object) { model(f)["vocab"].(object)["zzzz"] = maxVocab }},
		{"outside", func(f object) { model(f)["vocab"].(object)["zzzz"] = -1 }},
		{"outside", func(f object) { f["added_tokens"].([]any)[0].(object)["id"] = -1 }},
		{"not in the vocabulary", func(f object) { model(f)["merges"] = []any{[]any{"q", "q"}} }},
		{"two parts", func(f object) { model(f)["merges"] = []any{"a b c"} }},
		{"3 parts", func(f object) { model(f)["merges"] = []any{[]any{"a", "b", "c"}} }},
		{"written twice", func(f object) { f["added_tokens"].([]any)[1].(object)["content"] = "<|endoftext|>" }},
		{"empty", func(f object) { f["added_tokens"].([]any)[1].(object)["content"] = "" }},
	} {
		if _, err := Parse(edited(t, tok, c.edit)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want one with %q", err, c.want)
		}
	}
	for _, bad := range []string{"", "[]", "{", `{"model":3}`} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was read as a tokenizer", bad)
		}
	}
	if _, err := Load(t.TempDir() + "/none.json"); err == nil {
		t.Error("a file that is absent was loaded")
	}
}

func TestParseStringMerges(t *testing.T) {
	tok := small(t)
	old := parseEdited(t, tok, func(f object) {
		m := f["model"].(object)
		var lines []any
		for _, p := range m["merges"].([]any) {
			lines = append(lines, p.([]any)[0].(string)+" "+p.([]any)[1].(string))
		}
		m["merges"] = lines
	})
	for _, s := range sampleTexts(20) {
		if a, b := tok.Encode(nil, s), old.Encode(nil, s); !slices.Equal(a, b) {
			t.Fatalf("%q: pairs give %v, strings give %v", s, a, b)
		}
	}
}

func FuzzParse(f *testing.F) {
	tok := small(f)
	f.Add(tok.JSON())
	f.Add([]byte(`{"model":{"vocab":{"a":0},"merges":[["a","a"]]}}`))
	f.Add([]byte(`{"added_tokens":[{"id":4000000000000,"content":"x"}],"model":{"type":"BPE","vocab":{},"merges":["a b"]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := Parse(b)
		if err != nil {
			return
		}
		for _, s := range pieces {
			if slices.ContainsFunc(tok.Encode(nil, s), tok.IsAdded) {
				t.Errorf("%q gives an added token", s)
			}
		}
	})
}

// A vocabulary of another kind has another form: the kind is to blame.
func TestOtherKindsAreNamed(t *testing.T) {
	for kind, vocab := range map[string]string{"Unigram": `[["a",0]]`, "WordPiece": `{"a":0}`, "WordLevel": `{"a":0}`} {
		_, err := Parse([]byte(`{"version":"1.0","added_tokens":[],"model":{"type":"` + kind + `","vocab":` + vocab + `}}`))
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
