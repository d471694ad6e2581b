package testlog

import (
	"bytes"
	"slices"
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
func (s pytestStyle) name(raw []byte) []byte {
	if s.mouse {
		raw = bytes.ReplaceAll(raw, []byte("MouseButton.LEFT"), []byte("1"))
		raw = bytes.ReplaceAll(raw, []byte("MouseButton.RIGHT"), []byte("3"))
	}
	if s.options {
		return optionName(raw)
	}
	return raw
}

// optionName cuts `f[/a/b/c]` to `f[/c]`, and anything behind the last bracket
// off.
func optionName(raw []byte) []byte {
	open := bytes.IndexByte(raw, '[')
	end := bytes.LastIndexByte(raw, ']')
	if open < 0 || end < open {
		return raw
	}
	option := raw[open+1 : end]
	if bytes.HasPrefix(option, []byte("/")) && !bytes.HasPrefix(option, []byte("//")) && bytes.IndexByte(option, '*') < 0 {
		option = option[bytes.LastIndexByte(option, '/'):]
	}
	if open+1+len(option)+1 == len(raw) {
		return raw
	}
	return slices.Concat(raw[:open+1], option, raw[end:end+1])
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
		l.word(first.text, second, first.from, first.to)
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
			l.word(second.text, first, second.from, second.to)
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
	from := coloured(l.raw)
	if from < 0 {
		return
	}
	buf, pos := append(l.buf[:0], l.raw[:from]...), l.pos[:0]
	for i := range from {
		pos = append(pos, int32(i))
	}
	for i := from; i < len(l.raw); {
		if n := colour(l.raw[i:]); n > 0 {
			i += n
			continue
		}
		if c := l.raw[i]; c == 0 || c >= ' ' {
			buf, pos = append(buf, c), append(pos, int32(i))
		}
		i++
	}
	l.buf, l.pos, l.text, l.clean = buf, pos, buf, false
}

// coloured returns where the first byte is that uncolour takes off, -1 where
// there is none.
func coloured(raw []byte) int {
	for i, c := range raw {
		if c < ' ' && c > 0 || c == '[' && colour(raw[i:]) > 0 {
			return i
		}
	}
	return -1
}

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
func (l *line) word(name []byte, f token, n0, n1 int) {
	st := exactly(f.text)
	i := l.put(name, Record{Status: st, NameAt: l.span(n0, n1), StatusAt: l.span(f.from, f.to)})
	if st == 0 && i >= 0 {
		if l.log.Words == nil {
			l.log.Words = map[int32]string{}
		}
		l.log.Words[i] = string(f.text)
	}
}

// put keeps a record as a harness keeps a status: a later one of the same name
// takes the place of the one before. It returns where, -1 where there is no room.
func (l *line) put(name []byte, r Record) int32 {
	if i := l.log.find(name); i >= 0 {
		r.Name = l.log.Records[i].Name
		l.log.Records[i] = r
		delete(l.log.Words, i)
		return i
	}
	if !l.named(name, r) {
		return -1
	}
	i := int32(len(l.log.Records) - 1)
	l.log.byName.add(l.log.Records, i)
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
	from := len(f.text) - len(trimLeft(f.text[f.at:]))
	if from == len(f.text) {
		return token{}, false
	}
	f.at = from + unspaced(f.text[from:])
	return token{f.text[from:f.at], from, f.at}, true
}

// unspaced returns the length of what stands before the first white space.
func unspaced(text []byte) int {
	for i, c := range text {
		switch {
		case c > ' ' && c < utf8.RuneSelf:
		case c >= utf8.RuneSelf:
			if n := bytes.IndexFunc(text[i:], space); n >= 0 {
				return i + n
			}
			return len(text)
		case space(rune(c)):
			return i
		}
	}
	return len(text)
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
func joined(text []byte) []byte {
	for i, c := range text {
		if c >= utf8.RuneSelf || space(rune(c)) && (c != ' ' || i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return bytes.Join(bytes.FieldsFunc(text, space), []byte{' '})
		}
	}
	return text
}
