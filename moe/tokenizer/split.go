package tokenizer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// QwenPattern is the expression by which Qwen2 and Qwen3 cut text into words.
// The splitter below is that expression written out; no other is known.
const QwenPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// A pattern says how text is cut into words.
type pattern uint8

const (
	patternQwen2 pattern = iota // QwenPattern
	patternGPT2                 // the ByteLevel default: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
)

// A class is what the patterns see of a character.
type class uint8

const (
	other class = iota
	letter
	number
	space   // white space but for the next
	newline // \r and \n
)

// A classTable holds the class of every character of the basic plane; code is
// nearly all of it, so a lookup there must be one load.
type classTable [1 << 16]class

var classes = sync.OnceValue(func() *classTable {
	t := new(classTable)
	for r := range t {
		t[r] = classify(rune(r))
	}
	return t
})

func classify(r rune) class {
	switch {
	case r == '\r' || r == '\n':
		return newline
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// at returns the class of the character at s[i] and its length.
func (t *classTable) at(s string, i int) (class, int) {
	if c := s[i]; c < utf8.RuneSelf {
		return t[c], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r < 1<<16 {
		return t[r], n
	}
	return classify(r), n
}

// run returns the end of the run of class c that starts at s[i].
func (t *classTable) run(s string, i int, c class) int {
	for i < len(s) {
		if b := s[i]; b < utf8.RuneSelf {
			if t[b] != c {
				return i
			}
			i++
			continue
		}
		k, n := t.at(s, i)
		if k != c {
			return i
		}
		i += n
	}
	return i
}

// qwen returns the length of the first word of s, which is not empty.
func (t *classTable) qwen(s string) int {
	c, n := t.at(s, 0)
	switch c {
	case letter:
		return t.run(s, n, letter)
	case number:
		return n
	case other, space:
		if s[0] == '\'' {
			if k := contraction(s, true); k > 0 {
				return k
			}
		}
		if end := t.run(s, n, letter); end > n { // one character may lead letters
			return end
		}
		if end, ok := t.symbols(s, c, n); ok {
			for end < len(s) && (s[end] == '\r' || s[end] == '\n') {
				end++
			}
			return end
		}
	}
	return t.spaces(s, true)
}

// gpt2 returns the length of the first word of s, which is not empty.
func (t *classTable) gpt2(s string) int {
	if s[0] == '\'' {
		if k := contraction(s, false); k > 0 {
			return k
		}
	}
	i := 0
	if s[0] == ' ' {
		i = 1
	}
	if i < len(s) {
		c, n := t.at(s, i)
		if c == letter || c == number || c == other {
			return t.run(s, i+n, c)
		}
	}
	return t.spaces(s, false)
}

// symbols returns the end of " ?[^\s\p{L}\p{N}]+"; c and n are those of the
// first character.
func (t *classTable) symbols(s string, c class, n int) (int, bool) {
	i := n
	if c == space {
		if s[0] != ' ' {
			return 0, false
		}
		if i = t.run(s, n, other); i == n {
			return 0, false
		}
		return i, true
	}
	return t.run(s, i, other), true
}

// spaces returns the length of the white space word at the start of s. With
// lines, a run reaches to its last newline if it has one. Otherwise the last
// character of a run is left to the word that follows.
func (t *classTable) spaces(s string, lines bool) int {
	end, lastNewline, lastLen := 0, -1, 0
	for end < len(s) {
		c, n := t.at(s, end)
		if c != space && c != newline {
			break
		}
		if c == newline {
			lastNewline = end + n
		}
		lastLen = n
		end += n
	}
	if lines && lastNewline >= 0 {
		return lastNewline
	}
	if end == len(s) || end == lastLen {
		return end
	}
	return end - lastLen
}

// contraction returns the length of 's 't 're 've 'm 'll 'd at the start of s,
// which begins with an apostrophe; 0 if there is none. Without regard to case,
// 's is also written with the long s, U+017F.
func contraction(s string, fold bool) int {
	if len(s) < 2 {
		return 0
	}
	lower := func(c byte) byte {
		if fold && c >= 'A' && c <= 'Z' {
			return c | 0x20
		}
		return c
	}
	two := byte(0)
	if len(s) > 2 {
		two = lower(s[2])
	}
	switch lower(s[1]) {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		if two == 'e' {
			return 3
		}
	case 'l':
		if two == 'l' {
			return 3
		}
	}
	if fold && strings.HasPrefix(s[1:], "ſ") {
		return 1 + len("ſ")
	}
	return 0
}
