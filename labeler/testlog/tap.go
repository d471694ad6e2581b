package testlog

import "bytes"

// TAP reads the Test Anything Protocol, versions 12 to 14, from a test or under
// `prove -v`.
func TAP() Parser {
	return Parser{Name: "tap", Version: "1", Verified: true, start: func(*Log) machine { return &tap{} }}
}

// tap follows subtests by their indentation: a comment names one before its
// tests, or its own line opens a brace that holds them. A test without a
// description has no name, and no record.
type tap struct {
	file    int32
	outline outline
	yaml    int // the indentation of an open diagnostic block, -1 without one
	open    bool
}

// tapWords: not ok comes first, so that it is not taken for something else.
var tapWords = []word{
	{[]byte("not ok"), Failed}, {[]byte("ok"), Passed},
	{[]byte("not ok"), XFail}, {[]byte("ok"), XPass}, {[]byte("ok"), Skipped}, {[]byte("not ok"), Skipped},
}

var tapSubtest = []byte("# Subtest: ")

func (t *tap) line(l *line) {
	text := l.shown()
	at := indent(text)
	if at == len(text) || t.diagnostic(text, at) {
		return
	}
	rest := text[at:]
	switch {
	case rest[0] == 'o' || rest[0] == 'n':
		t.test(l, text, at)
	case rest[0] == '}' && len(rest) == 1:
		t.outline.under(at)
	case bytes.HasPrefix(rest, tapSubtest) && len(rest) > len(tapSubtest):
		t.outline.open(at, l.cut(at+len(tapSubtest), len(text)))
	case at == 0:
		t.said(l, text)
	}
}

// diagnostic tells whether a line is in a block of YAML, from `---` to `...`.
func (t *tap) diagnostic(text []byte, at int) bool {
	if t.open {
		t.open = !(at == t.yaml && string(text[at:]) == "...")
		return true
	}
	if t.open = at >= 2 && string(text[at:]) == "---"; t.open {
		t.yaml = at
	}
	return t.open
}

// test reads `not ok 2 - description # TODO why`.
func (t *tap) test(l *line, text []byte, at int) {
	w, ok := starts(text[at:], tapWords)
	s1 := at + len(w.text)
	if !ok || s1 < len(text) && text[s1] != ' ' {
		return
	}
	n0, n1 := field(text, s1)
	d := digits(text[n0:n1])
	if d == 0 || d < n1-n0 {
		return
	}
	end := len(text)
	brace := bytes.HasSuffix(text, []byte(" {"))
	if brace {
		end -= 2
	}
	n0 = n1 + indent(text[n1:end])
	if has(text[n0:end], "- ") {
		n0 += 2
	}
	st := w.status
	n1, directive := tapDirective(text, n0, end)
	switch {
	case hasFold(directive, "skip"):
		st = Skipped
	case hasFold(directive, "todo") && st == Failed:
		st = XFail
	case hasFold(directive, "todo"):
		st = XPass
	}
	around := t.outline.under(at)
	if n0 < n1 {
		r := l.compose(st, Progress, " > ", around, l.cut(n0, n1), l.span(at, s1))
		r.Scope = t.file
		l.add(r)
		if brace {
			t.outline.open(at, l.cut(n0, n1))
		}
	}
}

// tapDirective finds where the description ends and what stands after the last
// sharp that is not escaped.
func tapDirective(text []byte, from, end int) (int, []byte) {
	if from < end && text[from] == '#' {
		return from, bytes.TrimLeft(text[from+1:end], " ")
	}
	i := bytes.LastIndex(text[from:end], []byte(" #"))
	if i < 0 {
		return from + len(trimRight(text[from:end])), nil
	}
	directive := bytes.TrimLeft(text[from+i+2:end], " ")
	if !hasFold(directive, "skip") && !hasFold(directive, "todo") && !hasFold(directive, "time=") {
		return from + len(trimRight(text[from:end])), nil
	}
	return from + len(trimRight(text[from:from+i])), directive
}

// hasFold is has in any case of letters.
func hasFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && bytes.EqualFold(text[:len(prefix)], []byte(prefix))
}

// said reads what stands between tests: versions, plans, totals of node:test and
// mocha, and what prove adds.
func (t *tap) said(l *line, text []byte) {
	switch {
	case has(text, "TAP version "):
		l.event(Started)
		t.outline.clear()
	case has(text, "Bail out!"):
		l.event(Interrupted)
	case has(text, "1..0"):
		l.tally(Tally{NoTests: true})
	case has(text, "Result: "):
		l.event(Finished)
	case has(text, "# "):
		t.total(l, text[2:])
	case has(text, "Dubious, "), has(text, "Failed "):
		_, n := field(text, 0)
		if text[n-1] == ',' {
			n--
		}
		l.judge(t.file, Failed, 0, n)
	default:
		t.program(l, text)
	}
}

// total reads `# pass 3`.
func (t *tap) total(l *line, text []byte) {
	n0, n1 := field(text, 0)
	n, rest, ok := number(bytes.TrimLeft(text[n1:], " "))
	if !ok || len(rest) > 0 {
		return
	}
	var sum Tally
	switch string(text[n0:n1]) {
	case "pass":
		sum.By[Passed] = n
		l.event(Finished)
	case "fail", "cancelled":
		sum.By[Failed] = n
	case "skipped", "skip":
		sum.By[Skipped] = n
	default:
		return
	}
	l.tally(sum)
}

// program reads what prove says of a test program: `t/cart.t .. ok`.
func (t *tap) program(l *line, text []byte) {
	_, n1 := field(text, 0)
	rest := text[n1:]
	dots := bytes.TrimLeft(rest, " ")
	if n := len(dots) - len(bytes.TrimLeft(dots, ".")); n < 2 || len(rest) == len(dots) || bytes.IndexByte(text[:n1], '.') < 0 {
		return
	}
	t.file = l.scope(l.cut(0, n1), Plain)
	t.outline.clear()
	if bytes.HasSuffix(rest, []byte(". ok")) {
		l.judge(t.file, Passed, len(text)-2, len(text))
	}
}

func (t *tap) end() {}
