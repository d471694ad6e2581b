package testlog

import "bytes"

// Maven reads what Surefire prints in a build by Maven: one line for a class,
// and one for each of its tests that did not pass, or for all of them under
// -Dsurefire.reportFormat=plain.
func Maven() Parser {
	return Parser{Name: "maven", Version: "1", Verified: true, start: func(*Log) machine { return &maven{} }}
}

// maven knows lines by what follows the level that Maven sets before them. What
// tests print has none, unless the whole log has none.
type maven struct {
	module  int32
	leveled bool    // `T E S T S` had a level before it
	running cutting // the class that is being run, as far as the log says
	class   cutting // of the last line about a class
	results bool    // in the list at the end, where totals stand
	crashed Span    // of the words before a list of classes that killed the JVM
	asked   cutting // the value of -Dtest in the trace of a shell
	ran     bool    // tests were run since
}

var (
	mavenLevels  = []word{{[]byte("[INFO] "), 0}, {[]byte("[ERROR] "), 0}, {[]byte("[WARNING] "), 0}, {[]byte("[WARN] "), 0}}
	mavenMarks   = []word{{[]byte("<<< FAILURE!"), Failed}, {[]byte("<<< ERROR!"), Error}}
	mavenBuilds  = []word{{[]byte("BUILD SUCCESS"), Passed}, {[]byte("BUILD FAILURE"), Failed}}
	mavenElapsed = []byte("Time elapsed")
	mavenCrashed = []byte("Crashed tests:")
	mavenSkipped = []byte(" skipped")
	mavenGoal    = []byte("surefire")
)

func (m *maven) line(l *line) {
	if len(l.text) == 0 || l.text[0] == '\t' || l.text[0] == ' ' && l.clean {
		return
	}
	text := l.shown()
	level, leveled := starts(text, mavenLevels)
	at := len(level.text)
	if leveled = leveled && at < len(text); !leveled {
		at = 0
	}
	rest := text[at:]
	if len(rest) == 0 {
		return
	}
	if m.crashed != (Span{}) && m.killed(l, text, at) {
		return
	}
	switch c := rest[0]; {
	case c == '+' && !leveled:
		m.trace(l, text)
	case c == 'T' && bytes.HasPrefix(rest, []byte("Tests run: ")):
		m.counts(l, text, at, leveled)
	case c == ' ' && string(rest) == " T E S T S":
		m.leveled, m.results, m.class, m.running = leveled, false, cutting{}, cutting{}
		l.event(Started)
	case m.leveled && !leveled: // what a test printed, or the trace of its failure
	case c == 'R' && has(rest, "Running "):
		n0 := at + len("Running ")
		if m.results = false; n0 < len(text) {
			m.running = l.cut(n0, len(text))
		}
	case c == 'R' && (string(rest) == "Results:" || string(rest) == "Results :"):
		m.results = true
	case c == '-' && has(rest, "--- ") && bytes.Contains(rest, mavenGoal):
		m.open(l, text)
	case c == 'B' && m.built(l, text, at), m.said(l, rest):
	default:
		m.test(l, text, at)
	}
}

// open reads `--- surefire:3.2.5:test (default-test) @ app ---`.
func (m *maven) open(l *line, text []byte) {
	i := bytes.LastIndex(text, []byte(" @ "))
	if i < 0 {
		return
	}
	n0, n1 := field(text, i+3)
	if n1 > n0 {
		m.module = l.scope(l.cut(n0, n1), Plain)
	}
}

// counts reads `Tests run: 3, Failures: 1, Errors: 0, Skipped: 0`: of a class
// where the time follows, else of the module.
func (m *maven) counts(l *line, text []byte, at int, leveled bool) {
	var n [4]int64
	rest := text[at:]
	for i, name := range []string{"Tests run: ", ", Failures: ", ", Errors: ", ", Skipped: "} {
		var ok, is bool
		if rest, is = after(rest, name); !is {
			return
		}
		if n[i], rest, ok = number(rest); !ok {
			return
		}
	}
	end := len(text) - len(rest)
	if !has(rest, ", Time elapsed: ") {
		if m.results && (leveled || !m.leveled) {
			m.total(l, n)
		}
		return
	}
	if m.leveled && !leveled {
		return
	}
	if m.class = m.running; bytes.Contains(rest, []byte("- in ")) {
		n0 := bytes.LastIndex(text, []byte("- in ")) + len("- in ")
		if n0 == len(text) {
			return
		}
		m.class = l.cut(n0, len(text))
	}
	if m.class.text == "" || n[0] == 0 {
		return
	}
	m.ran = true
	l.add(Record{Name: m.class.text, NameAt: m.class.at, Status: mavenStatus(n), StatusAt: l.span(at, end), Scope: m.module})
}

func mavenStatus(n [4]int64) Status {
	switch {
	case n[1] > 0:
		return Failed
	case n[2] > 0:
		return Error
	case n[3] >= n[0]:
		return Skipped
	}
	return Passed
}

func (m *maven) total(l *line, n [4]int64) {
	var t Tally
	t.By[Failed], t.By[Error], t.By[Skipped] = n[1], n[2], n[3]
	t.By[Passed] = max(0, n[0]-n[1]-n[2]-n[3])
	t.NoTests = n[0] == 0
	l.tally(t)
	m.results, m.class = false, cutting{}
}

// test reads a line about one test: `com.example.CartTest.adds -- Time elapsed: 0.1 s <<< FAILURE!`,
// and as older releases write it `adds(com.example.CartTest)  Time elapsed: 0.1 sec  <<< FAILURE!`
// or `adds  Time elapsed: ...` under the line of its class. No mark means that
// it passed.
func (m *maven) test(l *line, text []byte, at int) {
	if m.results {
		return
	}
	i := bytes.Index(text[at:], mavenElapsed)
	if i < 0 {
		m.skipped(l, text, at)
		return
	}
	s0 := at + i
	name := trimRight(bytes.TrimSuffix(trimRight(text[at:s0]), []byte(" --")))
	if len(name) == 0 || s0 < at+2 || text[s0-1] != ' ' || bytes.IndexByte(name, '\t') >= 0 {
		return
	}
	st, status := Passed, l.span(s0, s0+len(mavenElapsed))
	for _, w := range mavenMarks {
		if bytes.HasSuffix(text, w.text) {
			st, status = w.status, l.span(len(text)-len(w.text), len(text))
		}
	}
	m.method(l, st, at, at+len(name), status)
}

// method keeps the status of a test. A name without a class gets that of the
// line above.
func (m *maven) method(l *line, st Status, n0, n1 int, status Span) {
	name := l.text[n0:n1]
	var around []cutting
	if m.class.text != "" && bytes.IndexByte(name, '(') < 0 && bytes.IndexByte(name, '.') < 0 {
		around = []cutting{m.class}
	}
	r := l.compose(st, Progress, ".", around, l.cut(n0, n1), status)
	r.Scope, m.ran = m.module, true
	l.add(r)
}

// skipped reads `isSkipped skipped`. Where the class is named too, the line is
// passed over: some releases put the class there in place of the test.
func (m *maven) skipped(l *line, text []byte, at int) {
	name, ok := bytes.CutSuffix(text[at:], mavenSkipped)
	if !ok || len(name) == 0 || m.class.text == "" || bytes.ContainsAny(name, " .\t") {
		return
	}
	s0 := len(text) - len(mavenSkipped) + 1
	m.method(l, Skipped, at, at+len(name), l.span(s0, len(text)))
}

// killed reads a class of the list that follows `Crashed tests:`.
func (m *maven) killed(l *line, text []byte, at int) bool {
	n0, n1 := field(text, at)
	if at == 0 || n1 != len(text) || bytes.IndexByte(text[n0:], '.') < 0 {
		m.crashed = Span{}
		return false
	}
	c := l.cut(n0, n1)
	l.add(Record{Name: c.text, NameAt: c.at, Status: Error, StatusAt: m.crashed, Scope: m.module})
	return true
}

// said reads what the framework says of the run.
func (m *maven) said(l *line, rest []byte) bool {
	switch {
	case has(rest, "COMPILATION ERROR"):
		l.event(BuildError)
	case has(rest, "The forked VM terminated without "), has(rest, "There was a timeout "):
		l.event(Interrupted)
	case bytes.HasPrefix(rest, mavenCrashed):
		at := bytes.Index(l.text, mavenCrashed)
		m.crashed = l.span(at, at+len(mavenCrashed))
	case has(rest, "Failed to execute goal ") && bytes.Contains(rest, []byte(": Compilation failure")):
		l.event(BuildError)
	case has(rest, "Failed to execute goal ") && bytes.Contains(rest, mavenGoal):
		switch {
		case bytes.Contains(rest, []byte("No tests were executed")), bytes.Contains(rest, []byte("No tests matching pattern")):
			l.event(UsageError)
		case bytes.Contains(rest, []byte("There was a timeout ")):
			l.event(Interrupted)
		}
	default:
		return false
	}
	return true
}

// trace notes which test was asked for, from a shell that shows its commands.
func (m *maven) trace(l *line, text []byte) {
	const flag = "-Dtest="
	i := bytes.Index(text, []byte(flag))
	if m.asked = (cutting{}); i < 0 {
		return
	}
	n0 := i + len(flag)
	n1 := n0 + len(text[n0:])
	if n := bytes.IndexAny(text[n0:], ` '"`); n >= 0 {
		n1 = n0 + n
	}
	if n1 > n0 {
		m.asked, m.ran = l.cut(n0, n1), false
	}
}

// built reads the end of a build. It is the status of what the shell asked for.
func (m *maven) built(l *line, text []byte, at int) bool {
	w, ok := starts(text[at:], mavenBuilds)
	if !ok || at+len(w.text) != len(text) {
		return false
	}
	l.event(Finished)
	if m.asked.text != "" && (m.ran || w.status == Failed) {
		l.add(Record{Name: m.asked.text, NameAt: m.asked.at, Status: w.status, StatusAt: l.span(at, len(text))})
	}
	m.asked, m.module = cutting{}, 0
	return true
}

func (m *maven) end() {}
