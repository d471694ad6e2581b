package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// load reads the rest of a document. It returns false where there is nothing to
// decode; the job's items then say why.
func (r *Reader) load(ctx context.Context, j *job) bool {
	if j.rest == nil {
		return true
	}
	err := r.rest(ctx, j)
	j.rest.Close()
	j.rest = nil
	switch {
	case err == io.EOF:
		return true
	case err == nil:
		err = r.errTooLarge()
		if !j.named && len(r.claimants(format.ShapeOf((*j.data)[:outlineBytes]))) == 0 {
			j.items = []Item{j.ignoredAs(*j.data)}
			r.recycle(j)
			return false
		}
	}
	r.unreadable(j, err)
	return false
}

// rest reads a document to its end (io.EOF) or to the limit (nil).
func (r *Reader) rest(ctx context.Context, j *job) error {
	switch n := int(j.member.Size); {
	case n < 0: // packed: only reading tells
		if err := fill(j.data, j.rest, keepBuffer); err != nil {
			return err
		}
		fallthrough
	case int64(n) >= r.room:
		if err := r.enlarge(ctx, j); err != nil {
			return err
		}
	case n >= cap(*j.data):
		b := r.buffers.get(n + 1)
		*b = append(*b, *j.data...)
		r.buffers.put(j.data)
		j.data = b
	}
	return fill(j.data, j.rest, int(r.limit())+1)
}

// enlarge gives a job the one buffer that any document fits in, and waits for
// it. A job of known size has all of the budget by then, so that whoever has
// the buffer is being decoded and waits for nobody.
func (r *Reader) enlarge(ctx context.Context, j *job) error {
	select {
	case b := <-r.large:
		if b == nil {
			b = make([]byte, 0, r.limit()+1)
		}
		b = append(b[:0], *j.data...)
		r.recycle(j)
		j.data, j.large = &b, true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fill reads until the buffer holds n bytes (nil) or the file ends (io.EOF).
func fill(data *[]byte, f io.Reader, n int) error {
	b := *data
	defer func() { *data = b }()
	for len(b) < n {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(min(n, 2*cap(b))-len(b), 1))
		}
		k, err := f.Read(b[len(b):min(cap(b), max(n, len(b)+1))])
		b = b[:len(b)+k]
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) unreadable(j *job, err error) {
	j.items = []Item{j.failed(0, err)}
	r.recycle(j)
}

// keepBuffer is how much of a document of unknown size is read before it takes
// the large buffer.
const keepBuffer = 8 << 20

func (r *Reader) recycle(j *job) {
	switch {
	case j.large:
		r.large <- *j.data
	case j.data != nil:
		r.buffers.put(j.data)
	}
	j.data, j.large = nil, false
}

// decode turns a job's bytes into items. A panic of a decoder is a failure of
// what it read: inputs are hostile and an import is long.
func (r *Reader) decode(ctx context.Context, j *job) {
	defer func() {
		if p := recover(); p != nil {
			r.unreadable(j, fmt.Errorf("decoder panicked: %v", p))
		}
	}()
	switch {
	case ctx.Err() != nil:
		if j.rest != nil {
			j.rest.Close()
		}
		r.recycle(j)
	case j.rows != nil:
		r.lend(j)
		for row, data := range j.each {
			r.row(j, row, data)
		}
		r.told(j, int64(len(*j.data)))
		r.recycle(j)
	case r.load(ctx, j):
		r.document(j)
	}
}

// lend gives a job memory for the text of its records, which is never longer than
// what it is decoded from. That of large documents is their own: few of them would
// fit among the buffers that are kept.
func (r *Reader) lend(j *job) {
	if n := len(*j.data); r.Transient && n <= 2*pieceBytes {
		j.text = r.buffers.get(n)
		j.memory = jsonscan.NewMemory(*j.text)
	}
}

// told says how many bytes a piece of a file had, with its first item.
func (r *Reader) told(j *job, n int64) {
	if len(j.items) > 0 {
		j.items[0].Bytes = n
	}
}

func (r *Reader) document(j *job) {
	data := *j.data
	f, err := r.detect(j, data)
	var sum [blake3lanes.Size]byte
	if tells := r.tells(j.file); tells || f != nil {
		if sum = blake3lanes.Sum256(data); tells {
			r.tell(j.file, int64(len(data)), sum)
		}
	}
	switch {
	case err != nil:
		r.unreadable(j, err)
		return
	case f == nil:
		j.items = []Item{j.ignoredAs(data)}
	default:
		r.lend(j)
		r.records(j, f, sum, format.Document{URI: j.member.Path, Data: data, Memory: j.memory, Neighbor: j.neighbor, Siblings: j.siblings})
		r.told(j, int64(len(data)))
	}
	r.recycle(j)
}

// row decodes one row of a file.
func (r *Reader) row(j *job, row int64, data []byte) {
	f := r.named
	if f == nil {
		var err error
		if f, err = r.rowFormat(j.rows, data); err != nil {
			j.items = append(j.items, j.failed(row, err))
			return
		}
	}
	r.records(j, f, blake3lanes.Sum256(data), format.Document{URI: j.member.Path, Row: row, Data: data, Memory: j.memory, Neighbor: j.neighbor, Siblings: j.siblings})
}

// detect returns the one format that claims a document, nil for a file that is
// to be ignored.
func (r *Reader) detect(j *job, data []byte) (format.Format, error) {
	if j.claim != nil {
		return j.claim, nil
	}
	if r.named != nil && j.file.named {
		return r.named, nil
	}
	sh, claims := r.outline(data)
	switch {
	case len(claims) > 0:
		return only(claims, &sh)
	case j.file.named:
		return nil, fmt.Errorf("%w: it is %s", ErrUnrecognized, &sh)
	}
	return nil, nil
}

// beginnings are how much of a long document is looked at first: runs write
// what they are about before their messages, and behind them only now and then.
var beginnings = [...]int{16 << 10, 128 << 10}

// outline finds who claims a document. One claim on its beginning is enough;
// none or several are looked at again with more of it.
func (r *Reader) outline(data []byte) (format.Shape, []format.Format) {
	for _, n := range beginnings {
		if len(data) <= 2*n {
			break
		}
		sh := format.ShapeOf(data[:n])
		if claims := r.claimants(sh); len(claims) == 1 {
			return sh, claims
		}
	}
	sh := format.ShapeOf(data)
	return sh, r.claimants(sh)
}

func (r *Reader) claimants(sh format.Shape) []format.Format {
	return format.Claimants(r.formats, sh)
}

// records decodes the attempts of a document or a row, whose sum is given.
func (r *Reader) records(j *job, f format.Format, sum [blake3lanes.Size]byte, doc format.Document) {
	hash := format.HashName(sum)
	at, n, from := doc.Row, 0, len(j.items)
	for rec, err := range f.Decode(doc) {
		it := Item{URI: doc.URI}
		if err == nil && rec == nil {
			err = errors.New("the format gave no record")
		}
		if err == nil {
			err = checkNames(rec)
		}
		switch {
		case err == nil:
			it.Enriched = r.finish(rec, j, hash, at)
			it.Record = rec
		case errors.Is(err, format.ErrIgnored) && j.rows == nil:
			it = j.ignored()
		case errors.Is(err, format.ErrIgnored):
			it.Dropped, it.Row = pipeline.DropNotTrajectory, at
		default:
			it.Err = &pipeline.RecordError{URI: doc.URI, Row: at, Err: err}
		}
		j.items = append(j.items, it)
		if n++; j.rows == nil {
			at++ // of a document, its attempts are the rows
		}
	}
	if n == 0 {
		j.items = append(j.items, j.failed(at, fmt.Errorf("%s: no attempt in it", f.Name())))
	}
	if r.watch != nil {
		r.watch(doc, f, j.rows != nil, j.items[from:])
	}
}

// finish gives a record its names. Its id follows with those of its batch. It
// reports whether a row of a task told more of it.
func (r *Reader) finish(rec *format.Record, j *job, hash string, row int64) (enriched bool) {
	t, c := &rec.Trajectory, &r.Config
	t.Origin.URI, t.Origin.Row, t.Origin.ContentHash = j.member.Path, row, hash
	if t.InstanceID != nil && t.Rollout == nil {
		base, sample := identity.SplitSample(*t.InstanceID)
		t.InstanceID, t.Rollout = &base, sample
	}
	instance := deref(t.InstanceID)
	if repo, ok := identity.Repo(instance); ok && t.Repo == nil {
		t.Repo = &repo
	}
	dataset, enriched := r.enrich(t)
	t.TaskID = identity.TaskID(instance, deref(t.Repo), deref(t.BaseCommit))
	t.Policy = first(c.Policy, r.Names.Policy(deref(t.PolicyRaw)))
	t.Source = first(c.Source, t.Source, dataset, r.Names.Source(rec.SourceHint))
	t.Scaffold = first(c.Scaffold, t.Scaffold, identity.Unknown)
	if run := first(c.Run, rec.RunHint, archive.RootName(r.Inputs[j.input].Name)); run != "" && t.Run == nil {
		t.Run = &run
	}
	return enriched
}

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func clip(b []byte) []byte { return b[:min(len(b), 40)] }
