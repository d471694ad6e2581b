package testlog

import "bytes"

// Karma reads the reporters mocha and spec of karma, and the failures of its
// reporters progress and dots.
func Karma() Parser {
	return Parser{Name: "karma", Version: "1", Verified: true, start: func(l *Log) machine { return &karma{} }}
}

// karma follows an outline that begins once a browser is connected and ends with
// the totals.
type karma struct {
	running bool
	totals  bool // in the totals of the reporter mocha
	browser []byte
	outline outline
}

var karmaWords = []word{
	{[]byte("✔"), Passed}, {[]byte("✓"), Passed}, {[]byte("√"), Passed},
	{[]byte("✖"), Failed}, {[]byte("✗"), Failed}, {[]byte("×"), Failed}, {[]byte("-"), Skipped}, {[]byte("ℹ"), Skipped},
}

var (
	karmaConnected = []byte("]: Connected on socket ")
	karmaExecuted  = []byte(": Executed ")
)

func (k *karma) line(l *line) {
	text := l.shown()
	at := indent(text)
	if at == len(text) {
		return
	}
	if i := bytes.Index(text, karmaConnected); i > 0 {
		k.browser = append(k.browser[:0], text[bytes.LastIndexByte(text[:i], '[')+1:i]...)
		k.running = true
		k.outline.clear()
		l.event(Started)
		return
	}
	if k.totals {
		k.total(l, text)
	}
	if !k.running {
		return
	}
	switch {
	case has(text, "SUMMARY:"), has(text, "TOTAL: "):
		k.totals = has(text, "SUMMARY:")
		k.running = false
		l.event(Finished)
	case len(k.browser) > 0 && bytes.HasPrefix(text, k.browser):
		k.report(l, text)
	case at >= 2 && at%2 == 0:
		k.test(l, text, at)
	}
}

// test reads a line of the outline.
func (k *karma) test(l *line, text []byte, at int) {
	around := k.outline.under(at)
	if n := len(around); at > 2 && (n == 0 || k.outline.indents[n-1] != at-2) {
		return
	}
	w, ok := starts(text[at:], karmaWords)
	s1 := at + len(w.text)
	if !ok {
		k.outline.open(at, l.cut(at, len(text)))
		return
	}
	n0, n1 := s1+1, len(text)
	if n0 >= n1 || text[s1] != ' ' {
		return
	}
	st, status := w.status, l.span(at, s1)
	if skipped := []byte(" (skipped)"); bytes.HasSuffix(text, skipped) {
		st, n1 = Skipped, n1-len(skipped)
		status = l.span(n1+1, len(text))
	} else {
		n1 = n0 + timed(text[n0:n1], " (", "ms)", "s)")
	}
	if n1 > n0 {
		l.add(l.compose(st, Progress, " > ", around, l.cut(n0, n1), status))
	}
}

// report reads what is said of the browser: how many tests it has run, and, by
// some reporters, which failed.
func (k *karma) report(l *line, text []byte) {
	rest := text[len(k.browser):]
	if string(rest) == " ERROR" { // it is gone, and what it had not run with it
		l.event(Interrupted)
		return
	}
	if counts, ok := bytes.CutPrefix(rest, karmaExecuted); ok {
		k.executed(l, counts)
		return
	}
	failed := []byte(" FAILED")
	n0, n1 := len(k.browser)+1, len(text)-len(failed)
	if !bytes.HasSuffix(rest, failed) || n1 <= n0 || rest[0] != ' ' {
		return
	}
	c := l.cut(n0, n1)
	l.add(Record{Name: c.text, NameAt: c.at, Status: Failed, StatusAt: l.span(n1+1, len(text))})
}

// executed reads `6 of 7 (2 FAILED) (skipped 1) (0.2 secs / 0.2 secs)`. The
// progress of a run is shown again and again; the last line stands.
func (k *karma) executed(l *line, text []byte) {
	done, rest, ok := number(text)
	rest, of := after(rest, " of ")
	if !ok || !of {
		return
	}
	t := Tally{At: l.all()}
	for part := range bytes.SplitSeq(rest, []byte(" (")) {
		n, what, _ := number(part)
		if string(what) == " FAILED)" {
			t.By[Failed] = n
		} else if skipped, ok := after(part, "skipped "); ok {
			t.By[Skipped], _, _ = number(skipped)
		}
	}
	t.By[Passed] = max(0, done-t.By[Failed])
	l.log.Total = &t
}

// total reads `✔ 4 tests completed`, `ℹ 1 test skipped` and `✖ 2 tests failed`.
func (k *karma) total(l *line, text []byte) {
	w, ok := starts(text, karmaWords)
	if !ok {
		k.totals = false
		return
	}
	var t Tally
	t.By[w.status], _, _ = number(bytes.TrimLeft(text[len(w.text):], " "))
	l.tally(t)
}

func (k *karma) end() {}
