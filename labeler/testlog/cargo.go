package testlog

import "bytes"

// Cargo reads `cargo test`: what libtest prints for each program and for the
// tests in documentation.
func Cargo() Parser {
	return Parser{Name: "cargo", Version: "1", Verified: true, start: func(l *Log) machine { return &cargo{} }}
}

// cargo reads one program after the other. The line of a test is begun before it
// runs and ended after, so that what it prints may stand in between.
type cargo struct {
	scope  int32
	part   Part
	open   cutting // the test whose status is to come, if it is known which
	failed failures
}

var (
	cargoWords  = []word{{[]byte("ok"), Passed}, {[]byte("FAILED"), Failed}, {[]byte("failed"), Failed}, {[]byte("ignored"), Skipped}}
	cargoCounts = []word{{[]byte("passed"), Passed}, {[]byte("failed"), Failed}, {[]byte("ignored"), Skipped}}
	cargoDots   = []byte(" ... ")
	cargoModes  = [][]byte{[]byte(" - should panic"), []byte(" - compile fail"), []byte(" - compile")}
)

func (c *cargo) line(l *line) {
	text := l.shown()
	if len(text) == 0 {
		return
	}
	switch text[0] {
	case 't':
		if c.test(l, text) || c.total(l, text) {
			return
		}
	case ' ':
		if c.program(l, text) {
			return
		}
	case 'r':
		if has(text, "running ") && (bytes.HasSuffix(text, []byte(" tests")) || bytes.HasSuffix(text, []byte(" test"))) {
			c.part, c.open = Progress, cutting{}
			l.event(Started)
			return
		}
	case 'f', 's':
		if string(text) == "failures:" || string(text) == "successes:" {
			c.part, c.open = Output, cutting{}
			return
		}
	case 'e':
		if c.fault(l, text) {
			return
		}
	}
	c.close(l, text)
}

// test reads `test tests::adds ... ok`, or as much of it as there is.
func (c *cargo) test(l *line, text []byte) bool {
	const n0 = len("test ")
	i := bytes.Index(text, cargoDots)
	s0 := i + len(cargoDots)
	if i < 0 && bytes.HasSuffix(text, cargoDots[:len(cargoDots)-1]) { // a line end follows, blanks are cut
		i, s0 = len(text)-len(cargoDots)+1, len(text)
	}
	if !has(text, "test ") || i <= n0 {
		return false
	}
	n1 := i
	for _, mode := range cargoModes {
		n1 = min(n1, n0+len(bytes.TrimSuffix(text[n0:i], mode)))
	}
	if n1 == n0 || bytes.IndexByte(text[n0:n1], ' ') >= 0 && !bytes.Contains(text[n0:n1], []byte(" (line ")) {
		return false
	}
	name := l.cut(n0, n1)
	if c.open = (cutting{}); !c.status(l, text, s0, name) && c.part != Output {
		c.open = name
	}
	return true
}

// status reads the word at text[s0:] that ends the line of a test.
func (c *cargo) status(l *line, text []byte, s0 int, name cutting) bool {
	w, ok := starts(text[s0:], cargoWords)
	s1 := s0 + len(w.text)
	if !ok || s1 < len(text) && text[s1] != ',' && !has(text[s1:], " <") && !has(text[s1:], " (") {
		return false
	}
	part := c.failed.part(l, c.scope, []byte(name.text), w.status, c.part)
	l.add(Record{Name: name.text, NameAt: name.at, Status: w.status, StatusAt: l.span(s0, s1), Part: part, Scope: c.scope})
	return true
}

// close ends the open test where a line is nothing but a status.
func (c *cargo) close(l *line, text []byte) {
	if c.open.text != "" && c.status(l, text, 0, c.open) {
		c.open = cutting{}
	}
}

// program reads `     Running unittests src/lib.rs (target/debug/deps/shop-5079)`
// and `   Doc-tests shop`.
func (c *cargo) program(l *line, text []byte) bool {
	at := indent(text)
	if at == 2 && has(text, "  process didn't exit successfully: ") && bytes.Contains(text, []byte(" (signal: ")) {
		l.event(Interrupted)
		return true
	}
	if at < 3 || !has(text[at:], "Running ") && !has(text[at:], "Doc-tests ") {
		return false
	}
	n1 := len(text)
	if i := bytes.LastIndex(text, []byte(" (")); i > at {
		n1 = i
	}
	n0 := at
	if has(text[at:], "Running ") {
		n0 += len("Running ")
	}
	if n0 >= n1 {
		return false
	}
	c.scope, c.part, c.open = l.scope(l.cut(n0, n1), Plain), Progress, cutting{}
	return true
}

// fault reads what cargo says of a program that could not be built or did not
// come to its end.
func (c *cargo) fault(l *line, text []byte) bool {
	if !has(text, "error") {
		return false
	}
	c.open = cutting{}
	if has(text, "error: could not compile ") {
		l.event(BuildError)
	}
	return true
}

// total reads `test result: ok. 3 passed; 2 failed; 1 ignored; ...`.
func (c *cargo) total(l *line, text []byte) bool {
	rest, ok := after(text, "test result: ")
	w, known := starts(rest, cargoWords)
	if !ok || !known || !has(rest[len(w.text):], ". ") {
		return false
	}
	var t Tally
	t.add(rest[len(w.text)+2:], ";", cargoCounts)
	l.tally(t)
	l.event(Finished)
	const s0 = len("test result: ")
	l.judge(c.scope, w.status, s0, s0+len(w.text))
	c.part = Progress
	return true
}

func (c *cargo) end() {}
