package dataset

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

// Writer writes one dataset. Its methods are called from one goroutine, in an
// order that follows from the inputs alone; encoding, compression and hashing
// happen on others.
//
// Every call carries the position of the source record it is about. Positions
// never go back. Calls about positions that an earlier, killed writer made
// durable are ignored, so a stage may feed from the start again, or from
// Resume, and the result is the same.
type Writer[T Row] struct {
	spec  Spec
	codec *codec[T]
	stage *staging
	log   *journal
	base  Manifest

	ctx    context.Context
	cancel context.CancelFunc
	ended  bool

	// Held by the caller's goroutine.
	durable    Cursor   // what lies before is in finished parts
	before     []sealed // the parts that an earlier writer finished
	nextPart   int
	at         Cursor // of the last call
	called     bool
	counts     pipeline.Counts
	stats      Stats
	rejects    *rejectLog
	part       *openPart
	columnar   *columnar.Writer   // of the last part
	group      *columnar.RowGroup // being filled, nil before its first row
	groupBytes int64
	partSize   int64
	partFull   bool
	files      []Part // beside parts and index
	expect     *int64

	// The line of work: pages go to encoders, row groups in order to the committer.
	jobs     chan func()
	order    chan task
	flight   chan struct{} // a place for each row group that is filled or written
	encoders sync.WaitGroup
	settled  chan struct{} // the committer has ended
	failure  atomic.Pointer[error]

	// Held by the committer; read by Close after it has ended.
	lines []sealed
}

// Create starts a dataset at uri, or goes on with one that a killed writer of
// the same key left unfinished. It returns ErrExists where the same dataset is
// already published, ErrOther where the place holds anything else, and
// ErrBusy where another process is writing it. Cancelling ctx ends the writer;
// what is durable stays for the next one.
func Create[T Row](ctx context.Context, uri string, spec Spec) (*Writer[T], error) {
	w := &Writer[T]{spec: spec, codec: codecOf[T]()}
	if err := w.open(ctx, uri); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w.start(ctx)
	return w, nil
}

func (w *Writer[T]) open(ctx context.Context, uri string) (err error) {
	if w.spec.Kind != w.codec.kind {
		return fmt.Errorf("%s: kind %s does not hold rows of type %T", uri, w.spec.Kind, *new(T))
	}
	if w.spec.Codec == "" {
		w.spec.Codec = defaultCodec
	}
	if w.spec.PartBytes == 0 {
		w.spec.PartBytes = partBytes
	}
	if w.base, err = w.spec.manifest(); err != nil {
		return fmt.Errorf("%s: %w", uri, err)
	}
	w.base.Codec = w.spec.Codec
	if w.stage, err = openStaging(ctx, uri, w.spec.Key); err != nil {
		return err
	}
	if err := w.recover(ctx); err != nil {
		w.stage.unlock()
		return fmt.Errorf("%s: staging: %w", uri, err)
	}
	return nil
}

// recover takes up what is durable and removes the rest.
func (w *Writer[T]) recover(ctx context.Context) error {
	log, lines, err := w.stage.openJournal(header{journalVersion, w.spec.Key, w.spec.Codec, w.spec.PartBytes})
	if err != nil {
		return err
	}
	w.log = log
	keep := map[string]bool{}
	for _, l := range lines {
		keep[l.Part.Path] = true
		if l.Index != nil {
			keep[l.Index.Path] = true
		}
		if err := w.stage.stillThere(ctx, l); err != nil {
			return err
		}
	}
	w.lines, w.before, w.nextPart = slices.Clone(lines), lines, len(lines)
	durable := int64(0)
	if n := len(lines); n > 0 {
		last := lines[n-1]
		keep[rejectsName] = true
		durable, w.durable = last.RejectBytes, last.Next
		w.counts, w.stats = last.Counts.Clone(), last.Stats
		w.spec.log().Info("resume", "dataset", w.stage.target.URI, "parts", n, "rows", last.Counts.Out)
	}
	if err := w.stage.clear(keep); err != nil {
		return err
	}
	w.rejects, err = w.stage.openRejects(durable)
	return err
}

// Resume returns the position of the first source record that is not yet
// durable, and the counts up to there; ok is false when nothing is.
func (w *Writer[T]) Resume() (next Cursor, counts pipeline.Counts, ok bool) {
	if len(w.before) == 0 {
		return Cursor{}, pipeline.Counts{}, false
	}
	return w.durable, w.counts.Clone(), true
}

// Durable returns the rows that a resumed writer starts with, as a dataset
// that Read and Scalars take: a stage that remembers what it has seen learns
// it again from there. It is valid until Close.
func (w *Writer[T]) Durable() *Dataset {
	d := *w.stage.target
	d.Manifest = w.base
	if !w.stage.remote {
		d.URI = w.stage.tree("")
		d.dir = d.URI
		d.st, d.root = localStore(d.URI)
	}
	for _, l := range w.before {
		d.Manifest.add(l)
	}
	return &d
}

func (m *Manifest) add(l sealed) {
	m.Parts = append(m.Parts, l.Part)
	if l.Index != nil {
		m.Files = append(m.Files, *l.Index)
	}
	m.Counts = l.Counts
}

// Add writes one row, read at the given position. The row is copied. A row that cannot be written
// (text that is not UTF-8, a broken law) is refused, nothing is counted, and
// the writer goes on: the caller may record it with Fail.
func (w *Writer[T]) Add(row *T, at Cursor) error {
	skip, err := w.begin(at)
	if skip || err != nil {
		return err
	}
	if err := w.codec.check(row); err != nil {
		return fmt.Errorf("dataset: %s: input %d row %d: %w", w.stage.target.URI, at.Input, at.Row, err)
	}
	n := w.codec.weight(row)
	if w.groupBytes+n > groupBytes {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if err := w.put(row); err != nil {
		return err
	}
	w.groupBytes += n
	w.partSize += n
	w.counts.In++
	w.counts.Out++
	w.stats.Rows++
	w.codec.observe(row, &w.stats)
	if w.group.Rows() >= w.codec.groupRows {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.partFull = w.partSize >= w.spec.PartBytes || w.part.rows >= w.codec.partRows
	return nil
}

// Reject records a record that was not kept. Its Reason is a DropReason or
// RejectFailed, and says how it is counted.
func (w *Writer[T]) Reject(r pipeline.Reject, at Cursor) error {
	skip, err := w.begin(at)
	if skip || err != nil {
		return err
	}
	if r.Reason == pipeline.RejectFailed {
		w.counts.Failed++
	} else {
		reason := pipeline.DropReason(r.Reason)
		if !validReason(reason) {
			return fmt.Errorf("dataset: reject of %s row %d: %q is no drop reason", r.URI, r.Row, r.Reason)
		}
		w.counts.Drop(reason)
	}
	w.counts.In++
	if err := w.rejects.add(r); err != nil {
		return w.fail(fmt.Errorf("%s: %w", rejectsName, err))
	}
	return nil
}

// Drop records a record that could be read and was not kept.
func (w *Writer[T]) Drop(reason pipeline.DropReason, r pipeline.Reject, at Cursor) error {
	r.Reason = string(reason)
	return w.Reject(r, at)
}

// Fail records a record that could not be read.
func (w *Writer[T]) Fail(cause *pipeline.RecordError, at Cursor) error {
	r := pipeline.Reject{Reason: pipeline.RejectFailed, URI: cause.URI, Row: cause.Row}
	if cause.Err != nil {
		r.Error = cause.Err.Error()
	}
	return w.Reject(r, at)
}

// Ignore counts a file that was met and is no candidate.
func (w *Writer[T]) Ignore(uri string, at Cursor) error {
	skip, err := w.begin(at)
	if skip || err != nil {
		return err
	}
	w.counts.Ignored++
	w.spec.log().Debug("ignored", "file", uri)
	return nil
}

// Expect states how many candidate records the inputs hold. Close fails when
// the writer was told of another number, so that a record which a stage lost
// on the way is found.
func (w *Writer[T]) Expect(in int64) { w.expect = &in }

// Counts returns the ledger so far, durable rows of an earlier writer included.
func (w *Writer[T]) Counts() pipeline.Counts { return w.counts.Clone() }

// Attach adds a small file of the stage's own, named in the manifest.
func (w *Writer[T]) Attach(name string, content []byte) error {
	if err := checkAttached(name); err != nil {
		return fmt.Errorf("dataset: attach: %w", err)
	}
	p, err := w.stage.put(w.ctx, name, content)
	if err != nil {
		return w.fail(fmt.Errorf("attach %s: %w", name, err))
	}
	w.files = append(w.files, p)
	return nil
}

// begin is the start of every call: it skips what is durable, asserts the
// order, and closes a full part, whose end is where this record begins.
func (w *Writer[T]) begin(at Cursor) (skip bool, err error) {
	if err := w.err(); err != nil {
		return false, err
	}
	if w.ended {
		return false, fmt.Errorf("dataset: %s: the writer has ended", w.stage.target.URI)
	}
	if w.called && at.before(w.at) {
		return false, w.fail(fmt.Errorf("position %v comes after %v: records are added in order", at, w.at))
	}
	moved := !w.called || at != w.at
	w.at, w.called = at, true
	if len(w.before) > 0 && at.before(w.durable) {
		return true, nil
	}
	if w.partFull && moved {
		return false, w.seal(at)
	}
	return false, nil
}

// err returns what ended the writer, if anything has.
func (w *Writer[T]) err() error {
	if p := w.failure.Load(); p != nil {
		return *p
	}
	if err := w.ctx.Err(); err != nil {
		return fmt.Errorf("dataset: %s: %w", w.stage.target.URI, context.Cause(w.ctx))
	}
	return nil
}

// fail ends the writer with its first error.
func (w *Writer[T]) fail(err error) error {
	err = fmt.Errorf("dataset: %s: %w", w.stage.target.URI, err)
	w.failure.CompareAndSwap(nil, &err)
	w.cancel()
	return *w.failure.Load()
}
