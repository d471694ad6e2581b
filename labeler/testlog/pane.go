package testlog

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// PytestPane reads pytest off the screen of a terminal, as tmux captures it:
// lines are broken where the screen ends, and blanks before the break are gone.
func PytestPane() Parser {
	return Parser{Name: "pytest-pane", Version: "1", Verified: true, start: func(l *Log) machine {
		return &pane{log: l, inner: newPytest(l)}
	}}
}

// pane puts rows together and hands the lines to the parser of pytest. The
// screen is as wide as the headings that pytest draws across it; a longer row
// shows that they were not drawn for this screen. Then nothing is put together,
// and a name that ends with the widest row there was may go on.
//
// The place of a name that was broken reaches from its first row into its last:
// freed of what is no text, the bytes there are the name.
type pane struct {
	log    *Log
	inner  *pytest
	width  int  // columns of the screen, 0 if not known
	widest int  // columns of the widest row so far
	loose  bool // rows are longer than the headings
	whole  line // the line so far
	full   bool // its last row reaches the edge
}

func (p *pane) line(l *line) {
	l.plain()
	l.strip() // so that every byte has its place
	row := l.text
	if len(bytes.TrimSpace(row)) == 0 {
		p.hand(l)
		return
	}
	if p.full && !l.blank && !p.begins(row) {
		p.join(l)
	} else {
		p.hand(l)
		p.take(l)
	}
	n := columns(row)
	p.widest = max(p.widest, n)
	switch {
	case heading(row):
		p.width, p.loose = n, false
	case p.width > 0 && n > p.width:
		p.loose = true
	default:
		p.full = p.width > 0 && !p.loose && n == p.width && !complete(row)
	}
	if !p.full {
		p.hand(l)
	}
}

// complete knows a row that nothing can follow on the same line.
func complete(row []byte) bool {
	if rule(row) || bytes.HasSuffix(row, []byte("%]")) {
		return true
	}
	last := row[bytes.LastIndexByte(row, ' ')+1:]
	return slices.ContainsFunc(words, func(w word) bool { return bytes.Equal(w.text, last) })
}

// heading knows `=== test session starts ===` and its like.
func heading(row []byte) bool {
	return row[0] == '=' && rule(row) && len(bytes.Trim(row, "=")) > 0
}

// take begins a line.
func (p *pane) take(l *line) {
	w := &p.whole
	w.at, w.size, w.log, w.limits, w.names, w.blank = l.at, l.size, l.log, l.limits, l.names, l.blank
	w.buf, w.pos = append(w.buf[:0], l.text...), append(w.pos[:0], l.pos...)
	w.text = w.buf
}

// join adds a row to it.
func (p *pane) join(l *line) {
	w := &p.whole
	if len(w.buf)+len(l.text) > l.limits.LineBytes {
		return
	}
	from := int32(l.at - w.at)
	w.buf = append(w.buf, l.text...)
	for _, at := range l.pos {
		w.pos = append(w.pos, from+at)
	}
	w.text, w.size = w.buf, int(from)+l.size
}

// hand gives the line to the parser of pytest, and drops what it found where
// the name may go on behind blanks that the break has swallowed.
func (p *pane) hand(l *line) {
	w := &p.whole
	if len(w.buf) == 0 {
		return
	}
	n := len(p.log.Records)
	w.names, w.scopes = l.names, l.scopes
	p.inner.line(w)
	l.names = w.names
	kept := p.log.Records[:n]
	for _, r := range p.log.Records[n:] {
		if p.sure(&r) {
			kept = append(kept, r)
		}
	}
	p.log.Records = kept
	w.buf, w.pos, w.text, p.full = w.buf[:0], w.pos[:0], nil, false
}

// sure tells whether a name was seen to its end: the screen's width is known, no
// bracket is left open, and the name does not end at the edge.
func (p *pane) sure(r *Record) bool {
	if p.width == 0 || bytes.Count([]byte(r.Name), []byte{'['}) > bytes.Count([]byte(r.Name), []byte{']'}) {
		return false
	}
	w := &p.whole
	atEnd := r.NameAt.End == w.at+int64(w.pos[len(w.pos)-1])+1
	switch n := columns(w.text); {
	case !atEnd:
		return true
	case p.loose:
		return n < p.widest
	default:
		return n%p.width != p.width-1
	}
}

// begins tells whether a row is the start of a line, although the one before
// reaches the edge.
func (p *pane) begins(row []byte) bool {
	if _, ok := wordAt(row); ok {
		return true
	}
	return rule(row) || bytes.HasPrefix(row, workerMark) || row[0] >= '0' && row[0] <= '9' && bytes.Contains(row, []byte(" in "))
}

// rule knows the lines that pytest draws from edge to edge.
func rule(row []byte) bool {
	c := row[0]
	return (c == '=' || c == '_' || c == '-') && len(row) >= 20 && row[len(row)-1] == c && row[1] == c
}

// columns returns how many columns of a terminal text takes.
func columns(text []byte) int {
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case r == '\t':
			n += 8 - n%8
		case r < 0x300:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide knows the characters of East Asian scripts and pictures.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff ||
		r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x1f300 && r <= 0x1f64f || r >= 0x1f900 && r <= 0x1f9ff || r >= 0x20000 && r <= 0x3fffd
}

func (p *pane) end() {
	if p.whole.log != nil {
		p.hand(&p.whole)
	}
	p.inner.end()
}
