package testlog

import "bytes"

// Swift reads `swift test`: XCTest and Swift Testing.
func Swift() Parser {
	return Parser{Name: "swift", Version: "1", start: func(*Log) machine { return &swift{} }}
}

// swift reads one line a test. XCTest quotes the name, on Apple's systems as
// `-[Module.Class method]`; Swift Testing writes the function or quotes the name
// for display.
type swift struct{ failed failures }

var (
	swiftWords = []word{{[]byte("passed"), Passed}, {[]byte("failed"), Failed}, {[]byte("skipped"), Skipped}}
	swiftMarks = []word{
		{[]byte("✔"), Passed}, {[]byte("✘"), Failed}, {[]byte("➜"), Skipped}, {[]byte("􁁛"), Passed}, {[]byte("􀢄"), Failed}, {[]byte("􀙟"), Skipped},
	}
	swiftCase = "Test Case '"
)

func (s *swift) line(l *line) {
	if len(l.text) == 0 {
		return
	}
	text := l.shown()
	totals := bytes.TrimLeft(text, " \t")
	switch {
	case has(text, swiftCase):
		s.xctest(l, text)
	case has(totals, "Executed ") && bytes.Contains(totals, []byte(" failure")):
		s.total(l, totals)
	default:
		if mark, ok := starts(text, swiftMarks); ok {
			s.testing(l, text, len(mark.text))
		}
	}
}

// xctest reads `Test Case 'CartTests.testAdds' passed (0.001 seconds)`.
func (s *swift) xctest(l *line, text []byte) {
	n0 := len(swiftCase)
	i := bytes.LastIndex(text, []byte("' "))
	if i <= n0 {
		return
	}
	s0 := i + 2
	w, ok := starts(text[s0:], swiftWords)
	if s1 := s0 + len(w.text); ok && has(text[s1:], " (") {
		s.add(l, w.status, n0, i, s0, s1)
	}
}

// testing reads `✔ Test adds() passed after 0.001 seconds.`
func (s *swift) testing(l *line, text []byte, from int) {
	rest, ok := after(text[from:], " Test ")
	if !ok || has(rest, "run with ") || has(rest, "case passing ") {
		if ok && has(rest, "run with ") && bytes.Contains(rest, []byte(" after ")) {
			l.event(Finished)
		}
		return
	}
	n0 := len(text) - len(rest)
	n1, s0 := swiftName(text, n0)
	if n1 < 0 {
		return
	}
	if w, ok := starts(text[s0:], swiftWords); ok {
		s.add(l, w.status, n0+swiftQuote(text, n0), n1, s0, s0+len(w.text))
	}
}

// swiftQuote returns 1 where the name for display is in quotes.
func swiftQuote(text []byte, n0 int) int {
	if text[n0] == '"' {
		return 1
	}
	return 0
}

// swiftName returns where the name ends and where the word after it begins: a
// name in quotes ends at the first quote that a word follows, another one at the
// first blank; then how many cases it has may stand between.
func swiftName(text []byte, n0 int) (n1, s0 int) {
	if n0 >= len(text) {
		return -1, 0
	}
	if swiftQuote(text, n0) == 0 {
		if _, n1 = field(text, n0); n1 < len(text) {
			s0 = n1 + 1
		}
		if rest, ok := after(text[n1:], " with "); ok {
			if _, cases, ok := number(rest); ok && has(cases, " test case") {
				_, end := field(text, len(text)-len(cases)+len(" test "))
				s0 = end + 1
			}
		}
		return n1, min(s0, len(text))
	}
	for n1 = n0 + 1; n1 < len(text); n1++ {
		i := bytes.Index(text[n1:], []byte(`" `))
		if i < 0 {
			break
		}
		n1 += i
		if _, ok := starts(text[n1+2:], swiftWords); ok {
			return n1, n1 + 2
		}
	}
	return -1, 0
}

func (s *swift) add(l *line, st Status, n0, n1, s0, s1 int) {
	if n1 > n0 {
		l.record(st, s.failed.part(l, 0, l.text[n0:n1], st, Progress), 0, n0, n1, s0, s1)
	}
}

// total reads `Executed 3 tests, with 1 test skipped and 1 failure (0 unexpected)`.
// It stands there for every suite, the outer ones last.
func (s *swift) total(l *line, text []byte) {
	all, rest, ok := number(text[len("Executed "):])
	if !ok {
		return
	}
	t := Tally{At: l.all(), NoTests: all == 0}
	for _, c := range []struct {
		word string
		st   Status
	}{{" test skipped", Skipped}, {" tests skipped", Skipped}, {" failure", Failed}} {
		if i := bytes.Index(rest, []byte(c.word)); i > 0 {
			n, _, _ := number(rest[bytes.LastIndexByte(rest[:i], ' ')+1 : i])
			t.By[c.st] += n
		}
	}
	t.By[Passed] = max(0, all-t.By[Failed]-t.By[Skipped])
	l.log.Total = &t
	l.event(Finished)
}

func (s *swift) end() {}
