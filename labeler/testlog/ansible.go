package testlog

import "bytes"

// Ansible reads ansible-test: unit tests, which are pytest's, and integration
// targets.
func Ansible() Parser {
	return Parser{Name: "ansible", Version: "1", Verified: true, start: func(l *Log) machine {
		return &ansible{log: l, inner: newPytest(l)}
	}}
}

// ansible holds the target that is being run. A role has passed when the recaps
// of its plays count no failure and the command did not fail; of a script that
// passed, the log says nothing.
type ansible struct {
	log    *Log
	inner  *pytest
	l      *line
	target cutting // the one that is being run
	status Status  // as far as it is known
	at     Span
	recap  bool // in the lines after PLAY RECAP
	listed bool // in the list of targets that failed
	fatal  Span // of its word
}

var (
	ansibleFaults = []word{{[]byte("ERROR"), Failed}, {[]byte("FATAL"), Failed}}
	ansibleFailed = []byte(" failed=")
	ansibleBelow  = []byte(" integration test(s) listed below (out of ")
)

func (a *ansible) line(l *line) {
	a.l = l
	if len(l.text) == 0 {
		return
	}
	text := l.shown()
	if !has(text, "ERROR: Command ") { // pytest takes that for a complaint
		a.inner.line(l)
	}
	if len(text) == 0 || text[0] == ' ' {
		return
	}
	if a.listed {
		a.list(l, text)
		return
	}
	switch {
	case has(text, "Running "):
		a.open(l, text)
	case has(text, "PLAY RECAP *"):
		a.recap = true
	case has(text, "FATAL: The ") && bytes.Contains(text, ansibleBelow):
		a.total(l, text)
	case has(text, "ERROR: Command "), has(text, "FATAL: Command "):
		a.set(Failed, l.span(0, len("ERROR")))
	case a.recap:
		a.host(l, text)
	}
}

// open reads `Running ping integration test role`.
func (a *ansible) open(l *line, text []byte) {
	const n0 = len("Running ")
	name, ok := bytes.CutSuffix(text[n0:], []byte(" integration test role"))
	if !ok {
		name, ok = bytes.CutSuffix(text[n0:], []byte(" integration test script"))
	}
	if !ok || len(name) == 0 || bytes.IndexByte(name, ' ') >= 0 {
		return
	}
	a.close()
	a.target = l.cut(n0, n0+len(name))
	l.event(Started)
}

// host reads `testhost : ok=1 changed=0 unreachable=0 failed=1 skipped=0`.
func (a *ansible) host(l *line, text []byte) {
	i := bytes.LastIndex(text, ansibleFailed)
	if i < 0 || !bytes.Contains(text, []byte(" : ok=")) {
		a.recap = false
		return
	}
	n, rest, ok := number(text[i+len(ansibleFailed):])
	if !ok {
		return
	}
	st := Passed
	if n > 0 || !bytes.Contains(text, []byte(" unreachable=0")) {
		st = Failed
	}
	a.set(st, l.span(i+1, len(text)-len(rest)))
}

// set notes a status. A failure stays.
func (a *ansible) set(st Status, at Span) {
	if a.status != Failed {
		a.status, a.at = st, at
	}
}

func (a *ansible) close() {
	if a.target.text != "" && a.status != 0 {
		a.l.add(Record{Name: a.target.text, NameAt: a.target.at, Status: a.status, StatusAt: a.at})
	}
	a.target, a.status, a.recap = cutting{}, 0, false
}

// total reads `FATAL: The 1 integration test(s) listed below (out of 5) failed.`,
// which a list follows.
func (a *ansible) total(l *line, text []byte) {
	a.close()
	failed, rest, ok := number(text[len("FATAL: The "):])
	rest, below := bytes.CutPrefix(rest, ansibleBelow)
	all, _, is := number(rest)
	if !ok || !below || !is {
		return
	}
	var t Tally
	t.By[Failed], t.By[Passed] = failed, max(0, all-failed)
	l.tally(t)
	l.event(Finished)
	a.listed, a.fatal = true, l.span(0, len("FATAL"))
}

// list reads the name of a target that failed.
func (a *ansible) list(l *line, text []byte) {
	if bytes.IndexByte(text, ' ') >= 0 {
		a.listed = false
		return
	}
	c := l.cut(0, len(text))
	l.add(Record{Name: c.text, NameAt: c.at, Status: Failed, StatusAt: a.fatal, Part: Summary})
}

func (a *ansible) end() {
	if a.l != nil {
		a.close()
	}
	a.inner.end()
}
