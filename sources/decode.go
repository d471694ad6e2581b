package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
)

// load reads a document into a buffer of the pool. It returns false where
// there is nothing to decode; the job's items then say why.
func (r *Reader) load(ctx context.Context, j *job, f io.Reader) bool {
	buf, ok := r.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	j.data = buf
	*buf = (*buf)[:0]
	// A head that cannot be JSON ends the matter before a large log is read.
	if err := r.fill(j, f, sniffBytes); err != nil && err != io.EOF {
		return r.unreadable(j, err)
	}
	if !format.LooksLikeJSON(*buf) {
		if !j.named {
			return r.ignore(j)
		}
		return r.unreadable(j, fmt.Errorf("%w: it begins with %q", ErrUnrecognized, clip(*buf)))
	}
	if j.member.Size > MaxFileBytes {
		if err := r.fill(j, f, outlineBytes); err != nil && err != io.EOF {
			return r.unreadable(j, err)
		}
		return r.tooLarge(j)
	}
	err := r.rest(ctx, j, f)
	if err == io.EOF {
		return true
	}
	if err != nil {
		return r.unreadable(j, err)
	}
	return r.tooLarge(j)
}

// rest reads a document to its end (io.EOF) or to the limit (nil).
func (r *Reader) rest(ctx context.Context, j *job, f io.Reader) error {
	switch n := int(j.member.Size); {
	case n < 0: // packed: only reading tells
		if err := r.fill(j, f, keepBuffer); err != nil {
			return err
		}
		fallthrough
	case n >= budgetBytes:
		if err := r.enlarge(ctx, j); err != nil {
			return err
		}
	case n >= cap(*j.data):
		*j.data = append(make([]byte, 0, n+1), *j.data...)
	}
	return r.fill(j, f, MaxFileBytes)
}

// enlarge gives a job the one buffer that any document fits in, and waits for
// it. A job of known size has all of the budget by then, so that whoever has
// the buffer is being decoded and waits for nobody.
func (r *Reader) enlarge(ctx context.Context, j *job) error {
	select {
	case b := <-r.large:
		if b == nil {
			b = make([]byte, 0, MaxFileBytes+1)
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
func (r *Reader) fill(j *job, f io.Reader, n int) error {
	b := *j.data
	defer func() { *j.data = b }()
	for len(b) < n {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		k, err := f.Read(b[len(b):min(cap(b), max(n, len(b)+1))])
		b = b[:len(b)+k]
		if err != nil {
			return err
		}
	}
	return nil
}

// tooLarge fails a file over the limit if it was a trajectory.
func (r *Reader) tooLarge(j *job) bool {
	head := (*j.data)[:min(len(*j.data), outlineBytes)]
	if !j.named && len(r.claimants(format.ShapeOf(head))) == 0 {
		return r.ignore(j)
	}
	return r.unreadable(j, fmt.Errorf("%w of %d bytes for one document", archive.ErrTooLarge, MaxFileBytes))
}

func (r *Reader) ignore(j *job) bool {
	j.items = []Item{{URI: j.member.Path, Ignored: true, Bytes: max(j.member.Size, 0)}}
	r.recycle(j)
	return false
}

func (r *Reader) unreadable(j *job, err error) bool {
	j.items = []Item{{URI: j.member.Path, Bytes: max(j.member.Size, 0), Err: &pipeline.RecordError{URI: j.member.Path, Err: err}}}
	r.recycle(j)
	return false
}

// keepBuffer is about the largest buffer that goes back to the pool, and how
// much of a document of unknown size is read before it takes the large one.
const keepBuffer = 8 << 20

func (r *Reader) recycle(j *job) {
	switch {
	case j.large:
		r.large <- *j.data
	case j.data != nil && cap(*j.data) <= keepBuffer+keepBuffer/4:
		r.buffers.Put(j.data)
	}
	j.data, j.large = nil, false
}

// decode turns a job's file into items. A panic of a decoder is that file's
// failure: inputs are hostile and an import is long.
func (r *Reader) decode(ctx context.Context, j *job) {
	defer func() {
		if p := recover(); p != nil {
			r.unreadable(j, fmt.Errorf("decoder panicked: %v", p))
		}
	}()
	if ctx.Err() != nil {
		r.recycle(j)
		return
	}
	if j.data == nil {
		f, err := j.member.Open()
		if err != nil {
			r.unreadable(j, err)
			return
		}
		ok := r.load(ctx, j, f)
		f.Close()
		if !ok {
			return
		}
	}
	data := *j.data
	f, err := r.detect(j, data)
	if err != nil {
		r.unreadable(j, err)
		return
	}
	if f == nil {
		r.ignore(j)
		return
	}
	r.records(j, f, data)
	r.recycle(j)
}

// detect returns the one format that claims a document, nil for a file that is
// to be ignored.
func (r *Reader) detect(j *job, data []byte) (format.Format, error) {
	if r.Config.Format != "" && j.named {
		return r.formats[0], nil
	}
	sh, claims := r.outline(data)
	switch {
	case len(claims) == 1:
		return claims[0], nil
	case len(claims) > 1:
		var names []string
		for _, f := range claims {
			names = append(names, f.Name())
		}
		return nil, fmt.Errorf("%w: %s (it is %s); name one with format", ErrAmbiguous, strings.Join(names, ", "), &sh)
	case j.named:
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
	var claims []format.Format
	for _, f := range r.formats {
		if f.Detect(sh) {
			claims = append(claims, f)
		}
	}
	return claims
}

func (r *Reader) records(j *job, f format.Format, data []byte) {
	doc := format.Document{URI: j.member.Path, Data: data, Neighbor: j.neigh}
	hash := format.HashContent(data)
	row := int64(0)
	for rec, err := range f.Decode(doc) {
		it := Item{URI: j.member.Path}
		if row == 0 {
			it.Bytes = int64(len(data))
		}
		if err == nil && rec == nil {
			err = errors.New("the format gave no record")
		}
		if err == nil {
			err = checkNames(rec)
		}
		if err != nil {
			it.Err = &pipeline.RecordError{URI: j.member.Path, Row: row, Err: err}
		} else {
			r.finish(rec, j, hash, row)
			it.Record = rec
		}
		j.items = append(j.items, it)
		row++
	}
	if row == 0 {
		r.unreadable(j, fmt.Errorf("%s: no attempt in it", f.Name()))
	}
}

// finish gives a record its names. Its id follows with those of its batch.
func (r *Reader) finish(rec *format.Record, j *job, hash string, row int64) {
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
	t.TaskID = identity.TaskID(instance, deref(t.Repo), deref(t.BaseCommit))
	t.Policy = first(c.Policy, r.Names.Policy(deref(t.PolicyRaw)))
	t.Source = first(c.Source, t.Source, r.Names.Source(rec.SourceHint))
	t.Scaffold = first(c.Scaffold, t.Scaffold, identity.Unknown)
	if run := first(c.Run, rec.RunHint, archive.RootName(r.Inputs[j.input].Name)); run != "" && t.Run == nil {
		t.Run = &run
	}
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
