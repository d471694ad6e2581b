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

// number reads the count that text begins with, and returns what follows it.
// Counts above nine digits are none.
func number(text []byte) (n int64, rest []byte, ok bool) {
	d := digits(text)
	if d == 0 || d > 9 {
		return 0, text, false
	}
	for _, c := range text[:d] {
		n = n*10 + int64(c-'0')
	}
	return n, text[d:], true
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

// maxScopes bounds how many scopes are kept; tests beyond belong to none.
const maxScopes = 1 << 16

// scope returns the number of a scope, which it opens where it is new.
func (l *line) scope(c cutting, e Encoding) int32 {
	if id, ok := l.scopes[c.text]; ok {
		return id
	}
	if l.names += int64(len(c.text)); len(l.log.Scopes) >= maxScopes || l.names > l.limits.NameBytes {
		return 0
	}
	if l.scopes == nil {
		l.scopes = map[string]int32{}
	}
	l.log.Scopes = append(l.log.Scopes, Scope{Name: c.text, NameAt: c.at, Encoding: e})
	id := int32(len(l.log.Scopes))
	l.scopes[c.text] = id
	return id
}

// judge says how a scope ended, by the word at text[s0:s1].
func (l *line) judge(scope int32, st Status, s0, s1 int) {
	if scope > 0 {
		s := &l.log.Scopes[scope-1]
		s.Status, s.StatusAt = st, l.span(s0, s1)
	}
}

// tally adds totals to those before.
func (l *line) tally(t Tally) {
	if before := l.log.Total; before != nil {
		for i, n := range before.By {
			t.By[i] += n
		}
		t.NoTests = t.NoTests && before.NoTests
	}
	t.At = l.all()
	l.log.Total = &t
}

// plainCounts are the words of most totals.
var plainCounts = []word{{[]byte("failed"), Failed}, {[]byte("passed"), Passed}, {[]byte("skipped"), Skipped}, {[]byte("todo"), Skipped}}

// add adds up the counts of a line of totals, `2 failed, 9 passed`, by the words
// that follow the numbers.
func (t *Tally) add(text []byte, sep string, words []word) {
	for part := range bytes.SplitSeq(text, []byte(sep)) {
		n, what, ok := number(bytes.TrimLeft(part, " "))
		if what = trimRight(what); !ok || len(what) < 2 {
			continue
		}
		for _, w := range words {
			if bytes.Equal(what[1:], w.text) {
				t.By[w.status] += n
			}
		}
	}
	t.NoTests = t.Ran() == 0
}

// rest gives to Passed what is left of all.
func (t *Tally) rest(all int64) {
	t.By[Passed] = 0
	t.By[Passed] = max(0, all-t.Ran())
	t.NoTests = all == 0
}
