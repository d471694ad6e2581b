package testlog

import "bytes"

// PHPUnit reads PHPUnit: every test under --testdox, else what did not pass.
func PHPUnit() Parser {
	return Parser{Name: "phpunit", Version: "1", Verified: true, start: func(*Log) machine { return &phpunit{} }}
}

// phpunit takes the class of a test from the line above the first of its tests.
type phpunit struct {
	modern bool    // release 10 or later
	class  cutting // its title
	scope  int32
	part   Part
	head   word // of a list: what its entries are
	at     Span // of its word
}

var (
	phpunitWords = []word{
		{[]byte("✔"), Passed}, {[]byte("✘"), Failed}, {[]byte("↩"), Skipped}, {[]byte("∅"), Skipped},
		{[]byte("☢"), Passed}, {[]byte("⚠"), Passed}, {[]byte("⚠"), Error},
	}
	phpunitHeads = []word{{[]byte("failure"), Failed}, {[]byte("error"), Error}, {[]byte("skipped"), Skipped}, {[]byte("incomplete"), Skipped}}
)

func (p *phpunit) line(l *line) {
	text := l.shown()
	if len(text) == 0 {
		return
	}
	switch {
	case text[0] == ' ':
		p.test(l, text)
	case has(text, "PHPUnit ") && bytes.Contains(text, []byte(" by Sebastian Bergmann")):
		major, _, _ := number(text[len("PHPUnit "):])
		*p = phpunit{modern: major >= 10}
		l.event(Started)
	case has(text, "Summary of "):
		p.part = Summary
	case has(text, "There was "), has(text, "There were "):
		p.heading(l, text)
	case p.head.status != 0 && digits(text) > 0:
		p.listed(l, text)
	case has(text, "OK (") || has(text, "Tests: "):
		p.total(l, text)
	case l.blank:
		p.open(l, text)
	}
}

// open reads `Cart (Shop\Tests\Cart)`, or `Cart` of a class without a namespace.
func (p *phpunit) open(l *line, text []byte) {
	n := len(text)
	p.scope = 0
	if i := bytes.LastIndex(text, []byte(" (")); i > 0 && text[n-1] == ')' && i+2 < n-1 {
		p.scope = l.scope(l.cut(i+2, n-1), Plain)
		n = i
	}
	p.class = l.cut(0, n)
}

// test reads ` ✔ Adds two numbers [0.12 ms]`.
func (p *phpunit) test(l *line, text []byte) {
	w, ok := starts(text[1:], phpunitWords)
	s1 := 1 + len(w.text)
	n0 := s1 + 1
	if !ok || n0 >= len(text) || text[s1] != ' ' || p.class.text == "" {
		return
	}
	st := w.status
	if string(w.text) == "⚠" && !p.modern {
		st = Error
	}
	n1 := n0 + timed(text[n0:], " [", " ms]", " s]")
	if n1 <= n0 {
		return
	}
	r := l.compose(st, p.part, " > ", []cutting{p.class}, l.cut(n0, n1), l.span(1, s1))
	r.Scope = p.scope
	l.add(r)
}

// heading reads `There were 2 failures:`.
func (p *phpunit) heading(l *line, text []byte) {
	p.head = word{}
	_, n := field(text, len("There w"))
	_, n = field(text, n)
	s0, _ := field(text, n)
	if w, ok := starts(text[s0:], phpunitHeads); ok && text[len(text)-1] == ':' {
		p.head, p.at = w, l.span(s0, s0+len(w.text))
	}
}

// listed reads `1) Shop\Tests\CartTest::testTakes with data set "two" (2)`; what
// follows the name of a data set shows what is in it.
func (p *phpunit) listed(l *line, text []byte) {
	d := digits(text)
	n0 := d + len(") ")
	if !has(text[d:], ") ") || n0 >= len(text) || !bytes.Contains(text[n0:], scope) {
		return
	}
	n1 := len(text)
	if i := bytes.Index(text[n0:], []byte(" with data set ")); i > 0 {
		from := n0 + i + len(" with data set ")
		if j := bytes.Index(text[from:], []byte(" (")); j > 0 {
			n1 = from + j
		}
	}
	c := l.cut(n0, n1)
	l.add(Record{Name: c.text, NameAt: c.at, Status: p.head.status, StatusAt: p.at, Part: Summary})
}

// total reads `OK (1 test, 1 assertion)` and `Tests: 11, Assertions: 6, Errors: 2.`
func (p *phpunit) total(l *line, text []byte) {
	var t Tally
	var all int64
	if rest, ok := after(text, "OK ("); ok {
		all, _, _ = number(rest)
	}
	for part := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte(".")), []byte(", ")) {
		what, count, _ := bytes.Cut(part, []byte(": "))
		n, _, _ := number(count)
		switch string(what) {
		case "Tests":
			all = n
		case "Errors":
			t.By[Error] = n
		case "Failures":
			t.By[Failed] = n
		case "Skipped", "Incomplete":
			t.By[Skipped] += n
		}
	}
	t.By[Passed] = max(0, all-t.By[Error]-t.By[Failed]-t.By[Skipped])
	t.NoTests = all == 0
	p.head, p.class = word{}, cutting{}
	l.tally(t)
	l.event(Finished)
}

func (p *phpunit) end() {}
