package dataset

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
	"github.com/swerm/swerm/pipeline/store"
)

// An openPart is a part being written.
type openPart struct {
	num   int
	rows  int64 // handed to encoders so far
	file  *stagedFile
	w     *columnar.Writer
	index []arrow.RecordBatch // in row order, for kinds with text
}

func (p *openPart) drop() { p.file.drop() }

// A groupJob is one row group on its way. The encoder fills the lower half.
type groupJob[T Row] struct {
	part  *openPart
	first int64 // row of rows[0] in the part
	rows  []*T
	group *columnar.RowGroup

	done  chan struct{}
	index arrow.RecordBatch
	err   error
}

// A task of the committer: a group to append, or a part to end.
type task[T Row] struct {
	job *groupJob[T]
	end *sealing
}

// sealing ends a part.
type sealing struct {
	part        *openPart
	counts      pipeline.Counts
	stats       Stats
	rejectBytes int64
	next        Cursor
	last        bool // nothing follows: publishing is near and the journal is not told
}

// start sets the line of work up.
func (w *Writer[T]) start(ctx context.Context) {
	w.ctx, w.cancel = context.WithCancel(ctx)
	n := w.spec.workers()
	// In flight are at most n row groups waiting or being encoded, one being
	// committed and one being filled: memory grows with workers and not with
	// the dataset.
	w.jobs = make(chan *groupJob[T], n)
	w.order = make(chan task[T], max(n-1, 0))
	w.settled = make(chan struct{})
	for range n {
		w.encoders.Go(w.encodeLoop)
	}
	go w.commitLoop(w.order)
}

// flush hands the group being filled to the encoders.
func (w *Writer[T]) flush() error {
	if len(w.group) == 0 {
		return nil
	}
	if err := w.openPart(); err != nil {
		return err
	}
	job := &groupJob[T]{part: w.part, first: w.part.rows, rows: w.group,
		group: w.part.w.NewRowGroup(), done: make(chan struct{})}
	w.part.rows += int64(len(w.group))
	w.group, w.groupBytes = make([]*T, 0, min(cap(w.group), w.codec.groupRows)), 0
	if err := w.send(task[T]{job: job}); err != nil {
		return err
	}
	w.jobs <- job
	return nil
}

// send waits for a place in line. It is the back-pressure on the caller.
func (w *Writer[T]) send(t task[T]) error {
	select {
	case w.order <- t:
		return nil
	case <-w.ctx.Done():
		return w.err()
	}
}

func (w *Writer[T]) openPart() error {
	if w.part != nil {
		return nil
	}
	f, err := w.stage.create(dataDir)
	if err != nil {
		return w.fail(err)
	}
	if w.columnar, err = w.nextFile(f); err != nil {
		f.drop()
		return w.fail(err)
	}
	num := w.nextPart
	w.nextPart++
	w.part = &openPart{num: num, file: f, w: w.columnar}
	return nil
}

// nextFile starts a file in the memory of the one before.
func (w *Writer[T]) nextFile(f *stagedFile) (*columnar.Writer, error) {
	if w.columnar != nil {
		return w.columnar.Next(f)
	}
	codec, level, err := parseCodec(w.spec.Codec)
	if err != nil {
		return nil, err
	}
	return columnar.NewWriter(f, w.codec.schema, columnar.WriterOptions{Codec: codec, Level: level,
		Dictionary: fewOf(w.codec.columns), KeyValue: w.keyValue()})
}

// keyValue says in the file what it is, for whoever meets it alone.
func (w *Writer[T]) keyValue() map[string]string {
	return map[string]string{"swerm.kind": string(w.spec.Kind), "swerm.format": fmt.Sprint(FormatVersion)}
}

// seal ends the open part: everything before next belongs to it.
func (w *Writer[T]) seal(next Cursor) error { return w.sealPart(next, false) }

func (w *Writer[T]) sealLast() error { return w.sealPart(Cursor{}, true) }

func (w *Writer[T]) sealPart(next Cursor, last bool) error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.openPart(); err != nil {
		return err
	}
	n, err := w.rejects.endFrame()
	if err != nil {
		return w.fail(fmt.Errorf("%s: %w", rejectsName, err))
	}
	end := &sealing{part: w.part, counts: w.counts.Clone(), stats: w.stats.clone(), rejectBytes: n, next: next, last: last}
	w.part, w.partSize, w.partFull = nil, 0, false
	if err := w.send(task[T]{end: end}); err != nil {
		end.part.drop()
		return err
	}
	return nil
}

func (w *Writer[T]) encodeLoop() {
	var s scratch
	for job := range w.jobs {
		if job.err = w.ctx.Err(); job.err == nil {
			job.err = w.encode(job, &s)
		}
		close(job.done)
	}
}

// encode does the dear work of one row group, on any goroutine.
func (w *Writer[T]) encode(job *groupJob[T], s *scratch) (err error) {
	defer s.reset()
	batch := batchOf(w.codec.schema, w.codec.columns, s, job.rows)
	defer batch.Release()
	if err := job.group.WriteLast(batch); err != nil {
		return err
	}
	if rows, ok := any(job.rows).([]*pipeline.Trajectory); ok && w.codec.hasText {
		job.index = indexBatch(rows, job.part.num, job.first)
	}
	job.rows = nil // text is no longer needed
	return nil
}

// commitLoop appends finished groups in order and ends parts. After the first
// failure it only drains what is left: a part that lacks a group must never
// become durable.
func (w *Writer[T]) commitLoop(order <-chan task[T]) {
	defer close(w.settled)
	var broken error
	for t := range order {
		switch {
		case t.job != nil:
			<-t.job.done
			if broken == nil {
				broken = w.settle(t.job.part, w.commitGroup(t.job))
			}
		case broken == nil:
			broken = w.settle(t.end.part, w.endPart(t.end))
		default:
			t.end.part.drop()
		}
	}
}

// settle tells everyone of a failure.
func (w *Writer[T]) settle(part *openPart, err error) error {
	if err != nil && w.ctx.Err() == nil {
		_ = w.fail(fmt.Errorf("part %d: %w", part.num, err))
	}
	return err
}

func (w *Writer[T]) commitGroup(job *groupJob[T]) error {
	if job.err != nil {
		return job.err
	}
	if err := job.part.w.Commit(job.group); err != nil {
		return err
	}
	if job.index != nil {
		job.part.index = append(job.part.index, job.index)
	}
	return nil
}

// endPart makes a part durable and tells the journal.
func (w *Writer[T]) endPart(end *sealing) error {
	part := end.part
	if err := part.w.Close(); err != nil {
		part.drop()
		return err
	}
	p, err := part.file.commit(w.ctx, func(key pipeline.Key) string { return partName(dataDir, part.num, key) })
	if err != nil {
		return err
	}
	p.Rows = part.rows
	line := sealed{Part: p, Counts: end.counts, RejectBytes: end.rejectBytes, Next: end.next, Stats: end.stats}
	if w.codec.hasText {
		index, err := w.writeIndex(part, p.Key)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		line.Index = &index
	}
	if err := w.rejects.f.Sync(); err != nil {
		return err
	}
	if !end.last {
		if err := w.log.add(line); err != nil {
			return err
		}
	}
	line.Stats = Stats{} // read by the journal only
	w.lines = append(w.lines, line)
	w.spec.log().Debug("part", "dataset", w.stage.target.URI, "part", part.num, "rows", p.Rows, "bytes", p.Bytes)
	return nil
}

func partName(dir string, num int, key pipeline.Key) string {
	return path.Join(dir, fmt.Sprintf("part-%05d-%s.parquet", num, key.Short()))
}

// stillThere checks that a part the journal calls durable is.
func (s *staging) stillThere(ctx context.Context, l sealed) error {
	parts := []Part{l.Part}
	if l.Index != nil {
		parts = append(parts, *l.Index)
	}
	st, root := localStore(s.tree(""))
	if s.remote {
		st, root = s.target.st, s.target.root
	}
	for _, p := range parts {
		blob, err := st.Open(ctx, path.Join(root, p.Path))
		if err != nil {
			return fmt.Errorf("the journal lists a part that is gone (remove %s to start over): %w", s.dir, err)
		}
		size := blob.Size()
		_ = blob.Close()
		if size != p.Bytes {
			return fmt.Errorf("%s has %d bytes, the journal says %d (remove %s to start over)", p.Path, size, p.Bytes, s.dir)
		}
	}
	return nil
}

func localStore(dir string) (store.Store, string) { return store.Local{Root: dir}, "" }

func sortParts(parts []Part) []Part {
	slices.SortFunc(parts, func(a, b Part) int { return strings.Compare(a.Path, b.Path) })
	return parts
}

func validReason(r pipeline.DropReason) bool { return slices.Contains(pipeline.DropReasons(), r) }
