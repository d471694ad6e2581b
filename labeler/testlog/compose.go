package testlog

// A Piece is one place that a composed name was put together from: the bytes of
// the log at At, decoded, are Name[Start:End] of its record. What stands between
// two pieces is the joint of the framework, and nothing else does.
type Piece struct {
	Start, End int
	At         Span
}

// pieceBytes is what a piece counts against [Limits.NameBytes].
const pieceBytes = 32

// cutting is text that was read off a log, with its place.
type cutting struct {
	text string
	at   Span
}

// cut reads text[from:to].
func (l *line) cut(from, to int) cutting {
	return cutting{string(l.text[from:to]), l.span(from, to)}
}

// compose returns a record whose name is the titles around a test, in order, and
// its own, with a joint between any two. It is without a name where the log has
// no room for one more of that length.
func (l *line) compose(st Status, part Part, joint string, around []cutting, own cutting, status Span) Record {
	return l.assemble(st, part, func(int) string { return joint }, around, own, status)
}

// assemble is compose with a joint for each title around, to stand after it.
func (l *line) assemble(st Status, part Part, joint func(int) string, around []cutting, own cutting, status Span) Record {
	r := Record{Name: own.text, Status: st, Part: part, NameAt: own.at, StatusAt: status}
	if len(around) == 0 {
		return r
	}
	size := len(own.text)
	for i, c := range around {
		size += len(c.text) + len(joint(i))
	}
	if l.names+int64(size) > l.limits.NameBytes {
		l.log.Lost++
		r.Name = ""
		return r
	}
	name := make([]byte, 0, size)
	r.Pieces = make([]Piece, 0, len(around)+1)
	put := func(c cutting) {
		r.Pieces = append(r.Pieces, Piece{len(name), len(name) + len(c.text), c.at})
		name = append(name, c.text...)
	}
	for i, c := range around {
		put(c)
		name = append(name, joint(i)...)
	}
	put(own)
	r.Name = string(name)
	return r
}

// maxDepth bounds how deep titles are nested. What is deeper is left out.
const maxDepth = 64

// outline holds the titles that a line stands under, where they are set off by
// indentation.
type outline struct {
	titles  []cutting
	indents []int
}

// under closes every title that is not above a line of this indentation, and
// returns those that are.
func (o *outline) under(indent int) []cutting {
	n := len(o.indents)
	for n > 0 && o.indents[n-1] >= indent {
		n--
	}
	o.titles, o.indents = o.titles[:n], o.indents[:n]
	return o.titles
}

// open adds a title.
func (o *outline) open(indent int, c cutting) {
	if o.under(indent); len(o.titles) < maxDepth {
		o.titles, o.indents = append(o.titles, c), append(o.indents, indent)
	}
}

// clear closes all titles.
func (o *outline) clear() { o.titles, o.indents = o.titles[:0], o.indents[:0] }
