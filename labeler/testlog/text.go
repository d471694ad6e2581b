package testlog

import "bytes"

// indent returns how many spaces text begins with.
func indent(text []byte) int {
	for i, c := range text {
		if c != ' ' {
			return i
		}
	}
	return len(text)
}

// digits returns how many digits text begins with.
func digits(text []byte) int {
	for i, c := range text {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(text)
}

// countless stands for every count from a thousand million on. No suite is so
// large, so totals that say it never agree with the tests that are named, and
// sums of it fit.
const countless = 1_000_000_000

// number reads the count that text begins with, and returns what follows it.
func number(text []byte) (n int64, rest []byte, ok bool) {
	d := digits(text)
	for _, c := range text[:d] {
		n = min(n*10+int64(c-'0'), countless)
	}
	return n, text[d:], d > 0
}

// after returns what follows a prefix.
func after(text []byte, prefix string) (rest []byte, ok bool) {
	if len(text) < len(prefix) || string(text[:len(prefix)]) != prefix {
		return text, false
	}
	return text[len(prefix):], true
}

func has(text []byte, prefix string) bool {
	_, ok := after(text, prefix)
	return ok
}

// starts returns the first of words that text begins with.
func starts(text []byte, words []word) (word, bool) {
	for _, w := range words {
		if bytes.HasPrefix(text, w.text) {
			return w, true
		}
	}
	return word{}, false
}

// field returns the bounds of the first run of text[from:] without blanks.
func field(text []byte, from int) (start, end int) {
	for from < len(text) && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	end = from
	for end < len(text) && text[end] != ' ' && text[end] != '\t' {
		end++
	}
	return from, end
}

// timed returns the length of text without a last ` (12 ms)` or ` (0.05s)`.
func timed(text []byte, open string, units ...string) int {
	text = trimRight(text)
	i := bytes.LastIndex(text, []byte(open))
	if i < 0 {
		return len(text)
	}
	rest := text[i+len(open):]
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.' || rest[n] == ',') {
		n++
	}
	if n == 0 {
		return len(text)
	}
	for _, unit := range units {
		if string(rest[n:]) == unit {
			return i
		}
	}
	return len(text)
}
