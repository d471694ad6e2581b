package testlog

import "bytes"

// Minitest reads minitest: every test under -v, else what did not pass.
func Minitest() Parser {
	return Parser{Name: "minitest", Version: "1", Verified: true, start: func(*Log) machine { return &minitest{} }}
}

// minitest reads lines that are begun before a test runs and ended after it.
type minitest struct {
	open cutting // the test whose status is to come
	head word    // of the list at the end: what the next line is the name of
	at   Span    // of its word
}

var (
	minitestWords  = []word{{[]byte("."), Passed}, {[]byte("F"), Failed}, {[]byte("E"), Error}, {[]byte("S"), Skipped}}
	minitestHeads  = []word{{[]byte("Failure"), Failed}, {[]byte("Error"), Error}, {[]byte("Skipped"), Skipped}}
	minitestCounts = []word{{[]byte("failures"), Failed}, {[]byte("errors"), Error}, {[]byte("skips"), Skipped}}
	minitestEq     = []byte(" = ")
	minitestTook   = []byte(" s = ")
)

func (m *minitest) line(l *line) {
	text := l.shown()
	if len(text) == 0 {
		return
	}
	if m.head.status != 0 {
		m.listed(l, text)
		return
	}
	switch {
	case string(text) == "# Running:":
		l.event(Started)
	case text[0] == ' ' && m.heading(l, text), m.total(l, text):
	default:
		m.test(l, text)
	}
}

// test reads `CartTest#test_adds = 0.00 s = .`, or one half of it.
func (m *minitest) test(l *line, text []byte) {
	s0 := len(text) - 1
	w, ok := starts(text[s0:], minitestWords)
	took := minitestTime(text[:s0])
	if !ok || took < 0 {
		if i := bytes.Index(text, minitestEq); i > 0 && minitestName(text[:i]) {
			m.open = l.cut(0, i)
		} else if i := len(text) - len(" ="); i > 0 && bytes.HasSuffix(text, []byte(" =")) && minitestName(text[:i]) {
			m.open = l.cut(0, i)
		}
		return
	}
	name := m.open
	if n1 := took - len(minitestEq); n1 > 0 && bytes.HasSuffix(text[:took], minitestEq) && minitestName(text[:n1]) {
		name = l.cut(0, n1)
	}
	if m.open = (cutting{}); name.text != "" {
		l.add(Record{Name: name.text, NameAt: name.at, Status: w.status, StatusAt: l.span(s0, s0+1)})
	}
}

// minitestTime returns where the time begins in a text that ends with `0.00 s = `,
// -1 if it does not.
func minitestTime(text []byte) int {
	head, ok := bytes.CutSuffix(text, minitestTook)
	i := len(head)
	for i > 0 && head[i-1] >= '0' && head[i-1] <= '9' {
		i--
	}
	if !ok || i == len(head) || i == 0 || head[i-1] != '.' {
		return -1
	}
	j := i - 1
	for j > 0 && head[j-1] >= '0' && head[j-1] <= '9' {
		j--
	}
	if j == i-1 {
		return -1
	}
	return j
}

// minitestName knows `Class#method`, where the method of a spec may hold spaces.
func minitestName(text []byte) bool {
	i := bytes.IndexByte(text, '#')
	return i > 0 && i+1 < len(text) && bytes.IndexByte(text[:i], ' ') < 0 && !bytes.Contains(text, minitestEq)
}

// heading reads `  2) Failure:`.
func (m *minitest) heading(l *line, text []byte) bool {
	at := indent(text)
	d := digits(text[at:])
	s0 := at + d + len(") ")
	if d == 0 || !has(text[at+d:], ") ") {
		return false
	}
	w, ok := starts(text[s0:], minitestHeads)
	if !ok || string(text[s0+len(w.text):]) != ":" {
		return false
	}
	m.head, m.at = w, l.span(s0, s0+len(w.text))
	return true
}

// listed reads the line after a heading, `CartTest#test_fails [cart_test.rb:5]:`.
func (m *minitest) listed(l *line, text []byte) {
	n := bytes.LastIndex(text, []byte(" ["))
	if n < 0 {
		n = len(bytes.TrimSuffix(text, []byte(":")))
	}
	if minitestName(text[:n]) {
		c := l.cut(0, n)
		l.add(Record{Name: c.text, NameAt: c.at, Status: m.head.status, StatusAt: m.at, Part: Summary})
	}
	m.head = word{}
}

// total reads `7 runs, 1 assertions, 1 failures, 2 errors, 1 skips`.
func (m *minitest) total(l *line, text []byte) bool {
	all, rest, ok := number(text)
	if !ok || !has(rest, " runs, ") && !has(rest, " tests, ") {
		return false
	}
	var t Tally
	t.add(rest, ",", minitestCounts)
	t.rest(all)
	m.open = cutting{}
	l.tally(t)
	l.event(Finished)
	return true
}

func (m *minitest) end() {}
