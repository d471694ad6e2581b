package testlog

import "bytes"

// pytest reads the output of pytest. Its state is where the last heading has
// led.
//
// Tests that run pytest themselves have whole sessions in their captured output,
// which the sections FAILURES and PASSES quote. A session begins and ends with
// headings, so sessions nest like brackets: what stands inside an inner one is
// output. Where the brackets do not match, the last summary is the real one,
// for pytest writes it after everything it quotes.
type pytest struct {
	log   *Log
	part  Part
	depth int  // of sessions: 0 outside, 1 in the one that counts
	outer Part // of the session around a quoted one
	quiet bool // the session began without a heading, as under -q

	// Indexes of the first record of a summary, -1 without one.
	listing int // the open one
	inner   int // the last one inside a quoted session
	closed  int // one that a line of totals without a rule has ended, until tests run again
}

func newPytest(l *Log) *pytest { return &pytest{log: l, listing: -1, inner: -1, closed: -1} }

// word is a status as pytest writes it.
type word struct {
	text   []byte
	status Status
}

// words in the order of how often they are met. Releases before 4 wrote FAIL
// and SKIP in the summary.
var words = []word{
	{[]byte("PASSED"), Passed}, {[]byte("FAILED"), Failed}, {[]byte("SKIPPED"), Skipped},
	{[]byte("XFAIL"), XFail}, {[]byte("ERROR"), Error}, {[]byte("XPASS"), XPass},
	{[]byte("FAIL"), Failed}, {[]byte("SKIP"), Skipped},
}

var (
	sep        = []byte(" - ")
	scope      = []byte("::")
	workerMark = []byte("[gw")
)

// line takes one line. What it begins or ends with decides what it can be, so
// that most lines cost a look at two bytes.
func (p *pytest) line(l *line) {
	if len(l.text) == 0 {
		return
	}
	switch c := l.text[0]; c {
	case '=':
		p.heading(l)
		return
	case 'P', 'F', 'S', 'X', 'E':
		if p.leading(l, 0) {
			return
		}
	case '[':
		if p.worker(l) {
			return
		}
	case '!':
		if bytes.Contains(l.text, []byte("! Interrupted:")) || bytes.Contains(l.text, []byte("! stopping after")) {
			l.event(Interrupted)
		}
		return
	case '_', '-':
		if len(l.text) > 2 && (l.text[1] == c || l.text[1] == ' ') {
			p.inner = -1 // the heading of a test or of its output: still quoting
			if p.closed >= 0 {
				p.quote()
			}
			return
		}
	case 'I':
		if bytes.HasPrefix(l.text, []byte("INTERNALERROR>")) {
			l.event(InternalError)
			return
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'n':
		if p.total(l, l.text, false) {
			return
		}
	}
	if p.closed >= 0 && dots(l.text) {
		p.closed = -1
	}
	p.trailing(l)
}

// dots knows a line of letters for tests, `..F.s   [ 50%]`, with or without the
// file before them.
func dots(text []byte) bool {
	text = withoutProgress(trimRight(text))
	if i := bytes.LastIndexByte(text, ' '); i >= 0 {
		text = text[i+1:]
	}
	return len(text) > 0 && len(bytes.Trim(text, ".FEsxX")) == 0
}

// heading reads `=== title ===`.
func (p *pytest) heading(l *line) {
	title := bytes.TrimSpace(bytes.Trim(l.text, "="))
	switch string(title) {
	case "test session starts":
		p.session(l)
	case "short test summary info", "rerun test summary info":
		p.summary()
	case "FAILURES", "ERRORS", "PASSES", "XFAILURES", "XPASSES", "warnings summary", "warnings summary (final)":
		p.quote()
	default:
		p.total(l, title, true)
	}
}

// session begins one, inside another where its output is being quoted.
func (p *pytest) session(l *line) {
	if p.depth == 0 && p.part != Progress {
		p.depth, p.quiet = 1, true
	}
	switch p.depth++; p.depth {
	case 1:
		p.part, p.closed = Progress, -1
		l.event(Started)
	case 2:
		p.outer, p.part = p.part, Output
	}
}

// summary begins the list at the end. One that is still open was quoted.
func (p *pytest) summary() {
	if p.depth > 1 {
		p.inner = len(p.log.Records)
		return
	}
	p.demote()
	p.part, p.listing, p.inner = Summary, len(p.log.Records), -1
}

// quote begins a section that shows what tests printed.
func (p *pytest) quote() {
	if p.depth <= 1 {
		p.demote()
		p.part = Output
	}
}

// demote makes the open summary a quoted one, and so one that has ended when
// nothing has run since: a session cannot end twice.
func (p *pytest) demote() {
	for _, from := range []int{p.listing, p.closed} {
		if from >= 0 {
			setPart(p.log.Records[from:], Output)
		}
	}
	p.listing, p.closed = -1, -1
}

func setPart(records []Record, part Part) {
	for i := range records {
		records[i].Part = part
	}
}

// finish ends a session with its line of totals, and reports whether that was
// one that counts. A session that began with a ruled heading ends with one.
func (p *pytest) finish(ruled bool) bool {
	switch {
	case p.depth > 1:
		if ruled {
			if p.depth--; p.depth == 1 {
				p.part = p.outer
			}
		}
		return false
	case !ruled && (p.part == Output || p.depth == 1 && !p.quiet): // quoted: the real one is yet to come
		return false
	}
	p.closed = -1
	if !ruled {
		p.closed = p.listing
	}
	p.depth, p.quiet, p.part, p.listing, p.inner = 0, false, Progress, -1, -1
	return true
}

// end settles what stayed open. A log whose sessions do not match ends inside a
// quoted one; where no quotation follows its last summary, that is the one of
// pytest itself.
func (p *pytest) end() {
	if p.depth > 0 && p.listing < 0 && p.inner >= 0 && p.inner < len(p.log.Records) {
		setPart(p.log.Records[p.inner:], Summary)
	}
}

// leading reads lines that begin with a status, at text[at:].
func (p *pytest) leading(l *line, at int) bool {
	w, ok := wordAt(l.text[at:])
	if !ok {
		return at == 0 && p.usage(l)
	}
	if l.plain(); !l.clean && at == 0 {
		if w, ok = wordAt(l.text); !ok {
			return false
		}
	}
	s1 := at + len(w.text)
	n0 := s1 + 1
	for n0 < len(l.text) && l.text[n0] == ' ' {
		n0++
	}
	rest := trimRight(l.text[n0:])
	if w.status == Skipped {
		if fold, skip := folded(rest); fold > 0 {
			if n := place(rest[skip:]); n > 0 {
				l.record(Skipped, p.part, fold, n0+skip, n0+skip+n, at, s1)
			}
			return true
		}
	}
	n := nameEnd(rest, w.status)
	if n == 0 || !p.plausible(rest[:n], w.status) {
		return false
	}
	l.record(w.status, p.part, 0, n0, n0+n, at, s1)
	return true
}

// wordAt finds a status followed by a space.
func wordAt(text []byte) (word, bool) {
	for _, w := range words {
		if n := len(w.text); len(text) > n && text[n] == ' ' && bytes.Equal(text[:n], w.text) {
			return w, true
		}
	}
	return word{}, false
}

// usage reads complaints about what pytest was asked to run.
func (p *pytest) usage(l *line) bool {
	if !bytes.HasPrefix(l.text, []byte("ERROR: ")) {
		return false
	}
	if p.part != Output {
		l.event(UsageError)
	}
	return true
}

// plausible tells a test's name from a line of prose or of a log that begins
// with the same word. The summary is the framework's own, so that the file of a
// collection error is a name there.
func (p *pytest) plausible(name []byte, st Status) bool {
	if bytes.Contains(name, scope) {
		return true
	}
	return p.part == Summary && st == Error && bytes.HasSuffix(name, []byte(".py")) || p.part == Summary && bytes.IndexByte(name, '/') > 0
}

// folded reads the `[3] ` of skipped tests that are listed by place.
func folded(rest []byte) (fold int32, skip int) {
	if len(rest) < 4 || rest[0] != '[' {
		return 0, 0
	}
	for i := 1; i < len(rest) && i < 9; i++ {
		c := rest[i]
		if c == ']' && i > 1 && i+1 < len(rest) && rest[i+1] == ' ' {
			return fold, i + 2
		}
		if c < '0' || c > '9' {
			return 0, 0
		}
		fold = fold*10 + int32(c-'0')
	}
	return 0, 0
}

// place returns the length of `file.py:12` at the start of text, up to the colon
// that the reason follows.
func place(text []byte) int {
	if n := bytes.Index(text, []byte(": ")); n >= 0 {
		return n
	}
	return len(text)
}

// nameEnd returns the length of the test's name at the start of rest. A reason
// may follow, after " - " or, for XPASS in old releases, after a space; nothing
// follows PASSED. Spaces, and " - " too, may stand inside the brackets of
// parameters: a name ends where they are closed, and where that is never so at
// the first bracket that could be the end.
func nameEnd(rest []byte, st Status) int {
	tail := 0 // where the file's path ends
	if i := bytes.Index(rest, scope); i > 0 {
		tail = i
	}
	bracket := bytes.IndexByte(rest[tail:], '[')
	if bracket >= 0 {
		bracket += tail
	}
	if st == Passed && bracket >= 0 && rest[len(rest)-1] == ']' {
		return nameIn(rest, tail, bracket, true)
	}
	first, open, counted := -1, 0, tail // brackets that are open at counted
	for from := tail; ; {
		i := bytes.Index(rest[from:], sep)
		if i < 0 {
			break
		}
		if i += from; i > 0 && (bracket < 0 || bracket > i || rest[i-1] == ']') {
			open += bytes.Count(rest[counted:i], []byte{'['}) - bytes.Count(rest[counted:i], []byte{']'})
			if counted = i; open <= 0 {
				first = i
				break
			}
			if first < 0 {
				first = i
			}
		}
		from = i + 1
	}
	if first >= 0 {
		return nameIn(rest[:first], tail, bracket, true)
	}
	return nameIn(rest, tail, bracket, st != XPass)
}

// nameIn returns the length of the name in text, which holds no reason after
// " - " any more; whole says that it holds none at all.
func nameIn(text []byte, tail, bracket int, whole bool) int {
	space := bytes.IndexByte(text[tail:], ' ')
	switch {
	case space < 0 || len(text) == 0:
		return len(text)
	case bracket < 0 || bracket > tail+space:
		return tail + space
	case whole && text[len(text)-1] == ']':
		return len(text)
	}
	if i := bytes.Index(text[bracket:], []byte("] ")); i >= 0 {
		return bracket + i + 1
	}
	if text[len(text)-1] == ']' {
		return len(text)
	}
	return tail + space // no end of the parameters: the line was cut
}

// worker reads `[gw0] [ 50%] PASSED id`.
func (p *pytest) worker(l *line) bool {
	if !bytes.HasPrefix(l.text, workerMark) {
		return false
	}
	l.plain()
	at := bytes.IndexByte(l.text, ' ') + 1
	if at < 5 || l.text[at-2] != ']' {
		return false
	}
	if at < len(l.text) && l.text[at] == '[' {
		n := bytes.Index(l.text[at:], []byte("] "))
		if n < 0 || n > maxProgress {
			return false
		}
		at += n + 2
	}
	return p.leading(l, at)
}

// maxProgress bounds `[ 50%]` and its forms `[12/34]`, `[123ms]`.
const maxProgress = 24

// trailing reads `id STATUS   [ 50%]` and `id SKIPPED (why) [ 50%]`.
func (p *pytest) trailing(l *line) {
	if !promising(l.text) || !bytes.Contains(l.text, scope) {
		return
	}
	l.plain()
	text := withoutProgress(trimRight(l.text))
	if len(text) == 0 {
		return
	}
	if text[len(text)-1] == ')' {
		p.reasoned(l, text)
		return
	}
	for _, w := range words[:6] {
		if n := len(text) - len(w.text); n > 1 && text[n-1] == ' ' && bytes.Equal(text[n:], w.text) {
			p.before(l, w.status, n, len(text))
			return
		}
	}
}

// promising looks at the last byte: the end of a status word, of a progress, or
// of a reason.
func promising(text []byte) bool {
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ' ', '\t':
		case 'D', 'L', 'R', 'S', ']', ')':
			return true
		default:
			return text[i] < ' ' || text[i] == 0x7f
		}
	}
	return false
}

// withoutProgress takes `[ 50%]` off.
func withoutProgress(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] == ']' {
		if i := bytes.LastIndexByte(text, '['); i > 0 && n-i <= maxProgress && text[i-1] == ' ' {
			return trimRight(text[:i])
		}
	}
	return text
}

// maxWords bounds how often a word may stand in one line before it is the
// status: names and reasons that repeat it are the work of somebody who counts
// on time that grows with the square.
const maxWords = 8

// reasoned reads a status with a reason in parentheses.
func (p *pytest) reasoned(l *line, text []byte) {
	for _, w := range words[:6] {
		if w.status == Passed || w.status == Failed || w.status == Error {
			continue
		}
		for from, n := 0, 0; n < maxWords; n++ {
			i := bytes.Index(text[from:], w.text)
			if i < 0 {
				break
			}
			i += from
			end := i + len(w.text)
			if i > 1 && text[i-1] == ' ' && bytes.HasPrefix(text[end:], []byte(" (")) && p.before(l, w.status, i, end) {
				return
			}
			from = end
		}
	}
}

// before records the name that stands before the status at text[s0:s1].
func (p *pytest) before(l *line, st Status, s0, s1 int) bool {
	name := trimRight(l.text[:s0])
	tail := bytes.Index(name, scope)
	if tail <= 0 || name[0] == ' ' || name[0] == '\t' || bytes.IndexByte(name[:tail], ' ') >= 0 {
		return false
	}
	if space := bytes.IndexByte(name[tail:], ' '); space >= 0 {
		bracket := bytes.IndexByte(name[tail:], '[')
		if bracket < 0 || bracket > space || name[len(name)-1] != ']' {
			return false
		}
	}
	l.record(st, p.part, 0, 0, len(name), s0, s1)
	return true
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
