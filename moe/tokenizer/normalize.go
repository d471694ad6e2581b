package tokenizer

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalize makes text valid UTF-8 and, where the file asks for it, brings it
// into Unicode's normal form C.
func (t *Tokenizer) normalize(s string) string {
	if isASCII(s) {
		return s
	}
	s = validUTF8(s)
	if !t.nfc || norm.NFC.IsNormalString(s) {
		return s
	}
	if longMarks(s) {
		return composeAll(s)
	}
	return norm.NFC.String(s)
}

func isASCII(s string) bool {
	for len(s) >= 8 {
		if load(s, 8)&0x8080808080808080 != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// safeMarks is the number of combining marks in a row that x/text handles
// without inserting a grapheme joiner, which is right for streams and is not
// normal form C. A character can decompose into several, hence the margin.
const safeMarks = 8

// longMarks reports whether s holds more combining marks in a row than that.
func longMarks(s string) bool {
	run := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			run = 0
			i++
			continue
		}
		p := norm.NFC.PropertiesString(s[i:])
		if p.CCC() == 0 && p.TrailCCC() == 0 {
			run = 0
		} else if run++; run > safeMarks {
			return true
		}
		i += max(1, p.Size())
	}
	return false
}

// composeAll is normal form C by the definition of Unicode chapter 3.11, for
// runs of marks of any length: decompose, sort marks, compose.
func composeAll(s string) string {
	runes, ccc := decompose(s)
	sortMarks(runes, ccc)
	out := runes[:0]
	starter := -1 // index in out of the last character of class 0
	last := -1    // class of the last character kept after it; -1 = none
	for i, r := range runes {
		if starter >= 0 && last < int(ccc[i]) {
			if c, ok := composePair(out[starter], r); ok {
				out[starter] = c
				continue
			}
		}
		out = append(out, r)
		last = int(ccc[i])
		if ccc[i] == 0 {
			starter, last = len(out)-1, -1
		}
	}
	return string(out)
}

// decompose returns the characters of the canonical decomposition and their
// combining classes.
func decompose(s string) (runes []rune, ccc []uint8) {
	for i := 0; i < len(s); {
		p := norm.NFD.PropertiesString(s[i:])
		size := max(1, p.Size())
		d := string(p.Decomposition())
		if d == "" {
			d = norm.NFD.String(s[i : i+size]) // Hangul syllables, and what is its own
		}
		for _, r := range d {
			runes = append(runes, r)
			ccc = append(ccc, norm.NFD.PropertiesString(string(r)).CCC())
		}
		i += size
	}
	return runes, ccc
}

// sortMarks puts every run of characters of class above 0 in order of class,
// equal classes as they were.
func sortMarks(runes []rune, ccc []uint8) {
	type mark struct {
		r rune
		c uint8
	}
	var run []mark
	for i := 0; i < len(runes); i++ {
		if ccc[i] == 0 {
			continue
		}
		start := i
		run = run[:0]
		for i < len(runes) && ccc[i] != 0 {
			run = append(run, mark{runes[i], ccc[i]})
			i++
		}
		slices.SortStableFunc(run, func(a, b mark) int { return int(a.c) - int(b.c) })
		for k, m := range run {
			runes[start+k], ccc[start+k] = m.r, m.c
		}
	}
}

// composePair returns the one character that a and b compose to.
func composePair(a, b rune) (rune, bool) {
	s := norm.NFC.String(string([]rune{a, b}))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}
