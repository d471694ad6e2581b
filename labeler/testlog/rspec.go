package testlog

import "bytes"

// RSpec reads the documentation format of RSpec, and the list of failures of the
// others.
func RSpec() Parser {
	return Parser{Name: "rspec", Version: "1", Verified: true, start: func(l *Log) machine { return &rspec{log: l} }}
}

// rspec follows an outline in which a passing example has no word. A line that
// nothing stands under is taken for one, and believed if the totals agree with
// how many there are, or if it is green.
type rspec struct {
	log     *Log
	outline outline
	last    cutting // the line before, that may be an example or a group
	at      int     // its indentation; 0 without one
	green   bool
	first   int // the first record of the run
	plain   int // passing examples that are believed only if the totals agree
	counted int64
	past    int // the outline: 1 before the totals, 2 after them
	flush   *line
}

var rspecWords = []word{{[]byte("FAILED"), Failed}, {[]byte("PENDING"), Skipped}, {[]byte("rspec"), Failed}}

var rspecCounts = []word{
	{[]byte("failure"), Failed}, {[]byte("failures"), Failed}, {[]byte("pending"), Skipped},
	{[]byte("error occurred outside of examples"), Error}, {[]byte("errors occurred outside of examples"), Error},
}

var (
	rspecFailed  = []byte(" (FAILED - ")
	rspecPending = []byte(" (PENDING: ")
	rspecGreen   = []byte("\x1b[32m")
)

func (r *rspec) line(l *line) {
	r.flush = l
	green := bytes.HasPrefix(l.raw, rspecGreen)
	text := l.shown()
	at := indent(text)
	if at == len(text) {
		return
	}
	switch {
	case at == 0 && has(text, "rspec ./"):
		r.failed(l, text)
	case at == 0 && r.total(l, text):
	case at == 0 && rspecEnds(text):
		r.settle(l, 0)
		r.past = 1
		r.outline.clear()
	case r.past == 1, r.past == 2 && (at > 0 || !l.blank || has(text, "Failed examples:")):
	default:
		r.past = 0
		r.example(l, text, at, green)
	}
}

// rspecEnds knows the headings that follow the outline.
func rspecEnds(text []byte) bool {
	return string(text) == "Failures:" || has(text, "Pending:") || has(text, "Finished in ") || has(text, "An error occurred ")
}

// example reads a line of the outline.
func (r *rspec) example(l *line, text []byte, at int, green bool) {
	r.settle(l, at)
	for _, m := range []struct {
		mark []byte
		st   Status
	}{{rspecFailed, Failed}, {rspecPending, Skipped}} {
		if i := bytes.LastIndex(text, m.mark); at > 0 && i > at && text[len(text)-1] == ')' {
			s0 := i + 2
			_, s1 := field(text, s0)
			s1 = s0 + len(bytes.TrimRight(text[s0:s1], ":"))
			l.add(l.compose(m.st, Progress, " ", r.outline.under(at), l.cut(at, i), l.span(s0, s1)))
			r.counted++
			return
		}
	}
	if at == 0 {
		r.outline.open(0, l.cut(0, len(text)))
		return
	}
	r.last, r.at, r.green = l.cut(at, len(text)), at, green
}

// settle decides what the line before was: a group if the next one is set in
// further, else a passing example.
func (r *rspec) settle(l *line, at int) {
	if r.at == 0 {
		return
	}
	was := r.at
	if r.at = 0; at > was && !l.blank {
		r.outline.open(was, r.last)
		return
	}
	around := r.outline.under(was)
	if len(around) == 0 {
		return
	}
	rec := l.compose(Passed, Progress, " ", around, r.last, r.last.at)
	if !r.green {
		rec.Part = Output
		r.plain++
	}
	l.add(rec)
	r.counted++
}

// failed reads `rspec ./cart_spec.rb:5 # Cart #add fails`.
func (r *rspec) failed(l *line, text []byte) {
	i := bytes.Index(text, []byte(" # "))
	if i < 0 || i+3 >= len(text) {
		return
	}
	l.record(Failed, Summary, 0, i+3, len(text), 0, len("rspec"))
}

// total reads `12 examples, 4 failures, 3 pending`.
func (r *rspec) total(l *line, text []byte) bool {
	all, rest, ok := number(text)
	if !ok || !has(rest, " example") || !bytes.Contains(rest, []byte(" failure")) {
		return false
	}
	var t Tally
	t.add(rest, ",", rspecCounts)
	bad := t.By[Error] // outside of examples
	t.By[Error] = 0
	t.rest(all)
	t.By[Error] = bad
	r.settle(l, 0)
	r.believe(all)
	l.tally(t)
	l.event(Finished)
	r.first, r.plain, r.counted, r.past = len(r.log.Records), 0, 0, 2
	r.outline.clear()
	return true
}

// believe takes the passing examples for what they seem to be, if there are as
// many examples as there should be.
func (r *rspec) believe(all int64) {
	if r.plain == 0 || r.counted != all {
		return
	}
	for i := min(r.first, len(r.log.Records)); i < len(r.log.Records); i++ {
		if rec := &r.log.Records[i]; rec.Part == Output {
			rec.Part = Progress
		}
	}
}

func (r *rspec) end() {
	if r.flush != nil {
		r.settle(r.flush, 0)
	}
}
