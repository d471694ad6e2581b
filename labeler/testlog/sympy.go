package testlog

import "bytes"

// SymPy reads SymPy's own runner, bin/test --verbose.
func SymPy() Parser {
	return Parser{Name: "sympy", Version: "1", Verified: true, start: func(l *Log) machine { return &sympy{log: l} }}
}

// sympy reads `test_name ok`. Failures are listed under headings of underscores,
// `___ path.py:test_name ___`; totals follow under a heading of equal signs, on
// one line or two.
type sympy struct {
	log   *Log
	total []byte // the first line of totals that go on
	at    Span
}

// sympyEnds are the words behind a test's name.
var sympyEnds = []word{
	{[]byte("ok"), Passed}, {[]byte("F"), Failed}, {[]byte("E"), Error}, {[]byte("f"), XFail},
	{[]byte("X"), XPass}, {[]byte("s"), Skipped}, {[]byte("w"), Skipped},
}

var (
	sympyMarks   = [][]byte{[]byte("[OK]"), []byte("[FAIL]")}
	sympyTotals  = []byte("tests finished: ")
	sympySession = []byte("test process starts")
)

func (s *sympy) end() {}

func (s *sympy) line(l *line) {
	if len(l.text) == 0 {
		return
	}
	l.plain()
	text := trimRight(l.text)
	switch {
	case len(s.total) > 0:
		s.finish(l, append(s.total, text...), Span{s.at.Start, l.all().End})
	case bytes.HasPrefix(text, []byte("test_")):
		s.test(l, text)
	case bytes.HasPrefix(text, []byte("__")):
		s.heading(l, text)
	case bytes.Contains(text, sympySession) && text[0] == '=':
		l.event(Started)
	case bytes.Contains(text, sympyTotals) && (text[0] == '=' || bytes.HasPrefix(l.text, []byte(" tests"))):
		s.finish(l, text[bytes.Index(text, sympyTotals)+len(sympyTotals):], l.all())
	case bytes.HasPrefix(text, []byte("Traceback (most recent call last)")) && len(s.log.Records) == 0:
		l.event(InternalError)
	}
}

func (s *sympy) test(l *line, text []byte) {
	for _, mark := range sympyMarks { // the last test of a file has the file's mark behind it
		if cut, ok := bytes.CutSuffix(text, mark); ok {
			text = trimRight(cut)
		}
	}
	name := bytes.IndexByte(text, ' ')
	if name < 0 {
		return
	}
	for _, w := range sympyEnds {
		if bytes.HasSuffix(text, w.text) && text[len(text)-len(w.text)-1] == ' ' {
			l.record(w.status, Progress, 0, 0, name, len(text)-len(w.text), len(text))
			return
		}
	}
}

// heading reads `___ sympy/core/tests/test_x.py:test_name ___`.
func (s *sympy) heading(l *line, text []byte) {
	from := len(text) - len(bytes.TrimLeft(text, "_"))
	to := len(bytes.TrimRight(text, "_"))
	if from+2 >= to || text[from] != ' ' || text[to-1] != ' ' || to == len(text) || !bytes.Contains(text[from+1:to-1], pyColon) {
		return
	}
	l.record(Failed, Summary, 0, from+1, to-1, 0, 1)
}

// finish reads `12 passed, 1 failed, 2 expected to fail, in 3.30 seconds`.
func (s *sympy) finish(l *line, text []byte, at Span) {
	counts, _, whole := cutLast(text, []byte("in "))
	if !whole {
		if len(s.total) == 0 && len(text) < 1024 {
			s.total, s.at = append(s.total[:0], text...), at
			s.total = append(s.total, ' ')
			return
		}
		s.total = s.total[:0]
		return
	}
	s.total = s.total[:0]
	t := Tally{At: at}
	for part := range bytes.SplitSeq(counts, []byte(",")) {
		count, what, _ := bytes.Cut(bytes.TrimSpace(part), []byte(" "))
		if n, _, ok := number(count); ok {
			t.By[sympyCount(string(what))] += n
		}
	}
	t.By[0] = 0
	t.NoTests = t.Ran() == 0
	l.log.Total = &t
	l.log.add(&t)
	l.event(Finished)
}

// sympyCount maps what is counted to a status, 0 for what is none.
func sympyCount(what string) Status {
	switch what {
	case "passed":
		return Passed
	case "failed":
		return Failed
	case "skipped":
		return Skipped
	case "expected to fail":
		return XFail
	case "expected to fail but passed":
		return XPass
	case "exceptions":
		return Error
	}
	return 0
}

func sympySign(text []byte) bool {
	return text[0] == '=' && bytes.Contains(text, sympySession) || string(text) == "DO *NOT* COMMIT!"
}
