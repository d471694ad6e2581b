package testlog

import "bytes"

// Jest reads jest: every test under --verbose, else the failures.
func Jest() Parser {
	return Parser{Name: "jest", Version: "1", Verified: true, start: func(l *Log) machine { return &jest{} }}
}

// jest reads what stands under the line of a file. The outline of its tests
// follows at once and ends with an empty line; what tests print comes before it.
type jest struct {
	file    int32   // the scope
	fileAt  cutting // its name
	listing bool    // inside the outline
	listed  bool    // the file has one
	outline outline
}

var (
	jestFiles = []word{{[]byte("PASS"), Passed}, {[]byte("FAIL"), Failed}}
	jestWords = []word{
		{[]byte("○ skipped"), Skipped}, {[]byte("✎ todo"), Skipped},
		{[]byte("✓"), Passed}, {[]byte("✕"), Failed}, {[]byte("√"), Passed}, {[]byte("×"), Failed},
	}
	jestBullet = []byte("●")
	jestBroken = []byte("Test suite failed to run")
)

// jestExit follows the bullet when a test has ended the process, and all with it.
const jestExit = "  process.exit called with "

func (j *jest) line(l *line) {
	text := l.shown()
	at := indent(text)
	if at == len(text) {
		j.listing = false
		return
	}
	if l.blank {
		j.listing = false
	}
	switch c := text[at]; {
	case at <= 1 && (c == 'P' || c == 'F') && j.open(l, text, at):
	case at == 0 && c == 'T' && j.total(l, text):
	case at == 2 && bytes.HasPrefix(text[at:], jestBullet):
		j.bullet(l, text)
	case j.listing && at >= 2:
		j.listed = true
		j.test(l, text, at)
	default:
		j.listing = false
	}
}

// open reads `PASS src/a.test.js (5.1 s)`.
func (j *jest) open(l *line, text []byte, at int) bool {
	w, ok := starts(text[at:], jestFiles)
	n := at + len(w.text)
	if !ok || n == len(text) || text[n] != ' ' {
		return false
	}
	end := timed(text, " (", " s)", " ms)", "s)")
	n0 := bytes.LastIndexByte(text[:end], ' ') + 1
	if n0 <= n || n0 == end || bytes.IndexByte(text[n0:end], '.') < 0 {
		return false
	}
	j.fileAt = l.cut(n0, end)
	j.file = l.scope(j.fileAt, Plain)
	l.judge(j.file, w.status, at, n)
	j.listing, j.listed = true, false
	j.outline.clear()
	return true
}

// test reads a line of the outline.
func (j *jest) test(l *line, text []byte, at int) {
	w, ok := starts(text[at:], jestWords)
	s1 := at + len(w.text)
	if !ok {
		j.outline.open(at, l.cut(at, len(text)))
		return
	}
	n0 := s1 + 1
	if n0 >= len(text) || text[s1] != ' ' {
		return
	}
	n1 := n0 + timed(text[n0:], " (", " ms)", " s)", "ms)", "s)")
	if n1 <= n0 {
		return
	}
	r := l.compose(w.status, Progress, " > ", j.outline.under(at), l.cut(n0, n1), l.span(at, s1))
	r.Scope = j.file
	l.add(r)
}

// bullet reads the heading of a failure: that of a file that could not be run,
// or of a test, which is only news where there is no outline.
func (j *jest) bullet(l *line, text []byte) {
	j.listing = false
	s1 := 2 + len(jestBullet)
	n0 := s1 + 1
	switch {
	case has(text[s1:], jestExit):
		l.event(Interrupted)
	case j.file == 0 || n0 >= len(text) || text[s1] != ' ':
	case bytes.Equal(text[n0:], jestBroken):
		l.add(Record{Name: j.fileAt.text, NameAt: j.fileAt.at, Status: Error, StatusAt: l.span(n0, len(text)), Scope: j.file})
	case !j.listed && string(text[n0:]) != "Console" && j.failed(l):
		c := l.cut(n0, len(text))
		l.add(Record{Name: c.text, NameAt: c.at, Status: Failed, Part: Summary, StatusAt: l.span(2, s1), Scope: j.file})
	}
}

func (j *jest) failed(l *line) bool { return l.log.Scopes[j.file-1].Status == Failed }

// total reads `Tests:       2 failed, 1 skipped, 10 passed, 13 total`.
func (j *jest) total(l *line, text []byte) bool {
	rest, ok := after(text, "Tests: ")
	if !ok || !bytes.HasSuffix(rest, []byte(" total")) {
		return false
	}
	var t Tally
	t.add(rest, ", ", plainCounts)
	l.tally(t)
	l.event(Finished)
	j.file, j.listing = 0, false
	return true
}

func (j *jest) end() {}
