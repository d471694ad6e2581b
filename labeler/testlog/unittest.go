package testlog

import "bytes"

// Unittest reads unittest -v and what builds on its runner: Django's, nose's and
// Twisted's verbose forms.
func Unittest() Parser {
	return Parser{Name: "unittest", Version: "1", Verified: true, start: func(l *Log) machine { return &unittest{log: l} }}
}

// unittest reads `name ... status`. Whatever a test prints comes between the
// dots and the status, on the same line or on lines of its own, so that a line
// of one word belongs to the last name that dots follow. Failures are listed at
// the end under headings behind a rule, with the names that they have there.
type unittest struct {
	log *Log

	name   []byte // the last that dots follow
	nameAt Span
	ruled  bool // the line before was a rule of =
	ran    int64
	ranAt  Span
	listed bool // the list at the end has begun
}

// maxUnitWord is longer than any line of interest without dots: totals with all
// their counts.
const maxUnitWord = 160

// unitWords are what the runner writes behind the dots.
var unitWords = []word{
	{[]byte("ok"), Passed}, {[]byte("OK"), Passed}, {[]byte("FAIL"), Failed}, {[]byte("ERROR"), Error},
	{[]byte("expected failure"), XFail}, {[]byte("unexpected success"), XPass},
}

var (
	skippedWord = []byte("skipped")
	noseSkip    = []byte("SKIP")
)

func (u *unittest) end() {}

func (u *unittest) line(l *line) {
	if len(l.text) > maxUnitWord && !bytes.Contains(l.text, ellipsis[:4]) && !u.ruled && l.text[0] != '=' {
		return // neither a name with dots nor a word
	}
	l.plain()
	text := trimRight(l.text)
	if len(text) == 0 {
		return
	}
	ruled := u.ruled
	u.ruled = ruleOf(text, '=')
	if u.ruled || u.heading(l, text, ruled) || u.total(l, text) {
		return
	}
	if !u.listed {
		if i := bytes.Index(text, ellipsis); i > 0 {
			u.named(l, text, i)
			return
		}
		if bytes.HasSuffix(text, ellipsis[:4]) && len(text) > 4 { // nothing behind the dots yet
			u.keep(l, text[:len(text)-4])
			return
		}
		u.alone(l, text)
	}
	if bytes.HasPrefix(text, []byte("Traceback (most recent call last)")) && len(u.log.Records) == 0 {
		l.event(InternalError)
	}
}

// ruleOf knows the lines of one character that part a log.
func ruleOf(text []byte, c byte) bool {
	return len(text) >= 60 && text[0] == c && len(bytes.Trim(text, string(c))) == 0
}

// keep remembers a name whose status is to come. Subtests are indented.
func (u *unittest) keep(l *line, name []byte) {
	at := indent(name)
	if u.name = append(u.name[:0], name[at:]...); len(u.name) > 0 {
		u.nameAt = l.span(at, len(name))
	}
}

// named reads a line with dots at i.
func (u *unittest) named(l *line, text []byte, i int) {
	u.keep(l, text[:i])
	rest := text[i+len(ellipsis):]
	from := len(text) - len(rest)
	for _, w := range [][]byte{skippedWord, noseSkip} {
		if bytes.HasPrefix(rest, w) {
			u.record(l, Skipped, from, from+len(w))
			return
		}
	}
	for _, w := range unitWords {
		if bytes.HasSuffix(rest, w.text) {
			u.record(l, w.status, len(text)-len(w.text), len(text))
			return
		}
	}
}

// alone reads a line that is a status, of the last name.
func (u *unittest) alone(l *line, text []byte) {
	if len(u.name) == 0 {
		return
	}
	for _, w := range unitWords {
		if bytes.Equal(text, w.text) {
			u.record(l, w.status, 0, len(text))
			return
		}
	}
	if bytes.HasPrefix(text, []byte("skipped '")) || bytes.HasPrefix(text, []byte(`skipped "`)) {
		u.record(l, Skipped, 0, len(skippedWord))
	}
}

// record ends the last name. A word that comes later is of something that has
// no name of its own, such as a class that cannot be set up.
func (u *unittest) record(l *line, st Status, from, to int) {
	if len(u.name) > 0 {
		l.named(u.name, Record{Status: st, NameAt: u.nameAt, StatusAt: l.span(from, to)})
		u.name = u.name[:0]
	}
}

// heading reads `FAIL: name`, right behind a rule.
func (u *unittest) heading(l *line, text []byte, ruled bool) bool {
	if !ruled {
		return false
	}
	for _, w := range []word{{[]byte("FAIL"), Failed}, {[]byte("ERROR"), Error}, {[]byte("UNEXPECTED SUCCESS"), XPass}} {
		name, ok := bytes.CutPrefix(text, w.text)
		if !ok || !bytes.HasPrefix(name, []byte(": ")) {
			continue
		}
		u.listed = true
		from := len(w.text) + 2
		l.record(w.status, Summary, 0, from, len(text), 0, len(w.text))
		return true
	}
	return false
}

// total reads `Ran 3 tests in 0.1s`, and the word behind it.
func (u *unittest) total(l *line, text []byte) bool {
	if rest, ok := bytes.CutPrefix(text, []byte("Ran ")); ok {
		count, what, _ := bytes.Cut(rest, []byte(" "))
		n, _, ok := number(count)
		if !ok || !bytes.HasPrefix(what, []byte("test")) || !bytes.Contains(what, []byte(" in ")) {
			return false
		}
		u.ran, u.ranAt = n, l.all()
		u.finish(l, &Tally{NoTests: n == 0, By: [XPass + 1]int64{Passed: n}, At: u.ranAt})
		return true
	}
	if u.ranAt == (Span{}) {
		return false
	}
	head, rest, _ := bytes.Cut(text, []byte(" ("))
	if string(head) != "OK" && string(head) != "FAILED" && string(head) != "NO TESTS RAN" {
		return false
	}
	t := Tally{NoTests: u.ran == 0, At: Span{u.ranAt.Start, l.all().End}}
	others := int64(0)
	for part := range bytes.SplitSeq(bytes.TrimSuffix(rest, []byte(")")), []byte(", ")) {
		name, count, _ := bytes.Cut(part, []byte("="))
		if n, _, ok := number(count); ok {
			others += t.unit(string(name), n)
		}
	}
	bound := t
	bound.By[Passed] = u.ran // a test with subtests fails more than once, and a class that cannot be set up was not run
	l.log.add(&bound)
	t.By[Passed] = max(0, u.ran-others)
	u.finish(l, &t)
	u.ranAt = Span{}
	return true
}

// unit adds `failures=2` and returns how many tests of those that ran that is.
// A test that fails may also have an error, so that the sum is a bound.
func (t *Tally) unit(name string, n int64) int64 {
	st, ok := map[string]Status{"failures": Failed, "errors": Error, "skipped": Skipped, "SKIP": Skipped,
		"expected failures": XFail, "unexpected successes": XPass}[name]
	if ok {
		t.By[st] += n
		return n
	}
	return 0
}

// finish notes totals. What comes behind them is another run.
func (u *unittest) finish(l *line, t *Tally) {
	l.log.Total = t
	l.event(Finished)
	u.name, u.listed = u.name[:0], false
}

func unittestSign(text []byte) bool {
	if rest, ok := after(text, "Ran "); ok {
		_, rest, ok = number(rest)
		return ok && hasAny(rest, " test in ", " tests in ")
	}
	i := bytes.Index(text, ellipsis)
	if i <= 0 {
		return false
	}
	rest := string(text[i+len(ellipsis):])
	return rest == "ok" || rest == "FAIL" || rest == "ERROR" || rest == "expected failure"
}
