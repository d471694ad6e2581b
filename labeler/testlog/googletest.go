package testlog

import "bytes"

// GoogleTest reads the programs that GoogleTest makes.
func GoogleTest() Parser {
	return Parser{Name: "googletest", Version: "1", Verified: true, start: func(*Log) machine { return &googleTest{} }}
}

// googleTest knows lines by the bracket that each begins with.
type googleTest struct {
	part   Part
	ran    map[uint64]struct{} // hashes of the names that it said to run
	failed failures
}

var (
	googleWords  = []word{{[]byte("[       OK ]"), Passed}, {[]byte("[  FAILED  ]"), Failed}, {[]byte("[  SKIPPED ]"), Skipped}}
	googlePassed = []byte("[  PASSED  ]")
	googleRun    = []byte("[ RUN      ] ")
	googleRule   = []byte("[==========] ")
)

// bracketLen is the length of a bracket.
const bracketLen = len("[  PASSED  ]")

func (g *googleTest) line(l *line) {
	if bytes.IndexByte(l.raw, '[') < 0 {
		return
	}
	text := l.shown()
	switch {
	case bytes.Contains(text, googleRun): // it may be glued to what a set-up printed
		if g.ran == nil {
			g.ran = map[uint64]struct{}{}
		}
		if len(g.ran) < l.limits.Records {
			g.ran[hash(text[bytes.LastIndex(text, googleRun)+len(googleRun):])] = struct{}{}
		}
	case bytes.HasPrefix(text, googleRule):
		g.rule(l, text[len(googleRule):])
	case bytes.HasPrefix(text, googlePassed):
		g.total(l, Passed, text[bracketLen:])
	default:
		g.outcome(l, text)
	}
}

// rule reads `[==========] Running 8 tests from 4 test suites.` and `... ran.`
func (g *googleTest) rule(l *line, rest []byte) {
	if has(rest, "Running ") {
		g.part = Progress
		l.event(Started)
	} else if bytes.Contains(rest, []byte(" ran.")) {
		g.part = Summary
		l.event(Finished)
	}
}

// outcome reads `[       OK ] Cart.StartsEmpty (0 ms)`. It is glued to what a
// test printed without a line end; then it counts if the test is known to run.
func (g *googleTest) outcome(l *line, text []byte) {
	for _, w := range googleWords {
		s0 := bytes.LastIndex(text, w.text)
		if s0 < 0 {
			continue
		}
		n0, n1 := field(text, s0+bracketLen)
		if n0 != s0+bracketLen+1 || n0 == n1 {
			return
		}
		if d := digits(text[n0:n1]); s0 == 0 && d == n1-n0 {
			g.total(l, w.status, text[bracketLen:])
			return
		}
		g.test(l, w.status, s0, n0, n1)
		return
	}
}

func (g *googleTest) test(l *line, st Status, s0, n0, n1 int) {
	switch l.text[n1-1] {
	case ',': // `, where GetParam() = 2`
		n1--
	case ':': // `SetUp: SetUpTestSuite or TearDownTestSuite`
		if n1--; g.part != Summary || st != Failed {
			return
		}
		st = Error
	}
	name := l.text[n0:n1]
	if bytes.IndexByte(name, '.') <= 0 && st != Error {
		return
	}
	part := g.part
	if _, ran := g.ran[hash(name)]; !ran && st != Error && (s0 > 0 || g.ran != nil) {
		if s0 > 0 {
			return
		}
		part = Output
	}
	part = g.failed.part(l, 0, name, st, part)
	if len(name) > 0 {
		l.record(st, part, 0, n0, n1, s0, s0+bracketLen)
	}
}

// total reads ` 3 tests.` and ` 2 tests, listed below:`.
func (g *googleTest) total(l *line, st Status, rest []byte) {
	n, rest, ok := number(bytes.TrimLeft(rest, " "))
	if !ok || !has(rest, " test") {
		return
	}
	var t Tally
	t.By[st] = n
	l.tally(t)
}

func (g *googleTest) end() {}
