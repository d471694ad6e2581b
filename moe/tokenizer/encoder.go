package tokenizer

import (
	"unicode/utf8"
)

// An Encoder encodes for one goroutine. It remembers the words it met in a
// cache of fixed size, and gives the same ids whether a word is remembered or
// not.
type Encoder struct {
	t     *Tokenizer
	cache wordCache
	sym   []int32
}

// NewEncoder returns an encoder with an empty cache (2 MB).
func (t *Tokenizer) NewEncoder() *Encoder {
	return &Encoder{t: t, cache: newWordCache()}
}

// Encode is Tokenizer.Encode.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	return e.words(dst, e.t.normalize(text))
}

// EncodeSpecial is Tokenizer.EncodeSpecial.
func (e *Encoder) EncodeSpecial(dst []int32, text string) []int32 {
	for {
		start, end, id := e.t.raw.next(text)
		if start < 0 {
			return e.normalizedPiece(dst, text)
		}
		dst = append(e.normalizedPiece(dst, text[:start]), id)
		text = text[end:]
	}
}

func (e *Encoder) normalizedPiece(dst []int32, text string) []int32 {
	text = e.t.normalize(text)
	for {
		start, end, id := e.t.normalized.next(text)
		if start < 0 {
			return e.words(dst, text)
		}
		dst = append(e.words(dst, text[:start]), id)
		text = text[end:]
	}
}

// words cuts normalised text and appends the ids of its words.
func (e *Encoder) words(dst []int32, s string) []int32 {
	classes, gpt2 := e.t.classes, e.t.pattern == patternGPT2
	for len(s) > 0 {
		var n int
		if gpt2 {
			n = classes.gpt2(s)
		} else {
			n = classes.qwen(s)
		}
		dst = e.word(dst, s, n)
		s = s[n:]
	}
	return dst
}

// word appends the ids of s[:n]. The rest of s is there so that keys can be
// loaded eight bytes at a time.
func (e *Encoder) word(dst []int32, s string, n int) []int32 {
	if n == 1 {
		return append(dst, e.t.byteID[s[0]])
	}
	if n > maxCachedWord {
		return e.merge(dst, s[:n])
	}
	entry, hit := e.cache.find(s, n)
	if hit {
		return append(dst, entry.ids[:entry.n]...)
	}
	was := len(dst)
	dst = e.merge(dst, s[:n])
	entry.set(s[:n], dst[was:])
	return dst
}

func (e *Encoder) merge(dst []int32, w string) []int32 {
	if cap(e.sym) < len(w) {
		e.sym = make([]int32, 0, max(shortWord, len(w)))
	}
	sym := e.sym[:len(w)]
	for i := range sym {
		sym[i] = e.t.byteID[w[i]]
	}
	if len(w) > shortWord {
		dst = e.mergeLong(dst, sym)
		if len(w) > maxKeptScratch {
			e.sym = nil
		}
		return dst
	}
	return append(dst, e.mergeShort(sym)...)
}

// maxKeptScratch is the word length above which scratch space is given back:
// such words are rare, and a pooled encoder lives long.
const maxKeptScratch = 1 << 16

// validUTF8 replaces every byte that begins no valid character by U+FFFD.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
