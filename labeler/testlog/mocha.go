package testlog

import "bytes"

// Mocha reads the reporter spec of mocha.
func Mocha() Parser {
	return Parser{Name: "mocha", Version: "1", Verified: true, start: func(l *Log) machine { return &mocha{} }}
}

// mocha follows the outline that spec prints. A suite of the top level stands
// after an empty line or the tests that have none, and every step inward is two
// spaces wide; what is indented otherwise was printed by a test.
type mocha struct {
	outline outline
	listed  int64 // of the failures told at the end, those met so far
	failing int64 // how many there are; 0 while tests run
	totals  bool  // the totals were met, and no test since
	rooted  bool  // the line before was a test of no suite
}

// mochaWords are marks of all releases and systems. Failures are numbered.
var mochaWords = []word{
	{[]byte("✔"), Passed}, {[]byte("✓"), Passed}, {[]byte("√"), Passed}, {[]byte("-"), Skipped},
	{[]byte("#)"), Failed}, {[]byte("#)"), Error},
}

func (m *mocha) line(l *line) {
	text := l.shown()
	at := indent(text)
	if at < 2 || at%2 != 0 || at == len(text) {
		return
	}
	rooted := m.rooted
	m.rooted = false
	w, n := mochaMark(text[at:])
	switch {
	case n > 0 && m.failing > 0 && m.quoted(at, w, text[at:]):
	case n > 0:
		m.test(l, w, at, at+n, len(text))
	case at == 2 && m.total(l, text[at:]):
	case at == 2 && !l.blank && !rooted, !m.follows(at):
	default:
		m.outline.open(at, l.cut(at, len(text)))
	}
}

// mochaMark reads `✔ `, `- ` or `12) `, and returns its length.
func mochaMark(text []byte) (Status, int) {
	if d := digits(text); d > 0 {
		if d < 9 && has(text[d:], ") ") {
			return Failed, d + 1
		}
		return 0, 0
	}
	w, ok := starts(text, mochaWords)
	if n := len(w.text); ok && n < len(text) && text[n] == ' ' {
		return w.status, n
	}
	return 0, 0
}

// follows tells whether a line of this indentation stands right under a title
// that is open, or at the top.
func (m *mocha) follows(at int) bool {
	m.outline.under(at)
	n := len(m.outline.indents)
	return at == 2 && n == 0 || n > 0 && m.outline.indents[n-1] == at-2
}

// test keeps a status. Its title follows the mark, and a time may follow that.
func (m *mocha) test(l *line, st Status, at, s1, end int) {
	if !m.follows(at) {
		return
	}
	n0 := s1 + 1
	n1 := n0 + timed(l.text[n0:end], " (", "ms)", "s)", "m)")
	if n0 >= n1 {
		return
	}
	if st == Failed && mochaHook(l.text[n0:n1]) {
		st = Error
	}
	m.failing, m.totals, m.rooted = 0, false, at == 2
	l.add(l.compose(st, Progress, " ", m.outline.titles, l.cut(n0, n1), l.span(at, s1)))
}

// mochaHook knows `"before each" hook for "a title"`.
func mochaHook(title []byte) bool {
	return (has(title, `"before `) || has(title, `"after `)) && bytes.Contains(title, []byte(`" hook`))
}

// quoted tells whether a mark stands in the list of failures, after the totals:
// its entries are numbered from the margin, and what they show may look like
// anything but a passing test.
func (m *mocha) quoted(at int, st Status, text []byte) bool {
	if st == Skipped {
		return true
	}
	if st != Failed {
		return false
	}
	if n, _, _ := number(text); at == 2 && n == m.listed+1 && n <= m.failing {
		m.listed = n
		return true
	}
	return m.listed < m.failing
}

// total reads `9 passing (188ms)`, `2 pending` and `4 failing`.
func (m *mocha) total(l *line, text []byte) bool {
	n, rest, ok := number(text)
	if !ok {
		return false
	}
	var t Tally
	switch {
	case has(rest, " passing ("):
		l.event(Finished)
		t.By[Passed], m.totals = n, true
		t.NoTests = n == 0
	case m.totals && string(rest) == " pending":
		t.By[Skipped] = n
	case m.totals && string(rest) == " failing":
		t.By[Failed], m.failing, m.listed = n, n, 0
	default:
		return false
	}
	m.outline.clear()
	l.tally(t)
	return true
}

func (m *mocha) end() {}
