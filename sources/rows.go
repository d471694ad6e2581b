package sources

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

const (
	// pieceBytes is about how many bytes of rows one job has.
	pieceBytes = 1 << 20
	// leadRows of a file are looked at before it is said that nobody knows them.
	leadRows = 4
)

// A lead is what the first rows of a file tell about the others, which mostly
// are alike: a row whose keys begin like those of the lead is read by the same
// format without being outlined whole.
type lead struct {
	keys  []string
	claim format.Format
}

// json tells a document from a file of rows: lines of values, or a list of
// objects that no format claims as a whole.
func (o *opened) json() error {
	head := bytes.TrimLeft(*o.buf, " \t\r\n\ufeff")
	if len(head) == 0 {
		return o.document()
	}
	if head[0] == '[' {
		return o.list()
	}
	line, more, err := o.firstLine()
	if err != nil {
		return o.w.unreadable(o.file, err)
	}
	if !more || !isValue(line) {
		return o.document()
	}
	sh := format.ShapeOf(line)
	sh.Data = *o.buf
	if claims := o.w.r.wholeClaimants(&sh); len(claims) > 0 {
		o.claim, err = only(claims, &sh)
		if err != nil {
			return o.w.unreadable(o.file, err)
		}
		return o.document()
	}
	return o.lines()
}

// wholeClaimants are the formats that read a file of lines as a whole: those
// that claim its first line for that reason alone.
func (r *Reader) wholeClaimants(sh *format.Shape) []format.Format {
	var claims []format.Format
	whole := *sh
	whole.Lines = true
	for _, f := range r.formats {
		if f.Detect(whole) && !f.Detect(*sh) {
			claims = append(claims, f)
		}
	}
	return claims
}

// firstLine returns the first line that holds anything, and whether more than
// white space follows it.
func (o *opened) firstLine() (line []byte, more bool, err error) {
	for {
		body := bytes.TrimLeft(*o.buf, " \t\r\n\ufeff")
		if line, rest, ok := bytes.Cut(body, []byte("\n")); ok {
			if len(bytes.TrimSpace(rest)) > 0 {
				return line, true, nil
			}
			if o.end {
				return line, false, nil
			}
		} else if o.end || int64(len(body)) > o.w.r.limit() {
			return body, false, nil
		}
		if err := o.fill(2 * len(*o.buf)); err != nil {
			return nil, false, err
		}
	}
}

// isValue reports whether a line is one whole JSON value.
func isValue(line []byte) bool {
	s := jsonscan.New(line)
	if s.Kind() == jsonscan.None {
		return false
	}
	s.Skip()
	s.End()
	return s.Err() == nil
}

func only(claims []format.Format, sh *format.Shape) (format.Format, error) {
	if len(claims) == 1 {
		return claims[0], nil
	}
	var names []string
	for _, f := range claims {
		names = append(names, f.Name())
	}
	return nil, fmt.Errorf("%w: %s (it is %s); name one with format", ErrAmbiguous, strings.Join(names, ", "), sh)
}

// list reads a JSON list: a document if a format claims it, rows otherwise.
func (o *opened) list() error {
	sh := format.ShapeOf(*o.buf)
	if claims := o.w.r.claimants(sh); len(claims) > 0 || sh.First == nil {
		if o.member.Size > o.w.r.limit() {
			return o.tooLarge()
		}
		return o.document()
	}
	c := cutter{o: o, cut: cutElements, list: true}
	return c.run()
}

// lines reads a file of lines.
func (o *opened) lines() error {
	c := cutter{o: o, cut: cutLines}
	return c.run()
}

// A cutter cuts a file of rows into jobs. Rows are numbered by line or element.
type cutter struct {
	o    *opened
	cut  func(c *cutter) (rows int64, ends []int, used int)
	row  int64 // number of the first row in the buffer
	list bool
	done bool  // the list has ended
	err  error // why it ends early
}

func (c *cutter) run() error {
	o := c.o
	o.summed()
	if ok, err := c.lead(); !ok || err != nil {
		return err
	}
	for !c.done {
		if err := o.fill(pieceBytes); err != nil {
			return c.fail(err)
		}
		rows, ends, used := c.cut(c)
		var err error
		switch {
		case used > 0:
			err = c.send(rows, ends, used)
		case c.err != nil:
			return c.fail(c.err)
		case o.end:
			return nil
		case int64(len(*o.buf)) <= o.w.r.limit():
			if err := c.grow(); err != nil {
				return c.fail(err)
			}
		case c.list: // elements have no mark that could be looked for without reading them
			return c.fail(o.w.r.errTooLarge())
		default:
			err = c.skipLine()
		}
		if err != nil {
			return err
		}
	}
	return c.tail()
}

// tail checks that nothing follows a list.
func (c *cutter) tail() error {
	for o := c.o; ; *o.buf = (*o.buf)[:0] {
		if c.row > 0 && len(bytes.TrimSpace(*o.buf)) > 0 {
			return c.fail(errors.New("more follows the end of the list"))
		}
		if o.end {
			return nil
		}
		if err := o.fill(pieceBytes); err != nil {
			return c.fail(err)
		}
	}
}

// fail ends the file at a row.
func (c *cutter) fail(err error) error {
	return c.o.w.settle(c.o.file, c.o.failed(c.row, fmt.Errorf("%w; what follows in the file is not read", err)))
}

// grow reads more of a row that is longer than a piece.
func (c *cutter) grow() error {
	want := 2 * len(*c.o.buf)
	if left := c.o.member.Size; left > 0 {
		want = min(want, int(min(left, c.o.w.r.limit()))+1)
	}
	return c.o.fill(max(want, len(*c.o.buf)+1))
}

// lead looks at the first rows. It returns false where there is nothing to go
// on for: the file has been settled.
func (c *cutter) lead() (bool, error) {
	o := c.o
	var seen *format.Shape
	for _, row := range c.firstRows() {
		sh := format.ShapeOf(row)
		claims := o.w.r.claimants(sh)
		if len(claims) == 0 {
			if seen == nil {
				seen = &sh
			}
			continue
		}
		f, err := only(claims, &sh)
		if err != nil {
			return false, o.w.unreadable(o.file, err)
		}
		o.rows = leadOf(f, &sh)
		return true, nil
	}
	if !o.named {
		return false, o.w.settle(o.file, o.ignoredAs(*o.buf))
	}
	what := "nothing"
	if seen != nil {
		what = seen.String()
	}
	return false, o.w.unreadable(o.file, fmt.Errorf("%w: its first row is %s", ErrUnrecognized, what))
}

func leadOf(f format.Format, sh *format.Shape) *lead {
	l := &lead{claim: f}
	for _, k := range sh.Keys {
		l.keys = append(l.keys, k.Name)
	}
	return l
}

// firstRows returns the first rows, at least one of them whole where that is
// within the limit.
func (c *cutter) firstRows() (rows [][]byte) {
	for {
		probe := cutter{o: c.o, cut: c.cut}
		n, ends, used := c.cut(&probe)
		if n == 0 && probe.err == nil && !probe.done && !c.o.end && int64(len(*c.o.buf)) <= c.o.w.r.limit() && c.grow() == nil {
			continue
		}
		j := job{file: c.o.file, data: c.o.buf, ends: ends, list: c.list}
		if ends == nil {
			head := (*c.o.buf)[:used]
			j.data = &head
		}
		for _, row := range j.each {
			if rows = append(rows, row); len(rows) == leadRows {
				break
			}
		}
		return rows
	}
}

// send makes a job of the first used bytes of the buffer.
func (c *cutter) send(rows int64, ends []int, used int) error {
	o := c.o
	whole := *o.buf
	next := o.w.r.buffers.get(max(pieceBytes, len(whole)-used))
	*next = append((*next)[:0], whole[used:]...)
	*o.buf = whole[:used]
	j := &job{file: o.file, data: o.buf, first: c.row, ends: ends, list: c.list}
	o.buf = next
	c.row += rows
	if err := o.w.hold(j, int64(used)); err != nil {
		return err
	}
	return o.w.submit(j)
}

// skipLine passes over a line that is too long, without holding it.
func (c *cutter) skipLine() error {
	o := c.o
	if err := o.w.settle(o.file, o.failed(c.row, o.w.r.errTooLarge())); err != nil {
		return err
	}
	c.row++
	for {
		if i := bytes.IndexByte(*o.buf, '\n'); i >= 0 {
			*o.buf = append((*o.buf)[:0], (*o.buf)[i+1:]...)
			return nil
		}
		if *o.buf = (*o.buf)[:0]; o.end {
			return nil
		}
		if err := o.fill(pieceBytes); err != nil {
			return c.fail(err)
		}
	}
}

// cutLines takes whole lines.
func cutLines(c *cutter) (rows int64, ends []int, used int) {
	b := *c.o.buf
	used = bytes.LastIndexByte(b, '\n') + 1
	if c.o.end {
		used = len(b)
	}
	rows = int64(bytes.Count(b[:used], []byte("\n")))
	if used > 0 && b[used-1] != '\n' {
		rows++
	}
	return rows, nil, used
}

// cutElements takes whole elements of a list, each with the mark behind it.
func cutElements(c *cutter) (rows int64, ends []int, used int) {
	b := *c.o.buf
	at, first := 0, c.row == 0
	if first {
		at = bytes.IndexByte(b, '[') + 1
	}
	ends = []int{}
	for !c.done && c.err == nil {
		n, mark := c.element(b[at:], first)
		if n == 0 {
			break
		}
		if c.done = mark == ']'; c.done && n == 1 {
			break // the list is empty
		}
		at, first = at+n, false
		ends, used = append(ends, at), at
	}
	return int64(len(ends)), ends, used
}

// element measures an element and the mark behind it, which it returns. The
// size is 0 where more must be read first, or where the list is broken here.
func (c *cutter) element(b []byte, first bool) (n int, mark byte) {
	s := jsonscan.New(b)
	if s.Kind() == jsonscan.None {
		rest := bytes.TrimLeft(b, " \t\r\n")
		switch {
		case len(rest) == 0:
			c.short()
		case rest[0] == ']' && first:
			return 1, ']'
		default:
			c.err = fmt.Errorf("%q begins no value", rest[0])
		}
		return 0, 0
	}
	s.Skip()
	switch err := s.Err(); {
	case errors.Is(err, jsonscan.ErrTruncated):
		c.short()
		return 0, 0
	case err != nil:
		c.err = err
		return 0, 0
	}
	end := s.Mark()
	if end >= len(b) {
		c.short()
		return 0, 0
	}
	if mark = b[end]; mark != ',' && mark != ']' {
		c.err = fmt.Errorf("%q follows an element of the list", mark)
		return 0, 0
	}
	return end + 1, mark
}

// short notes that the list is cut short, where there is nothing more to read.
func (c *cutter) short() {
	if c.o.end {
		c.err = jsonscan.ErrTruncated
	}
}

// each yields the rows of a job with their numbers.
func (j *job) each(yield func(row int64, data []byte) bool) {
	data := *j.data
	if j.ends != nil {
		from := 0
		for i, end := range j.ends {
			if !yield(j.first+int64(i), trimElement(data[from:end], j.list && j.first == 0 && i == 0)) {
				return
			}
			from = end
		}
		return
	}
	row := j.first
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !yield(row, line) {
			return
		}
		row++
	}
}

// trimElement takes off the bracket before the first element and the mark behind
// one.
func trimElement(b []byte, first bool) []byte {
	if first {
		b = b[bytes.IndexByte(b, '[')+1:]
	}
	return bytes.TrimSpace(b[:len(b)-1]) // the last byte is a comma, a bracket or a line feed
}

// rowFormat finds the format of a row.
func (r *Reader) rowFormat(l *lead, row []byte) (format.Format, error) {
	for _, n := range beginnings {
		if len(row) <= 2*n {
			break
		}
		sh := format.ShapeOf(row[:n])
		if k := len(sh.Keys); k > 1 && k <= len(l.keys) && like(sh.Keys[:k-1], l.keys) {
			return l.claim, nil
		}
	}
	sh := format.ShapeOf(row)
	if len(sh.Keys) == len(l.keys) && like(sh.Keys, l.keys) {
		return l.claim, nil
	}
	claims := r.claimants(sh)
	if len(claims) == 0 {
		return nil, fmt.Errorf("%w: it is %s", ErrUnrecognized, &sh)
	}
	return only(claims, &sh)
}

func like(keys []format.Key, names []string) bool {
	return slices.EqualFunc(keys, names[:len(keys)], func(k format.Key, n string) bool { return k.Name == n })
}
