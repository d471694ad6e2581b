package testlog

import "bytes"

// djangoReader reads Django's test runner, which prints what unittest does:
// `test (case) ... ok`, where output of the test may stand before the `ok`.
type djangoReader struct {
	first bool // 1.x: no test whose `ok` is on another line

	prev     []byte // the name before the last " ... "
	prevAt   Span
	pending  [3]Record // of each pattern that a line `ok` completes; Name is empty without one
	silenced bool      // the line before ended with " silenced)."
	late     []Record  // what the patterns found: their word is the last
	lines    *line
}

var (
	ellipsis    = []byte(" ... ")
	version     = []byte("--version is equivalent to version")
	applying    = []byte("Applying sites.0002_alter_domain_unique...test_no_migrations")
	okSuffixes  = [][]byte{[]byte(" ... ok"), []byte(" ... OK"), []byte(" ...  OK")}
	skippedPart = []byte(" ... skipped")
)

func (d *djangoReader) line(l *line) {
	d.lines = l
	dots := bytes.Index(l.text, ellipsis[1:4])
	if !d.first && dots < 0 && d.idle(l.text) {
		return
	}
	text := trimLeft(l.text)
	at := len(l.text) - len(text)
	text = trimEnd(text)
	if !d.first {
		if i := bytes.Index(text, version); i >= 0 { // its name is broken over lines
			l.status(Passed, at+i, len(version), at+i, len(version))
		}
		d.patterns(l, dots)
		if i := dotted(text, dots-at, ellipsis); i >= 0 {
			d.prev, d.prevAt = append(d.prev[:0], text[:i]...), l.span(at, at+max(1, i))
		}
	}
	d.passed(l, at, text)
	if i := dotted(text, dots-at, skippedPart); i >= 0 {
		l.status(Skipped, at, i, at+i+len(ellipsis), len(skippedPart)-len(ellipsis))
	}
	d.bad(l, at, text, " ... FAIL", "FAIL:", Failed)
	d.bad(l, at, text, " ... ERROR", "ERROR:", Error)
	if len(d.prev) > 0 && bytes.HasPrefix(text, []byte("ok")) {
		l.put(d.prev, Record{Status: Passed, NameAt: d.prevAt, StatusAt: l.span(at, at+2)})
	}
}

// dotted returns where the first part is that begins with " ...", given where the
// first three dots are, -1 where there is none.
func dotted(text []byte, dots int, part []byte) int {
	if dots < 0 {
		return -1
	}
	from := max(0, dots-1)
	if i := bytes.Index(text[from:], part); i >= 0 {
		return from + i
	}
	return -1
}

// idle passes over a line without dots that can be neither a test nor a part of a
// pattern.
func (d *djangoReader) idle(text []byte) bool {
	if bytes.Contains(text, version) || bytes.HasSuffix(text, silencedEnd) {
		return false
	}
	trimmed := bytes.TrimLeftFunc(text[:min(len(text), maxIndent)], space)
	if len(trimmed) == 0 && len(text) >= maxIndent || hasAny(trimmed, "ok", "FAIL:", "ERROR:") {
		return false
	}
	d.silenced = false
	d.pending[1], d.pending[2] = Record{}, Record{}
	return true
}

// maxIndent is how much of a line is looked at to tell what it begins with.
const maxIndent = 64

var silencedEnd = []byte(" silenced).")

func (d *djangoReader) end() {
	for _, r := range d.late {
		d.lines.put([]byte(r.Name), r)
	}
}

// status keeps a name of n bytes at n0, and the word at s0.
func (l *line) status(st Status, n0, n, s0, size int) {
	if n > 0 {
		l.put(l.text[n0:n0+n], Record{Status: st, NameAt: l.span(n0, n0+n), StatusAt: l.span(s0, s0+size)})
	}
}

func (d *djangoReader) passed(l *line, at int, text []byte) {
	suffixes := okSuffixes
	if d.first {
		suffixes = okSuffixes[:1]
	}
	for _, suffix := range suffixes {
		if !bytes.HasSuffix(text, suffix) {
			continue
		}
		from, to := 0, len(text)-len(suffix)
		switch {
		case d.first:
			to = bytes.Index(text, suffix)
		case bytes.HasPrefix(text, applying): // a migration prints before the test does
			from = bytes.Index(text, []byte("...")) + 3
			from += len(text[from:]) - len(trimLeft(text[from:]))
		}
		l.status(Passed, at+from, to-from, at+len(text)-2, 2)
		return
	}
}

// bad reads `name ... FAIL` and the heading `FAIL: name (case)`.
func (d *djangoReader) bad(l *line, at int, text []byte, suffix, heading string, st Status) {
	if bytes.HasSuffix(text, []byte(suffix)) {
		i := bytes.Index(text, []byte(suffix))
		l.status(st, at, i, at+i+len(ellipsis), len(suffix)-len(ellipsis))
	}
	if bytes.HasPrefix(text, []byte(heading)) {
		f := tokensOf(text)
		f.next()
		if name, ok := f.next(); ok {
			l.status(st, at+name.from, len(name.text), at, len(heading)-1)
		}
	}
}

// The three forms in which output cuts a test from its `ok`.
var djangoPatterns = []struct{ before, after []byte }{
	{[]byte("Testing against Django installed in "), nil},
	{[]byte("Internal Server Error: /"), []byte("/")},
	{[]byte("System check identified no issues (0 silenced)"), nil},
}

// minInterrupted is less than any pattern with the dots before it takes.
const minInterrupted = 24

// patterns completes what earlier lines began: a line `ok` right behind one that
// ends as the pattern says. The first may stretch over many lines.
func (d *djangoReader) patterns(l *line, dots int) {
	text := l.text
	if string(text) == "ok" {
		for i := range d.pending {
			if p := &d.pending[i]; p.Name != "" && (i > 0 || d.silenced) {
				p.StatusAt = l.span(0, 2)
				if len(d.late) < l.limits.Records {
					d.late = append(d.late, *p)
				}
				*p = Record{}
			}
		}
	}
	d.silenced = bytes.HasSuffix(text, silencedEnd)
	d.pending[1], d.pending[2] = Record{}, Record{}
	if dots < 0 || len(text)-dots < minInterrupted {
		return
	}
	for i, p := range djangoPatterns {
		at := bytes.Index(text, p.before)
		if at < 5 || d.pending[i].Name != "" || !interrupted(text[:at]) {
			continue
		}
		whole := i == 0 || bytes.HasSuffix(text, p.after) && len(text) >= at+len(p.before)+len(p.after)
		if i == 2 {
			whole = len(text) == at+len(p.before)
		}
		if whole {
			d.pending[i] = Record{Name: string(text[:at-5]), Status: Passed, NameAt: l.span(0, at-5)}
		}
	}
}

// interrupted knows the " ... " that text ends with.
func interrupted(text []byte) bool {
	n := len(text)
	return n >= 5 && space(rune(text[n-1])) && string(text[n-4:n-1]) == "..." && space(rune(text[n-5]))
}
