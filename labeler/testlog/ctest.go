package testlog

import "bytes"

// CTest reads ctest.
func CTest() Parser {
	return Parser{Name: "ctest", Version: "1", Verified: true, start: func(*Log) machine { return &ctest{} }}
}

type ctest struct{ failed failures }

// ctestWords follow three stars, but for Passed.
var ctestWords = []word{
	{[]byte("Failed"), Failed}, {[]byte("Timeout"), Failed}, {[]byte("Exception"), Failed},
	{[]byte("Skipped"), Skipped}, {[]byte("Not Run (Disabled)"), Skipped}, {[]byte("Not Run"), Error},
}

var (
	ctestPassed = []byte("   Passed ")
	ctestStars  = []byte("***")
	ctestDots   = []byte(" ...")
)

func (c *ctest) line(l *line) {
	if len(l.text) == 0 {
		return
	}
	if b := l.text[0]; b != ' ' && b != 'N' && b != 'T' && (b < '0' || b > '9') && l.clean {
		return
	}
	text := l.shown()
	switch {
	case has(text, "Test project "):
		l.event(Started)
	case has(text, "No tests were found!!!"):
		l.tally(Tally{NoTests: true})
	case bytes.Contains(text, []byte("% tests passed, ")):
		c.total(l, text)
	default:
		c.test(l, text)
	}
}

// test reads ` 2/10 Test  #2: fails ......***Failed    0.02 sec`.
func (c *ctest) test(l *line, text []byte) {
	n0, ok := ctestName(text)
	if !ok {
		return
	}
	for n1 := n0; ; n1++ {
		i := bytes.Index(text[n1:], ctestDots)
		if i < 0 {
			return
		}
		n1 += i
		if st, s0, s1 := ctestStatus(text, n1+1); st != 0 && n1 > n0 {
			l.record(st, c.failed.part(l, 0, l.text[n0:n1], st, Progress), 0, n0, n1, s0, s1)
			return
		}
	}
}

// ctestName returns where the name begins, after ` 2/10 Test  #2: `.
func ctestName(text []byte) (int, bool) {
	at := indent(text)
	n := digits(text[at:])
	if at += n; n == 0 || !has(text[at:], "/") {
		return 0, false
	}
	n = digits(text[at+1:])
	if at += 1 + n; n == 0 || !has(text[at:], " Test ") {
		return 0, false
	}
	at += len(" Test ")
	if at += indent(text[at:]); !has(text[at:], "#") {
		return 0, false
	}
	n = digits(text[at+1:])
	if at += 1 + n; n == 0 || !has(text[at:], ": ") {
		return 0, false
	}
	return at + 2, true
}

// ctestStatus reads the status that follows the dots at text[at:]. What a signal
// did stands before the stars, and why it failed may stand after the word.
func ctestStatus(text []byte, at int) (st Status, s0, s1 int) {
	s0 = at + len(text[at:]) - len(bytes.TrimLeft(text[at:], "."))
	if bytes.HasPrefix(text[s0:], ctestPassed) {
		return Passed, s0 + 3, s0 + len(ctestPassed) - 1
	}
	within := text[s0:min(len(text), s0+maxSignal)]
	if i := bytes.Index(within, ctestStars); i >= 0 {
		s0 += i + len(ctestStars)
		if w, ok := starts(text[s0:], ctestWords); ok && (i == 0 || string(w.text) == "Exception") {
			return w.status, s0, s0 + len(w.text)
		}
	}
	return 0, 0, 0
}

// maxSignal bounds `Subprocess aborted` and its like.
const maxSignal = 40

// total reads `44% tests passed, 5 tests failed out of 9`.
func (c *ctest) total(l *line, text []byte) {
	_, rest, _ := bytes.Cut(text, []byte("% tests passed, "))
	failed, rest, ok := number(rest)
	if !ok {
		return
	}
	_, rest, _ = bytes.Cut(rest, []byte(" failed out of "))
	all, _, ok := number(rest)
	if !ok {
		return
	}
	var t Tally
	t.By[Failed], t.By[Passed] = failed, max(0, all-failed)
	l.tally(t)
	l.event(Finished)
}

func (c *ctest) end() {}
