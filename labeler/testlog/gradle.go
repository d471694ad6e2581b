package testlog

import "bytes"

// Gradle reads Gradle's own lines about tests: all of them where the build logs
// every event, else the failures.
func Gradle() Parser {
	return Parser{Name: "gradle", Version: "1", Verified: true, start: func(*Log) machine { return &gradle{} }}
}

// gradle takes a name as it is printed, class and all.
type gradle struct {
	task   int32
	failed failures
}

var (
	gradleWords   = []word{{[]byte("PASSED"), Passed}, {[]byte("FAILED"), Failed}, {[]byte("SKIPPED"), Skipped}}
	gradleArrow   = []byte(" > ")
	gradleCompile = []byte("compile")
)

func (g *gradle) line(l *line) {
	text := l.shown()
	if len(text) == 0 || text[0] == ' ' || text[0] == '\t' {
		return
	}
	switch {
	case has(text, "> Task :"):
		g.open(l, text, len("> Task "))
	case text[0] == ':' && bytes.IndexByte(text[:gradleWordAt(text)], ' ') < 0:
		g.open(l, text, 0)
	case has(text, "> Process 'Gradle Test Executor ") && bytes.Contains(text, []byte("' finished with non-zero exit value ")):
		l.event(Interrupted)
	case has(text, "> No tests found for given includes: "):
		l.event(UsageError)
	case has(text, "BUILD SUCCESSFUL"), has(text, "BUILD FAILED"):
		l.event(Finished)
	case g.test(l, text):
	default:
		g.total(l, text)
	}
}

// gradleWordAt returns where the last word of text begins.
func gradleWordAt(text []byte) int { return max(0, bytes.LastIndexByte(text, ' ')) }

// open reads `> Task :app:test FAILED`, of old releases `:app:test FAILED`.
func (g *gradle) open(l *line, text []byte, n0 int) {
	_, n1 := field(text, n0)
	w, ok := starts(bytes.TrimLeft(text[n1:], " "), gradleWords)
	failed := ok && w.status == Failed
	if bytes.Contains(text[n0:n1], gradleCompile) {
		if failed {
			l.event(BuildError)
		}
		return
	}
	g.task = l.scope(l.cut(n0, n1), Plain)
	if failed {
		s0 := bytes.LastIndex(text, gradleWords[1].text)
		l.judge(g.task, Failed, s0, s0+len(w.text))
	}
}

// test reads `com.example.CartTest > adds FAILED`.
func (g *gradle) test(l *line, text []byte) bool {
	n1 := gradleWordAt(text)
	w, ok := starts(text[n1:][min(1, len(text)-n1):], gradleWords)
	s0 := n1 + 1
	if !ok || s0+len(w.text) != len(text) {
		return false
	}
	name := trimRight(text[:n1])
	if i := bytes.Index(name, gradleArrow); i <= 0 || bytes.IndexByte(name[:i], ' ') >= 0 && !has(name, "Gradle Test ") {
		return false
	}
	part := g.failed.part(l, g.task, name, w.status, Progress)
	c := l.cut(0, len(name))
	l.add(Record{Name: c.text, NameAt: c.at, Status: w.status, Part: part, StatusAt: l.span(s0, len(text)), Scope: g.task})
	return true
}

// total reads `8 tests completed, 4 failed, 1 skipped`.
func (g *gradle) total(l *line, text []byte) {
	all, rest, ok := number(text)
	rest, done := after(rest, " tests completed")
	if !done {
		rest, done = after(rest, " test completed")
	}
	if !ok || !done {
		return
	}
	var t Tally
	t.add(rest, ",", plainCounts)
	t.rest(all)
	l.tally(t)
}

func (g *gradle) end() {}
