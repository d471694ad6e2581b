package testlog

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// harnessWords are the statuses that harnesses know, in the order in which they
// try them.
var harnessWords = []word{
	{[]byte("FAILED"), Failed}, {[]byte("PASSED"), Passed}, {[]byte("SKIPPED"), Skipped},
	{[]byte("ERROR"), Error}, {[]byte("XFAIL"), XFail},
}

// pytestStyle is how one function of a harness reads lines of pytest.
type pytestStyle struct {
	folds   bool // `SKIPPED [2]` is no test
	options bool // paths in parameters are cut to their last element
	mouse   bool // names of mouse buttons are numbers
}

// pytestReader reads lines that begin with a status: the second word is the
// test's name.
type pytestReader struct{ style pytestStyle }

func (p *pytestReader) end() {}

func (p *pytestReader) line(l *line) {
	st, ok := harnessWordAt(l.text)
	if !ok {
		return
	}
	f := tokensOf(l.text)
	first, more := f.next()
	second, ok := f.next()
	if !more {
		return
	}
	if st == Failed && ok && second.is("-") && spaced(l.text, second) { // " - " is a space
		second, ok = f.next()
	}
	if !ok || p.style.folds && first.is("SKIPPED") && foldMark(second.text) {
		return
	}
	l.word(p.style.name(second.text), first, second.from, second.to)
}

// spaced reports whether a token has one blank on either side.
func spaced(text []byte, f token) bool {
	return f.from > 0 && text[f.from-1] == ' ' && f.to < len(text) && text[f.to] == ' '
}

// name returns what the harness calls a test that is printed like that.
func (s pytestStyle) name(raw []byte) string {
	if s.mouse {
		raw = bytes.ReplaceAll(raw, []byte("MouseButton.LEFT"), []byte("1"))
		raw = bytes.ReplaceAll(raw, []byte("MouseButton.RIGHT"), []byte("3"))
	}
	if s.options {
		return optionName(raw)
	}
	return string(raw)
}

// optionName cuts `f[/a/b/c]` to `f[/c]`, and anything behind the last bracket
// off.
func optionName(raw []byte) string {
	open := bytes.IndexByte(raw, '[')
	end := bytes.LastIndexByte(raw, ']')
	if open < 0 || end < open {
		return string(raw)
	}
	option := raw[open+1 : end]
	if bytes.HasPrefix(option, []byte("/")) && !bytes.HasPrefix(option, []byte("//")) && bytes.IndexByte(option, '*') < 0 {
		option = option[bytes.LastIndexByte(option, '/'):]
	}
	return string(raw[:open+1]) + string(option) + "]"
}

// foldMark knows the `[12]` of folded skips.
func foldMark(b []byte) bool {
	if len(b) < 3 || b[0] != '[' || b[len(b)-1] != ']' {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// pytestV2Reader takes colours off, and knows lines that end with a status.
type pytestV2Reader struct {
	cut   bool // up to 4.x: names end at the first space
	front bool // 1.x: no lines that end with a status
}

func (p *pytestV2Reader) end() {}

func (p *pytestV2Reader) line(l *line) {
	if len(l.text) == 0 || !p.maybe(l.text) {
		return
	}
	l.uncolour()
	if st, ok := harnessWordAt(l.text); ok {
		p.leading(l, st)
		return
	}
	if p.front || !endsInWord(l.text) {
		return
	}
	f := tokensOf(l.text)
	first, _ := f.next()
	second, ok := f.next()
	if !ok {
		return
	}
	if p.cut {
		l.word(string(first.text), second, first.from, first.to)
		return
	}
	last := lastToken(l.text)
	to := len(trimEnd(l.text[:last.from]))
	l.word(joined(l.text[first.from:to]), last, first.from, to)
}

// maybe looks at both ends: a line with neither a status nor a control byte
// there has none.
func (p *pytestV2Reader) maybe(text []byte) bool {
	switch c := text[0]; c {
	case 'P', 'F', 'S', 'E', 'X', '[':
		return true
	default:
		if c < ' ' {
			return true
		}
	}
	switch c := text[len(text)-1]; c {
	case 'D', 'R', 'L', 'm':
		return true
	default:
		return c < ' '
	}
}

func (p *pytestV2Reader) leading(l *line, st Status) {
	text := l.text
	if st == Failed && !p.cut {
		if i := bytes.Index(text, sep); i >= 0 {
			text = text[:i]
		}
	}
	f := tokensOf(text)
	first, _ := f.next()
	second, ok := f.next()
	if p.cut {
		if st == Failed && ok && second.is("-") && spaced(text, second) {
			second, ok = f.next()
		}
		if ok {
			l.word(string(second.text), first, second.from, second.to)
		}
		return
	}
	if !ok || first.is("SKIPPED") && foldMark(second.text) {
		return
	}
	to := len(trimEnd(text))
	l.word(joined(text[second.from:to]), first, second.from, to)
}

// uncolour takes `[31m` and control bytes off, as the harness does: with the
// escape byte or without it, and tabs too.
func (l *line) uncolour() {
	if bytes.IndexByte(l.raw, '[') < 0 && bytes.IndexFunc(l.raw, control31) < 0 {
		return
	}
	l.clean = false
	l.buf, l.pos = l.buf[:0], l.pos[:0]
	for i := 0; i < len(l.raw); {
		if n := colour(l.raw[i:]); n > 0 {
			i += n
			continue
		}
		if c := l.raw[i]; c == 0 || c >= ' ' {
			l.buf, l.pos = append(l.buf, c), append(l.pos, int32(i))
		}
		i++
	}
	l.text = l.buf
}

func control31(r rune) bool { return r > 0 && r < ' ' }

// colour returns the length of a `[31m` that b begins with.
func colour(b []byte) int {
	if b[0] != '[' {
		return 0
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
		case c == 'm' && i > 1:
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

func harnessWordAt(text []byte) (Status, bool) {
	if len(text) < 5 {
		return 0, false
	}
	switch text[0] {
	case 'F', 'P', 'S', 'E', 'X':
	default:
		return 0, false
	}
	for _, w := range harnessWords {
		if bytes.HasPrefix(text, w.text) {
			return w.status, true
		}
	}
	return 0, false
}

func endsInWord(text []byte) bool {
	for _, w := range harnessWords {
		if bytes.HasSuffix(text, w.text) {
			return true
		}
	}
	return false
}

// word keeps a status as it is written at f, of a test whose name stands at
// text[n0:n1].
func (l *line) word(name string, f token, n0, n1 int) {
	st := exactly(f.text)
	i := l.put(Record{Name: name, Status: st, NameAt: l.span(n0, n1), StatusAt: l.span(f.from, f.to)})
	if st == 0 && i >= 0 {
		if l.log.Words == nil {
			l.log.Words = map[int32]string{}
		}
		l.log.Words[i] = string(f.text)
	}
}

// put keeps a record as a harness keeps a status: a later one of the same name
// takes the place of the one before. It returns where, -1 where there is no room.
func (l *line) put(r Record) int32 {
	if i, ok := l.known[r.Name]; ok {
		l.log.Records[i] = r
		delete(l.log.Words, i)
		return i
	}
	i := int32(len(l.log.Records))
	if l.add(r); int(i) == len(l.log.Records) {
		return -1
	}
	if l.known == nil {
		l.known = map[string]int32{}
	}
	l.known[r.Name] = i
	return i
}

func exactly(text []byte) Status {
	for _, w := range harnessWords {
		if bytes.Equal(text, w.text) {
			return w.status
		}
	}
	return 0
}

// A token is a word between white space, as str.split() of Python sees it.
type token struct {
	text     []byte
	from, to int
}

func (f token) is(s string) bool { return string(f.text) == s }

type tokens struct {
	text []byte
	at   int
}

func tokensOf(text []byte) tokens { return tokens{text: text} }

func (f *tokens) next() (token, bool) {
	rest := f.text[f.at:]
	from := bytes.IndexFunc(rest, func(r rune) bool { return !space(r) })
	if from < 0 {
		return token{}, false
	}
	n := bytes.IndexFunc(rest[from:], space)
	if n < 0 {
		n = len(rest) - from
	}
	from += f.at
	f.at = from + n
	return token{f.text[from:f.at], from, f.at}, true
}

// lastToken returns the last word of text that holds one.
func lastToken(text []byte) token {
	to := len(trimEnd(text))
	from := 0
	if i := bytes.LastIndexFunc(text[:to], space); i >= 0 {
		_, n := utf8.DecodeRune(text[i:])
		from = i + n
	}
	return token{text[from:to], from, to}
}

// space is white space to Python.
func space(r rune) bool {
	if r < 0x80 {
		return r <= ' ' && (r == ' ' || r >= '\t' && r <= '\r' || r >= 0x1c)
	}
	return unicode.IsSpace(r)
}

// trimLeft takes white space off.
func trimLeft(b []byte) []byte {
	for i, c := range b {
		if c >= 0x80 {
			return bytes.TrimLeftFunc(b[i:], space)
		}
		if !space(rune(c)) {
			return b[i:]
		}
	}
	return nil
}

// trimEnd takes white space off.
func trimEnd(b []byte) []byte {
	for i := len(b); i > 0; i-- {
		c := b[i-1]
		if c >= 0x80 {
			return bytes.TrimRightFunc(b[:i], space)
		}
		if !space(rune(c)) {
			return b[:i]
		}
	}
	return nil
}

// joined writes words with one blank between them.
func joined(text []byte) string { return strings.Join(strings.FieldsFunc(string(text), space), " ") }
