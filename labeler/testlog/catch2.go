package testlog

import "bytes"

// Catch2 reads the console reporter of Catch2: failures, and under -s everything.
func Catch2() Parser {
	return Parser{Name: "catch2", Version: "1", Verified: true, start: func(*Log) machine { return &catch2{} }}
}

// catch2 reads blocks. A block has the test case and its sections between two
// rules, and then its assertions. Its status is that of its first failure; it is
// known when the next block begins.
type catch2 struct {
	l      *line // to keep the record of a block that the log ends with
	inHead bool
	head   []cutting
	cases  int // how many lines of head are the test case; the others are sections
	record Record
	failed failures
}

var (
	catchRule   = bytes.Repeat([]byte{'-'}, 79)
	catchDouble = bytes.Repeat([]byte{'='}, 79)
	catchCounts = []word{{[]byte("passed"), Passed}, {[]byte("failed"), Failed}, {[]byte("failed as expected"), XFail}, {[]byte("skipped"), Skipped}}
	catchWords  = []word{{[]byte("FAILED"), Failed}, {[]byte("PASSED"), Passed}, {[]byte("SKIPPED"), Skipped}}
)

func (c *catch2) line(l *line) {
	c.l = l
	if len(l.text) == 0 {
		return
	}
	text := l.shown()
	switch {
	case bytes.Equal(text, catchRule):
		c.rule()
	case bytes.Equal(text, catchDouble):
		c.close()
	case c.inHead:
		c.title(l, text)
	case has(text, "All tests passed ("), has(text, "No tests ran"), has(text, "test cases: "):
		c.close()
		c.total(l, text)
	case len(c.head) > 0 && len(text) > 0:
		c.assertion(l, text)
	}
}

// rule begins a block or ends its head.
func (c *catch2) rule() {
	if c.inHead {
		c.inHead = false
		return
	}
	c.close()
	c.inHead = true
}

// title reads a line of the head. A long name of a test case goes on in the next
// line; sections are set in.
func (c *catch2) title(l *line, text []byte) {
	at := indent(text)
	if at == len(text) || len(c.head) >= maxDepth {
		return
	}
	if at == 0 && c.cases == len(c.head) {
		c.cases++
	}
	c.head = append(c.head, l.cut(at, len(text)))
}

// assertion reads `/src/cart.cpp:17: FAILED:`.
func (c *catch2) assertion(l *line, text []byte) {
	i := bytes.LastIndex(text, []byte(": "))
	if i <= 0 || text[len(text)-1] != ':' || text[0] == ' ' {
		return
	}
	s0 := i + 2
	w, ok := starts(text[s0:], catchWords)
	if !ok || s0+len(w.text)+1 != len(text) || c.record.Status == Failed || w.status == Passed && c.record.Status != 0 {
		return
	}
	joint := func(j int) string {
		if j+1 < c.cases {
			return " "
		}
		return " > "
	}
	n := len(c.head) - 1
	c.record = l.assemble(w.status, Progress, joint, c.head[:n], c.head[n], l.span(s0, s0+len(w.text)))
}

// close keeps the status of a block. The same name comes again for every value
// of a generator.
func (c *catch2) close() {
	if c.record.Status != 0 {
		c.record.Part = c.failed.part(c.l, 0, []byte(c.record.Name), c.record.Status, Progress)
		c.l.add(c.record)
	}
	c.head, c.cases, c.record, c.inHead = c.head[:0], 0, Record{}, false
}

// total reads `test cases:  7 | 2 passed | 3 failed | 2 failed as expected` and
// `All tests passed (3 assertions in 2 test cases)`.
func (c *catch2) total(l *line, text []byte) {
	l.event(Finished)
	var t Tally
	if all, ok := bytes.CutPrefix(text, []byte("All tests passed (")); ok {
		if _, in, ok := bytes.Cut(all, []byte(" in ")); ok {
			t.By[Passed], _, _ = number(in)
		}
		l.tally(t)
		return
	}
	t.add(text, "|", catchCounts)
	t.NoTests = has(text, "No tests ran")
	l.tally(t)
}

func (c *catch2) end() {
	if c.l != nil {
		c.close()
	}
}
