package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
)

const (
	// sniffBytes of a file tell whether it can be JSON or a table at all.
	sniffBytes = 512
	// headBytes of a file tell a document from rows, and whose they are.
	headBytes = 64 << 10
	// firstRowBytes of a file over the limit hold its first row if it is one of
	// rows: they are read before it is known that the file is not one document.
	firstRowBytes = 16 << 20
	// outlineBytes of a file over the limit tell whether it was a trajectory.
	outlineBytes = 1 << 20
)

// A walker goes through the inputs, looks at the beginning of every file and
// makes jobs of it. It reads what is a stream, and leaves the rest of documents
// that can be read later to the workers.
type walker struct {
	r           *Reader
	ctx         context.Context
	input       int
	root        string
	work, order chan<- *job

	archive *spill // of the stream being read, nil elsewhere
}

// walk feeds the members of all inputs.
func (r *Reader) walk(ctx context.Context, work, order chan<- *job) error {
	for i, in := range r.Inputs {
		w := walker{r: r, ctx: ctx, input: i, root: strings.TrimSuffix(in.URI, "/"), work: work, order: order}
		if err := w.run(); err != nil {
			return fmt.Errorf("%s: %w", in.URI, err)
		}
	}
	return nil
}

func (w *walker) run() (err error) {
	defer func() { err = errors.Join(err, w.endArchive(err == nil)) }()
	var opts []archive.Option
	if sums := w.r.Inputs[w.input].Sums; sums != nil {
		opts = append(opts, archive.Seen(func(p string, f archive.File) archive.File {
			return &summedFile{File: f, tell: func(n int64, sum [blake3lanes.Size]byte) { sums.Tell(p, n, sum) }}
		}))
	}
	for m, err := range walkURI(w.ctx, w.root, w.r.Limits, opts...) {
		var bad *archive.MemberError
		switch {
		case errors.As(err, &bad):
			// What lay behind the fault is lost: that is a failure even where
			// nothing says that it was a trajectory.
			err = w.settle(&file{input: w.input, member: m}, Item{URI: bad.Path, Err: &pipeline.RecordError{URI: bad.Path, Err: bad.Err}})
		case err != nil:
			return err
		default:
			err = w.take(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) take(m archive.Member) error {
	f := &file{input: w.input, member: m, named: named(m.Path) || !m.Sequential && m.Path == path.Base(w.root)}
	if m.Irregular {
		return w.ignore(f)
	}
	if err := w.turn(m); err != nil {
		return err
	}
	if !w.r.wants(&m) {
		return nil
	}
	w.reach(f)
	r, err := m.Open()
	if err != nil {
		return w.unreadable(f, err)
	}
	if m.Sequential {
		if r, err = w.archive.keep(w.r, &m, r); err != nil {
			return w.unreadable(f, err)
		}
	}
	o := &opened{file: f, w: w, r: r, buf: w.r.buffers.get(minBuffer)}
	err = o.sort()
	o.close()
	return err
}

// turn keeps the scratch of a stream for as long as members come from it.
func (w *walker) turn(m archive.Member) error {
	of := ""
	if m.Sequential {
		of = m.Archive
	}
	if w.archive != nil && w.archive.of != of || !m.Sequential {
		if err := w.endArchive(true); err != nil {
			return err
		}
	}
	if m.Sequential && w.archive == nil {
		w.archive = newSpill(of)
	}
	return nil
}

// settle passes on a file whose items are known without decoding.
func (w *walker) settle(f *file, items ...Item) error {
	j := &job{file: f, items: items, done: make(chan struct{})}
	close(j.done)
	return w.queue(j)
}

func (w *walker) ignore(f *file) error { return w.settle(f, f.ignored()) }

func (w *walker) unreadable(f *file, err error) error { return w.settle(f, f.failed(0, err)) }

func (f *file) ignored() Item {
	return Item{URI: f.member.Path, Ignored: true, Bytes: max(f.member.Size, 0)}
}

// ignoredAs says what the beginning of an ignored file tells.
func (f *file) ignoredAs(head []byte) Item {
	it := f.ignored()
	it.Kind = bystander.Of(head)
	return it
}

// failed is a failure of one row, 0 for a file that has none.
func (f *file) failed(row int64, err error) Item {
	it := Item{URI: f.member.Path, Err: &pipeline.RecordError{URI: f.member.Path, Row: row, Err: err}}
	if f.rows == nil {
		it.Bytes = max(f.member.Size, 0)
	}
	return it
}

func (w *walker) queue(j *job) error {
	select {
	case w.order <- j:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (w *walker) submit(j *job) error {
	j.done = make(chan struct{})
	if err := w.queue(j); err != nil {
		return err
	}
	select {
	case w.work <- j:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// hold waits until a document of n bytes fits in the budget, with what its text
// may take: small documents would otherwise wait in greater number than workers
// need, each in memory that is touched for nothing. Whoever holds some of it is
// decoded and taken without the walker's help, so it never waits for itself.
func (w *walker) hold(j *job, n int64) error {
	n = min(max(n+min(textTimes*n, textShare), 4096), w.r.room)
	if n <= j.held {
		return nil
	}
	if err := w.r.budget.Acquire(w.ctx, n-j.held); err != nil {
		return err
	}
	j.held = n
	return nil
}

// An opened file is one whose beginning is being looked at.
type opened struct {
	*file
	w    *walker
	r    io.ReadCloser       // nil once another owns it
	buf  *[]byte             // what was read; nil once another owns it
	end  bool                // there is no more
	sum  *blake3lanes.Hasher // of what was read; nil where nobody asks, or a job hashes it
	read int64               // bytes of it
}

func (o *opened) close() {
	if o.r != nil {
		o.r.Close()
	}
	if o.buf != nil {
		o.w.r.buffers.put(o.buf)
	}
}

// fill reads until the buffer holds n bytes or the file ends.
func (o *opened) fill(n int) error {
	if o.end {
		return nil
	}
	had := len(*o.buf)
	err := fill(o.buf, o.r, n)
	if o.sum != nil {
		o.read += int64(len(*o.buf) - had)
		_, _ = o.sum.Write((*o.buf)[had:])
	}
	if err != io.EOF {
		return err
	}
	o.end = true
	if o.sum != nil {
		o.tell()
	}
	return nil
}

// sort finds out what a file is.
func (o *opened) sort() error {
	if err := o.fill(sniffBytes); err != nil {
		return o.w.unreadable(o.file, err)
	}
	head := *o.buf
	switch {
	case isTable(head):
		return o.table()
	case !format.LooksLikeJSON(head) && o.w.r.Plugin != nil:
		return o.document() // a plug-in reads any text
	case !format.LooksLikeJSON(head):
		if !o.named {
			return o.ignore()
		}
		return o.w.unreadable(o.file, fmt.Errorf("%w: it begins with %q", ErrUnrecognized, clip(head)))
	case o.member.Size > o.w.r.limit() && !o.streamed():
		return o.tooLarge()
	case o.indented():
		return o.document() // whose worker reads it all into memory of the right size
	}
	if err := o.fill(headBytes); err != nil {
		return o.w.unreadable(o.file, err)
	}
	return o.json()
}

// ignore passes over a file. What is small is read whole, so that nobody needs to open
// it again for its sum.
func (o *opened) ignore() error {
	if o.member.Size < headBytes && o.w.r.tells(o.file) && o.fill(headBytes) == nil && o.end {
		o.w.r.tell(o.file, int64(len(*o.buf)), blake3lanes.Sum256(*o.buf))
	}
	return o.w.ignore(o.file)
}

// indented reports whether what was sniffed at is the beginning of an object that
// is written over several lines: more of it would tell nothing else.
func (o *opened) indented() bool {
	head := bytes.TrimLeft(*o.buf, " \t\r\n\ufeff")
	line, rest, ok := bytes.Cut(head, []byte("\n"))
	return ok && head[0] == '{' && len(bytes.TrimSpace(rest)) > 0 && !isValue(line)
}

// streamed reports whether a large file may be one of rows, which are read one
// by one.
func (o *opened) streamed() bool {
	if err := o.fill(headBytes); err != nil {
		return false
	}
	head := bytes.TrimLeft(*o.buf, " \t\r\n\ufeff")
	if head[0] == '[' {
		return true
	}
	for {
		if line, _, ok := bytes.Cut(head, []byte("\n")); ok {
			return isValue(line)
		}
		if o.end || len(*o.buf) >= firstRowBytes || o.fill(2*len(*o.buf)) != nil {
			return false
		}
		head = bytes.TrimLeft(*o.buf, " \t\r\n\ufeff")
	}
}

// tooLarge fails a file over the limit if it was a trajectory, without reading
// it whole.
func (o *opened) tooLarge() error {
	if err := o.fill(outlineBytes); err != nil {
		return o.w.unreadable(o.file, err)
	}
	if !o.named && len(o.w.r.claimants(format.ShapeOf(*o.buf))) == 0 {
		return o.w.settle(o.file, o.ignoredAs(*o.buf))
	}
	return o.w.unreadable(o.file, o.w.r.errTooLarge())
}

func (r *Reader) errTooLarge() error {
	return fmt.Errorf("%w of %d bytes for one document (max_document raises it)", archive.ErrTooLarge, r.limit())
}

// document makes a job of the whole file.
func (o *opened) document() error {
	j := &job{file: o.file, data: o.buf}
	size := o.member.Size
	if o.end {
		size = int64(len(*o.buf))
	} else if size < 0 {
		size = o.w.r.room / 2 // a packed file says nothing before it is read
	}
	if err := o.w.hold(j, min(size, o.w.r.limit())); err != nil {
		return err
	}
	o.buf = nil
	if !o.end {
		j.rest, o.r = o.r, nil
	}
	if !o.member.Sequential {
		return o.w.submit(j)
	}
	if !o.w.r.load(o.w.ctx, j) {
		o.w.r.budget.Release(j.held)
		j.held = 0
		return o.w.settle(o.file, j.items...)
	}
	if o.w.archive.defers(o.w.r, j) {
		err := o.w.archive.put(j)
		o.w.r.recycle(j)
		o.w.r.budget.Release(j.held)
		return err
	}
	return o.w.submit(j)
}

// named reports whether a file's name says that it holds a trajectory. Such a
// file must be readable; another may be anything and is ignored if no format
// claims it.
func named(p string) bool {
	p = archive.TrimSuffix(p)
	return strings.HasSuffix(p, ".traj") || strings.HasSuffix(p, ".traj.json")
}
