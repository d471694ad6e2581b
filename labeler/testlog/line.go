package testlog

import (
	"encoding/binary"
	"slices"
)

// line is one line of a log with its terminal sequences taken out, and the way
// back to the bytes it came from.
type line struct {
	raw  []byte
	at   int64
	size int     // how many bytes of the log it takes
	text []byte  // what a reader sees
	pos  []int32 // of each byte of text in raw; unused where text is raw

	buf    []byte
	clean  bool // text is raw
	blank  bool // an empty line stands before it
	log    *Log
	limits Limits
	names  int64            // bytes of names kept so far
	kept   *shelf           // the names themselves; nil before the first
	scopes map[string]int32 // numbers of the scopes so far
}

// set sets the line to raw, which may hold an escape byte or not.
func (l *line) set(raw []byte, at int64, escaped bool) {
	l.raw, l.at, l.size, l.text, l.clean = raw, at, len(raw), raw, true
	if raw[0] < ' ' || escaped {
		l.strip()
	}
}

// bare sets the line to raw, whatever control bytes it holds.
func (l *line) bare(raw []byte, at int64) {
	l.raw, l.at, l.text, l.clean = raw, at, raw, true
}

const esc = 0x1b

// strip takes terminal sequences and control bytes out.
func (l *line) strip() {
	if !l.clean {
		return
	}
	l.clean = false
	buf, pos := l.buf[:0], l.pos[:0]
	for i := 0; i < len(l.raw); {
		if c := l.raw[i]; c >= ' ' && c != 0x7f || c == '\t' {
			buf, pos = append(buf, c), append(pos, int32(i))
			i++
			continue
		}
		i += control(l.raw[i:])
	}
	l.buf, l.pos, l.text = buf, pos, buf
}

// maxSequence bounds a control sequence. Titles that a terminal is given may be
// long; what is longer is no sequence.
const maxSequence = 256

// control returns the length of the control byte or sequence that b starts with.
func control(b []byte) int {
	if b[0] != esc || len(b) < 2 {
		return 1
	}
	within := b[:min(len(b), maxSequence)]
	switch b[1] {
	case '[': // parameters, then one final byte
		for i := 2; i < len(within); i++ {
			if c := within[i]; c >= 0x40 && c <= 0x7e {
				return i + 1
			} else if c < 0x20 || c > 0x3f {
				break
			}
		}
		return 1
	case ']': // up to BEL or ESC \
		for i := 2; i < len(within); i++ {
			if within[i] == 0x07 {
				return i + 1
			}
			if within[i] == esc && i+1 < len(within) && within[i+1] == '\\' {
				return i + 2
			}
		}
		return 1
	case '(', ')': // character sets
		return min(3, len(b))
	}
	if b[1] >= 0x40 && b[1] <= 0x5f {
		return 2
	}
	return 1
}

// Strip returns text as a reader sees it: without terminal sequences and control
// bytes.
func Strip(text []byte) []byte {
	l := line{raw: text, clean: true}
	l.strip()
	return slices.Clone(l.buf)
}

// plain makes sure that text holds no control byte: lines without an escape are
// only looked at once they seem to matter.
func (l *line) plain() {
	if !l.clean {
		return
	}
	if from := firstControl(l.raw); from >= 0 {
		for _, c := range l.raw[from:] {
			if c < ' ' && c != '\t' || c == 0x7f {
				l.strip()
				return
			}
		}
	}
}

// firstControl returns where in text, give or take seven bytes before it, the
// first control byte is, -1 where there is none. It looks at eight bytes at once.
func firstControl(text []byte) int {
	if len(text) < 8 {
		return slices.IndexFunc(text, func(c byte) bool { return c < ' ' || c == 0x7f })
	}
	last := len(text) - 8
	for i := 0; ; i += 8 {
		i = min(i, last) // the last eight overlap those before
		if hasControl(binary.LittleEndian.Uint64(text[i:])) {
			return i
		}
		if i == last {
			return -1
		}
	}
}

// hasControl reports whether one of eight bytes is a control byte.
func hasControl(x uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	low := (x - ' '*ones) &^ x // below a space: the subtraction borrows
	del := x ^ 0x7f*ones
	del = (del - ones) &^ del // a byte that is 0 now
	return (low|del)&high != 0
}

// shown returns the text without control bytes and without blanks at its end.
func (l *line) shown() []byte {
	l.plain()
	return trimRight(l.text)
}

// span maps a range of text to the log.
func (l *line) span(from, to int) Span {
	if !l.clean {
		from, to = int(l.pos[from]), int(l.pos[to-1])+1
	}
	return Span{l.at + int64(from), l.at + int64(to)}
}

// all is the whole line.
func (l *line) all() Span { return Span{l.at, l.at + int64(l.size)} }

// record keeps a status: text[n0:n1] is the name, text[s0:s1] the word.
func (l *line) record(st Status, part Part, fold int32, n0, n1, s0, s1 int) {
	l.named(l.text[n0:n1], Record{Status: st, Part: part, Fold: fold, NameAt: l.span(n0, n1), StatusAt: l.span(s0, s1)})
}

// named keeps a record under a name, if that is not empty, and reports whether
// there was room for it.
func (l *line) named(name []byte, r Record) bool {
	if len(name) == 0 || !l.room(len(name)) {
		return false
	}
	if l.kept == nil {
		l.kept = shelves.Get().(*shelf)
	}
	r.Name = l.kept.keep(name)
	l.log.Records = append(l.log.Records, r)
	return true
}

// done gives back what names were kept on.
func (l *line) done() {
	if l.kept != nil {
		shelves.Put(l.kept)
		l.kept = nil
	}
}

// add keeps a record that was made elsewhere, if it has a name.
func (l *line) add(r Record) {
	if r.Name != "" && l.room(len(r.Name)+pieceBytes*len(r.Pieces)) {
		l.log.Records = append(l.log.Records, r)
	}
}

// room makes sure that one more record may be kept, whose name takes so many
// bytes.
func (l *line) room(bytes int) bool {
	l.names += int64(bytes)
	if len(l.log.Records) >= l.limits.Records || l.names > l.limits.NameBytes {
		l.log.Lost++
		return false
	}
	return true
}

func (l *line) event(kind EventKind) {
	if len(l.log.Events) < maxEvents {
		l.log.Events = append(l.log.Events, Event{kind, l.all()})
	}
}
