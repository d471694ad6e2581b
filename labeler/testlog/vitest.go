package testlog

import "bytes"

// Vitest reads vitest: every test under the verbose reporter, with the path that
// it prints, else what the default one lists.
func Vitest() Parser {
	return Parser{Name: "vitest", Version: "1", Verified: true, start: func(l *Log) machine { return &vitest{} }}
}

// vitest takes names as they are printed: from the file on where the line begins
// with it, else without it.
type vitest struct {
	file    int32 // of the lines that are set in under it
	output  bool  // inside what a test printed
	failing bool  // past the heading of failures
}

var vitestWords = []word{
	{[]byte("✓"), Passed}, {[]byte("✔"), Passed}, {[]byte("√"), Passed},
	{[]byte("×"), Failed}, {[]byte("✗"), Failed}, {[]byte("↓"), Skipped}, {[]byte("□"), Skipped},
}

var vitestCounts = append([]word{{[]byte("expected fail"), XFail}}, plainCounts...)

// vitestFiles are marks of files, of which some are those of tests too.
var vitestFiles = append([]word{{[]byte("❯"), Failed}}, vitestWords...)

func (v *vitest) line(l *line) {
	text := l.shown()
	if l.blank {
		v.output = false
	}
	if len(text) == 0 {
		return
	}
	at := indent(text)
	switch c := text[at]; {
	case has(text, "Vitest caught ") && bytes.Contains(text, []byte(" unhandled error")):
		l.event(InternalError)
	case has(text, "stdout | "), has(text, "stderr | "):
		v.output = true
	case v.output:
	case at == 1 && c == 'R' && has(text[1:], "RUN  v"):
		l.event(Started)
		v.failing = false
	case at == 1 && c == 'F' && has(text[1:], "FAIL  "):
		v.failing = true
		v.failure(l, text)
	case at > 1 && c == 'T' && has(text[at:], "Tests  "):
		v.total(l, text[at+len("Tests  "):])
	case v.failing:
	case at == 1 && v.open(l, text):
	case at > 0:
		v.test(l, text, at)
	}
}

// open reads ` ❯ src/a.test.js (11 tests | 2 failed) 442ms`.
func (v *vitest) open(l *line, text []byte) bool {
	w, ok := starts(text[1:], vitestFiles)
	s1 := 1 + len(w.text)
	n := bytes.LastIndex(text, []byte(" ("))
	if !ok || n <= s1 || text[s1] != ' ' {
		return false
	}
	if _, rest, ok := number(text[n+2:]); !ok || !has(rest, " test") && !has(rest, ")") {
		return false
	}
	v.file = l.scope(l.cut(s1+1, n), Plain)
	if w.status != Skipped {
		l.judge(v.file, w.status, 1, s1)
	}
	return true
}

// test reads ` ✓ src/a.test.js > Suite > title 2ms`, or the same without the
// file.
func (v *vitest) test(l *line, text []byte, at int) {
	w, ok := starts(text[at:], vitestWords)
	s1 := at + len(w.text)
	if !ok || s1+1 >= len(text) || text[s1] != ' ' {
		return
	}
	n0 := s1 + 1
	n1 := n0 + len(bytes.TrimSuffix(text[n0:], []byte(" [skipped]")))
	if w.status != Skipped {
		n1 = n0 + timed(text[n0:], " ", "ms", "s")
	}
	if n1 <= n0 {
		return
	}
	c := l.cut(n0, n1)
	r := Record{Name: c.text, NameAt: c.at, Status: w.status, StatusAt: l.span(at, s1)}
	if at > 1 {
		r.Scope = v.file
	}
	l.add(r)
}

// failure reads ` FAIL  src/a.test.js > Suite > title`, and, where the file
// itself failed, ` FAIL  src/a.test.js [ src/a.test.js ]`.
func (v *vitest) failure(l *line, text []byte) {
	const n0 = len(" FAIL  ")
	n1, st := len(text), Failed
	if i := bytes.Index(text, []byte(" [ ")); i > n0 && text[n1-1] == ']' && bytes.HasPrefix(text[i+3:], text[n0:i]) {
		n1, st = i, Error
	}
	if n1 <= n0 {
		return
	}
	c := l.cut(n0, n1)
	l.add(Record{Name: c.text, NameAt: c.at, Status: st, Part: Summary, StatusAt: l.span(1, 1+len("FAIL"))})
}

// total reads `2 failed | 9 passed | 1 skipped | 1 todo (13)`.
func (v *vitest) total(l *line, text []byte) {
	if i := bytes.LastIndex(text, []byte(" (")); i >= 0 {
		text = text[:i]
	}
	var t Tally
	t.add(text, " | ", vitestCounts)
	l.tally(t)
	l.event(Finished)
}

func (v *vitest) end() {}
