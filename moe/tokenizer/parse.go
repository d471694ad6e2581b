package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnsupported is wrapped by the error of Parse when the file is well formed
// but asks for something this package does not do.
var ErrUnsupported = errors.New("tokenizer: unsupported")

// wireFile is tokenizer.json. Parts whose shape depends on their type stay raw
// until the type is known.
type wireFile struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         wireModel       `json:"model"`
}

type wireModel struct {
	Type          string           `json:"type"`
	Dropout       *float64         `json:"dropout"`
	UnkToken      *string          `json:"unk_token"`
	SubwordPrefix *string          `json:"continuing_subword_prefix"`
	WordSuffix    *string          `json:"end_of_word_suffix"`
	FuseUnk       bool             `json:"fuse_unk"`
	ByteFallback  bool             `json:"byte_fallback"`
	IgnoreMerges  bool             `json:"ignore_merges"`
	Vocab         map[string]int64 `json:"vocab"`
	Merges        wireMerges       `json:"merges"`
}

// wireMerges reads both generations: ["a b", …] and [["a","b"], …].
type wireMerges [][2]string

// UnmarshalJSON reads merges of either form.
func (m *wireMerges) UnmarshalJSON(b []byte) error {
	var pairs [][2]string
	if i := bytes.IndexAny(b, `["`); i >= 0 {
		if rest := bytes.TrimLeft(b[i+1:], " \t\r\n"); len(rest) > 0 && rest[0] == '[' {
			var lists [][]string
			if err := json.Unmarshal(b, &lists); err != nil {
				return err
			}
			for i, l := range lists {
				if len(l) != 2 {
					return fmt.Errorf("merge %d has %d parts, not 2", i, len(l))
				}
				pairs = append(pairs, [2]string{l[0], l[1]})
			}
			*m = pairs
			return nil
		}
	}
	var lines []string
	if err := json.Unmarshal(b, &lines); err != nil {
		return err
	}
	for i, line := range lines {
		l, r, ok := strings.Cut(line, " ")
		if !ok || strings.Contains(r, " ") {
			return fmt.Errorf("merge %d is %q, not two parts with a space between", i, line)
		}
		pairs = append(pairs, [2]string{l, r})
	}
	*m = pairs
	return nil
}

// Parse reads a tokenizer.json. It keeps b and the caller must not change it.
func Parse(b []byte) (*Tokenizer, error) {
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("tokenizer: %d bytes, the limit is %d", len(b), maxFileBytes)
	}
	var kind struct {
		Model struct {
			Type string `json:"type"`
		} `json:"model"`
	}
	if err := json.Unmarshal(b, &kind); err == nil && kind.Model.Type != "" && kind.Model.Type != "BPE" {
		// The vocabulary of another kind has another form, which would be blamed.
		return nil, fmt.Errorf("tokenizer: %w", unsupported("model of type %q; known is BPE", kind.Model.Type))
	}
	var w wireFile
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("tokenizer: not a tokenizer.json: %w", err)
	}
	t := &Tokenizer{json: b, hash: hashHex(b), classes: classes()}
	if err := errors.Join(
		absent("truncation", w.Truncation),
		absent("padding", w.Padding),
		t.normalizer(w.Normalizer),
		t.preTokenizer(w.PreTokenizer),
		checkByteLevel("post_processor", w.PostProcessor, true),
		checkByteLevel("decoder", w.Decoder, true),
		w.Model.check(),
	); err != nil {
		return nil, err
	}
	if err := t.vocabulary(&w); err != nil {
		return nil, err
	}
	return t, nil
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func absent(field string, raw json.RawMessage) error {
	if isNull(raw) {
		return nil
	}
	return unsupported("%s is set; ids would depend on it, remove it from the file", field)
}

func (t *Tokenizer) normalizer(raw json.RawMessage) error {
	if isNull(raw) {
		return nil
	}
	var n struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &n); err != nil {
		return fmt.Errorf("tokenizer: normalizer: %w", err)
	}
	if n.Type != "NFC" {
		return unsupported("normalizer of type %q; known are none and NFC", n.Type)
	}
	t.nfc = true
	return nil
}

// wireStep is one pre-tokenizer. Booleans are pointers, since their absence
// means true in some versions of the format.
type wireStep struct {
	Type           string                     `json:"type"`
	Pretokenizers  []json.RawMessage          `json:"pretokenizers"`
	Pattern        map[string]json.RawMessage `json:"pattern"`
	Behavior       string                     `json:"behavior"`
	Invert         bool                       `json:"invert"`
	AddPrefixSpace *bool                      `json:"add_prefix_space"`
	UseRegex       *bool                      `json:"use_regex"`
}

func (t *Tokenizer) preTokenizer(raw json.RawMessage) error {
	if isNull(raw) {
		return unsupported("no pre_tokenizer; known are Split by the Qwen2 pattern followed by ByteLevel, and ByteLevel")
	}
	var w wireStep
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("tokenizer: pre_tokenizer: %w", err)
	}
	steps := []json.RawMessage{raw}
	if w.Type == "Sequence" {
		steps = w.Pretokenizers
	}
	switch len(steps) {
	case 1:
		t.pattern = patternGPT2
		return checkByteLevelStep("pre_tokenizer", steps[0], true)
	case 2:
		t.pattern = patternQwen2
		return errors.Join(checkSplit(steps[0]), checkByteLevelStep("pre_tokenizer", steps[1], false))
	}
	return unsupported("pre_tokenizer with %d steps", len(steps))
}

func checkSplit(raw json.RawMessage) error {
	var w wireStep
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("tokenizer: pre_tokenizer: %w", err)
	}
	var re string
	if w.Type != "Split" {
		return unsupported("pre_tokenizer step of type %q; known is Split", w.Type)
	}
	if err := json.Unmarshal(w.Pattern["Regex"], &re); err != nil {
		return unsupported("pre_tokenizer Split without a Regex")
	}
	if re != QwenPattern {
		return unsupported("pre_tokenizer pattern %q; known is the one of Qwen2 and Qwen3", re)
	}
	if w.Behavior != "Isolated" || w.Invert {
		return unsupported("pre_tokenizer Split with behavior %q, invert %v; known is Isolated, not inverted", w.Behavior, w.Invert)
	}
	return nil
}

// checkByteLevelStep accepts a ByteLevel pre-tokenizer that adds no space. The
// format's defaults are true for both switches.
func checkByteLevelStep(field string, raw json.RawMessage, regex bool) error {
	var w wireStep
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("tokenizer: %s: %w", field, err)
	}
	if w.Type != "ByteLevel" {
		return unsupported("%s step of type %q; known is ByteLevel", field, w.Type)
	}
	if w.AddPrefixSpace == nil || *w.AddPrefixSpace {
		return unsupported("%s ByteLevel with add_prefix_space", field)
	}
	if use := w.UseRegex == nil || *w.UseRegex; use != regex {
		return unsupported("%s ByteLevel with use_regex %v here", field, use)
	}
	return nil
}

// checkByteLevel accepts parts that leave ids alone: none, or ByteLevel.
func checkByteLevel(field string, raw json.RawMessage, optional bool) error {
	if optional && isNull(raw) {
		return nil
	}
	var w struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("tokenizer: %s: %w", field, err)
	}
	if w.Type != "ByteLevel" {
		return unsupported("%s of type %q; known are none and ByteLevel", field, w.Type)
	}
	return nil
}

func (m *wireModel) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, unsupported(format, args...))
		}
	}
	filled := func(s *string) bool { return s != nil && *s != "" }
	// Files before the type was written hold BPE when they have merges.
	refuse(m.Type != "BPE" && (m.Type != "" || m.Merges == nil), "model of type %q; known is BPE", m.Type)
	refuse(m.Dropout != nil && *m.Dropout != 0, "model with dropout")
	refuse(filled(m.SubwordPrefix), "model with continuing_subword_prefix")
	refuse(filled(m.WordSuffix), "model with end_of_word_suffix")
	refuse(m.ByteFallback, "model with byte_fallback")
	refuse(m.IgnoreMerges, "model with ignore_merges")
	return errors.Join(errs...)
}

// vocabulary fills tokens, merges and added tokens and checks that they fit.
func (t *Tokenizer) vocabulary(w *wireFile) error {
	vocab := w.Model.Vocab
	alphabet := newAlphabet()
	size := int64(0)
	for token, id := range vocab {
		if id < 0 || id >= maxVocab {
			return fmt.Errorf("tokenizer: token %q has id %d, outside 0 to %d", token, id, maxVocab-1)
		}
		size = max(size, id+1)
	}
	for _, a := range w.AddedTokens {
		if a.ID < 0 || a.ID >= maxVocab {
			return fmt.Errorf("tokenizer: added token %q has id %d, outside 0 to %d", a.Content, a.ID, maxVocab-1)
		}
		size = max(size, int64(a.ID)+1)
	}
	t.tokens = make([]string, size)
	t.exists = make([]bool, size)
	t.ids = make(map[string]int32, len(vocab)+len(w.AddedTokens))
	for token, id := range vocab {
		if t.exists[id] {
			return fmt.Errorf("tokenizer: id %d belongs to two tokens, one is %q", id, token)
		}
		t.exists[id] = true
		plain, ok := alphabet.plain(token)
		if !ok {
			plain = token // not spelled in bytes: no text leads there
		}
		t.tokens[id] = plain
		if ok {
			t.ids[plain] = int32(id)
		}
	}
	for b := range 256 {
		id, ok := vocab[string(alphabet.letter[b])]
		if !ok {
			return unsupported("model without a token for byte 0x%02x", b)
		}
		t.byteID[b] = int32(id)
	}
	reachable := make([]bool, size) // by plain text
	for _, id := range t.byteID {
		reachable[id] = true
	}
	if err := t.addMerges(vocab, w.Model.Merges, reachable); err != nil {
		return err
	}
	return t.addTokens(vocab, w.AddedTokens, reachable)
}

func (t *Tokenizer) addMerges(vocab map[string]int64, merges wireMerges, reachable []bool) error {
	t.merges = newMergeTable(len(merges))
	for rank, m := range merges {
		l, okL := vocab[m[0]]
		r, okR := vocab[m[1]]
		id, ok := vocab[m[0]+m[1]]
		if !okL || !okR || !ok {
			return fmt.Errorf("tokenizer: merge %d (%q, %q): a part or the result is not in the vocabulary", rank, m[0], m[1])
		}
		t.merges.put(int32(l), int32(r), uint32(rank), int32(id))
		reachable[id] = true
	}
	return nil
}

// addTokens takes the added tokens. Their ids must be the ones a reader gives
// that looks at their order alone, which is what the Rust library does.
func (t *Tokenizer) addTokens(vocab map[string]int64, added []addedToken, reachable []bool) error {
	next := int64(len(vocab))
	seen := map[string]bool{}
	for _, a := range added {
		if a.Content == "" || seen[a.Content] {
			return fmt.Errorf("tokenizer: added token %q (id %d) is empty or written twice", a.Content, a.ID)
		}
		seen[a.Content] = true
		want, inVocab := vocab[a.Content]
		if !inVocab {
			want = next
			next++
		}
		if want != int64(a.ID) {
			return unsupported("added token %q has id %d, its place in the file gives %d", a.Content, a.ID, want)
		}
		if a.SingleWord || a.LStrip || a.RStrip {
			return unsupported("added token %q with single_word, lstrip or rstrip", a.Content)
		}
		if reachable[a.ID] {
			return unsupported("added token %q (id %d) can be built from plain text by the merges", a.Content, a.ID)
		}
		t.tokens[a.ID], t.exists[a.ID] = a.Content, true
		t.ids[a.Content] = a.ID
	}
	t.added = slices.Clone(added)
	slices.SortFunc(t.added, func(a, b addedToken) int { return int(a.ID) - int(b.ID) })
	t.splitAdded()
	return nil
}

func (t *Tokenizer) splitAdded() {
	var raw, normalized []addedToken
	for _, a := range t.added {
		if a.Normalized {
			normalized = append(normalized, a)
		} else {
			raw = append(raw, a)
		}
	}
	t.raw = newMatcher(raw, func(a addedToken) string { return a.Content })
	t.normalized = newMatcher(normalized, func(a addedToken) string { return t.normalize(a.Content) })
}
