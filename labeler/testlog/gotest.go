package testlog

import "bytes"

// GoTest reads `go test`, verbose or not.
func GoTest() Parser {
	return Parser{Name: "gotest", Version: "1", Verified: true, start: func(l *Log) machine { return &goTest{log: l} }}
}

// goTest reads what the testing package prints. The package comes last, after
// its tests, so that they get their scope when it is met.
type goTest struct {
	log     *Log
	first   int                 // the first record of the package that is being run
	ran     map[uint64]struct{} // hashes of the names that it said to run
	failed  failures            // of the package
	hung    int                 // lines since it ran out of time, 0 if it did not
	running [2]int64            // the place of the words `running tests:`
}

var (
	goWords = []word{{[]byte("PASS"), Passed}, {[]byte("FAIL"), Failed}, {[]byte("SKIP"), Skipped}}
	goRun   = []byte("=== RUN ")
	dashes  = []byte("--- ")
)

func (g *goTest) line(l *line) {
	if len(l.text) == 0 {
		return
	}
	switch l.text[0] {
	case 'o', 'F', '?':
		if l.plain(); g.ended(l) {
			return
		}
	case '=':
		if l.plain(); g.run(l) {
			return
		}
	case 'p':
		if l.plain(); has(l.text, "panic: test timed out after ") {
			g.hung = 1
			l.event(Interrupted)
			return
		}
	case '\t':
		if g.hung > 0 {
			l.plain()
			g.cut(l)
			return
		}
	}
	g.hung = 0
	if bytes.Contains(l.raw, goRun) { // glued to what a test printed
		l.plain()
		g.run(l)
	} else if bytes.Contains(l.raw, dashes) {
		l.plain()
		g.outcome(l)
	}
}

// run notes the test of `=== RUN   TestA/b`.
func (g *goTest) run(l *line) bool {
	i := bytes.LastIndex(l.text, goRun)
	if i < 0 {
		return has(l.text, "=== ")
	}
	rest := l.text[i+len(goRun):]
	if g.ran == nil {
		g.ran = map[uint64]struct{}{}
	}
	if len(g.ran) < l.limits.Records {
		g.ran[hash(bytes.TrimSpace(rest))] = struct{}{}
	}
	return true
}

// outcome reads `--- PASS: TestA/b (0.00s)`. Tests that print no line end before
// they are done have their outcome glued to what they printed; it counts if the
// log says that such a test was run. An outcome of a test that was never run,
// where the log lists those that are, was printed by a test.
func (g *goTest) outcome(l *line) {
	i := indent(l.text)
	glued := !bytes.HasPrefix(l.text[i:], dashes)
	if glued {
		i = bytes.LastIndex(l.text, dashes)
	}
	s0 := i + len(dashes)
	w, ok := starts(l.text[s0:], goWords)
	s1 := s0 + len(w.text)
	if !ok || s1+2 > len(l.text) || l.text[s1] != ':' || l.text[s1+1] != ' ' {
		return
	}
	n0, n1 := field(l.text, s1+2)
	if n0 != s1+2 || n0 == n1 || timed(l.text[n1:], " (", "s)") != 0 {
		return
	}
	part := Progress
	if _, ran := g.ran[hash(l.text[n0:n1])]; !ran && (glued || g.ran != nil) {
		if glued {
			return
		}
		part = Output
	}
	part = g.failed.part(l, 0, l.text[n0:n1], w.status, part)
	l.record(w.status, part, 0, n0, n1, s0, s1)
}

// cut reads what follows `panic: test timed out after 1s`: the tests that were
// running then.
func (g *goTest) cut(l *line) {
	if at := bytes.Index(l.text, runningTests); g.hung == 1 && at == 1 {
		g.hung = 2
		span := l.span(at, at+len(runningTests))
		g.running = [2]int64{span.Start, span.End}
		return
	}
	rest, ok := after(l.text, "\t\t")
	n0, n1 := field(l.text, 2)
	if g.hung < 2 || !ok || n0 == n1 || !bytes.HasPrefix(rest[n1-2:], []byte(" (")) {
		g.hung = 0
		return
	}
	c := l.cut(n0, n1)
	l.add(Record{Name: c.text, NameAt: c.at, Status: Failed, StatusAt: Span{g.running[0], g.running[1]}})
}

var runningTests = []byte("running tests:")

// ended reads the line that closes a package: `ok  \tpath\t0.1s`,
// `FAIL\tpath [build failed]`, `?   \tpath\t[no test files]`.
func (g *goTest) ended(l *line) bool {
	w, ok := starts(l.text, goPackages)
	n := len(w.text)
	if !ok || n == len(l.text) || l.text[n] != ' ' && l.text[n] != '\t' {
		return false
	}
	n0, n1 := field(l.text, n)
	rest := bytes.TrimLeft(l.text[n1:], " \t")
	broken := has(rest, "[build failed]") || has(rest, "[setup failed]")
	if len(rest) == 0 || n0 == n1 || !(broken || took(rest) || has(rest, "(cached)") || has(rest, "[no test")) {
		return false
	}
	id := l.scope(l.cut(n0, n1), Plain)
	if broken {
		l.event(BuildError)
	}
	if w.status > 0 {
		l.judge(id, w.status, 0, n)
		l.event(Finished)
	}
	// After a start marker the list may have become shorter.
	for i := min(g.first, len(g.log.Records)); i < len(g.log.Records); i++ {
		g.log.Records[i].Scope = id
	}
	g.first, g.ran, g.failed = len(g.log.Records), nil, nil
	return true
}

var goPackages = []word{{[]byte("ok"), Passed}, {[]byte("FAIL"), Failed}, {[]byte("?"), 0}}

// took knows `0.005s`.
func took(b []byte) bool {
	n := digits(b)
	if n == 0 || n+1 >= len(b) || b[n] != '.' {
		return false
	}
	d := digits(b[n+1:])
	return d > 0 && n+1+d < len(b) && b[n+1+d] == 's'
}

func (g *goTest) end() {}
