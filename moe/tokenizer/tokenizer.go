package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// Limits on a tokenizer file, which comes from outside.
const (
	maxFileBytes = 256 << 20 // the largest public vocabularies take about 30 MB
	maxVocab     = 1 << 22   // ids are also rows of an embedding matrix
)

// A Tokenizer maps text to token ids. It is immutable and safe for concurrent
// use.
type Tokenizer struct {
	json []byte
	hash string

	tokens []string         // id -> the bytes it stands for
	exists []bool           // id -> whether the file names it
	ids    map[string]int32 // the bytes a token stands for -> id; added tokens win
	added  []addedToken     // by id

	byteID  [256]int32
	merges  mergeTable
	nfc     bool
	pattern pattern
	classes *classTable

	raw        matcher // added tokens matched before normalisation
	normalized matcher // added tokens matched after it

	encoders sync.Pool // of *Encoder, for calls on the Tokenizer itself
}

// An addedToken is one that the text can spell only through EncodeSpecial.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// Load reads a tokenizer.json.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("tokenizer: %s: %d bytes, the limit is %d", path, info.Size(), maxFileBytes)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Encode appends the ids of text to dst. Added tokens that the text spells are
// not matched: the result holds no added token's id, whatever the text is.
func (t *Tokenizer) Encode(dst []int32, text string) []int32 {
	e := t.encoder()
	dst = e.Encode(dst, text)
	t.encoders.Put(e)
	return dst
}

// EncodeSpecial appends the ids of text to dst, matching added tokens in it.
// It is for text of our own, never for text from outside.
func (t *Tokenizer) EncodeSpecial(dst []int32, text string) []int32 {
	e := t.encoder()
	dst = e.EncodeSpecial(dst, text)
	t.encoders.Put(e)
	return dst
}

func (t *Tokenizer) encoder() *Encoder {
	if e, ok := t.encoders.Get().(*Encoder); ok {
		return e
	}
	return t.NewEncoder()
}

// Decode returns the bytes that the ids stand for, added tokens as they are
// written. Ids of no token give nothing. Ids that stop inside a character give
// a string that is not valid UTF-8.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		if id >= 0 && int(id) < len(t.tokens) {
			b.WriteString(t.tokens[id])
		}
	}
	return b.String()
}

// ID returns the id of the one token that stands for exactly these bytes: an
// added token as written, or a token of the vocabulary as plain text (" YES",
// not "ĠYES").
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// IsAdded reports whether id is an added token.
func (t *Tokenizer) IsAdded(id int32) bool {
	_, ok := slices.BinarySearchFunc(t.added, id, func(a addedToken, id int32) int { return int(a.ID) - int(id) })
	return ok
}

// VocabSize is the highest id plus one: the least number of rows an embedding
// matrix needs.
func (t *Tokenizer) VocabSize() int { return len(t.tokens) }

// Hash is the SHA-256 of the tokenizer.json, in hex.
func (t *Tokenizer) Hash() string { return t.hash }

// JSON returns the tokenizer.json that was read. The caller must not write to it.
func (t *Tokenizer) JSON() []byte { return t.json }

func hashHex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A matcher finds added tokens in text, leftmost first, and the longest of
// those that start at one place.
type matcher struct {
	first [256]bool
	text  []string // longest first
	ids   []int32
}

func newMatcher(tokens []addedToken, content func(addedToken) string) matcher {
	var m matcher
	tokens = slices.Clone(tokens)
	slices.SortStableFunc(tokens, func(a, b addedToken) int { return len(content(b)) - len(content(a)) })
	for _, a := range tokens {
		m.text = append(m.text, content(a))
		m.ids = append(m.ids, a.ID)
		m.first[content(a)[0]] = true
	}
	return m
}

// next returns the first match in s, start = -1 when there is none.
func (m *matcher) next(s string) (start, end int, id int32) {
	if len(m.text) == 0 {
		return -1, 0, 0
	}
	for i := 0; i < len(s); i++ {
		if !m.first[s[i]] {
			continue
		}
		for k, text := range m.text {
			if strings.HasPrefix(s[i:], text) {
				return i, i + len(text), m.ids[k]
			}
		}
	}
	return -1, 0, 0
}
