package dataset

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
	"github.com/swerm/swerm/pipeline/store"
)

// An openPart is a part being written.
type openPart struct {
	num   int
	rows  int64 // so far
	file  *stagedFile
	w     *columnar.Writer
	index *partIndex // of kinds with text, nil for others
}

func (p *openPart) drop() {
	p.file.drop()
	if p.index != nil {
		p.index.drop()
	}
}

// A task of the committer: a row group to append, or a part to end.
type task struct {
	part  *openPart
	group *columnar.RowGroup
	end   *sealing
}

// sealing ends a part.
type sealing struct {
	counts      pipeline.Counts
	stats       Stats
	rejectBytes int64
	next        Cursor
	last        bool // nothing follows: publishing is near and the journal is not told
}

// groupsInFlight are the row group being filled and the one being compressed and
// written: memory grows neither with workers nor with the dataset.
const groupsInFlight = 2

// start sets the line of work up.
func (w *Writer[T]) start(ctx context.Context) {
	w.ctx, w.cancel = context.WithCancel(ctx)
	n := w.spec.workers()
	w.jobs = make(chan func())
	w.order = make(chan task, groupsInFlight)
	w.flight = make(chan struct{}, groupsInFlight)
	w.settled = make(chan struct{})
	for range n {
		w.encoders.Go(func() {
			for work := range w.jobs {
				work()
			}
		})
	}
	go w.commitLoop(w.order)
}

// put appends a row to the open row group.
func (w *Writer[T]) put(row *T) error {
	if w.group == nil {
		if err := w.openPart(); err != nil {
			return err
		}
		select { // the back-pressure on the caller
		case w.flight <- struct{}{}:
		case <-w.ctx.Done():
			return w.err()
		}
		w.group = w.part.w.NewRowGroup()
	}
	putFields(w.group, slot{}, w.codec.columns, row)
	err := w.group.EndRow()
	if t, ok := any(row).(*pipeline.Trajectory); ok && err == nil {
		err = w.part.index.add(t, w.part)
	}
	if err != nil {
		return w.fail(fmt.Errorf("part %d: %w", w.part.num, err))
	}
	w.part.rows++
	return nil
}

// flush ends the row group being filled and hands it to the committer.
func (w *Writer[T]) flush() error {
	if w.group == nil {
		return nil
	}
	t := task{part: w.part, group: w.group}
	w.group, w.groupBytes = nil, 0
	return w.send(t)
}

// send waits for a place in line.
func (w *Writer[T]) send(t task) error {
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
	w.part = &openPart{num: w.nextPart, file: f, w: w.columnar}
	if w.codec.hasText {
		if w.part.index, err = w.openIndex(); err != nil {
			f.drop()
			w.part = nil
			return w.fail(err)
		}
	}
	w.nextPart++
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
		Dictionary: fewOf(w.codec.columns), KeyValue: w.keyValue(), Submit: w.submit})
}

// submit has work done by an encoder.
func (w *Writer[T]) submit(work func()) { w.jobs <- work }

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
	part := w.part
	if part.index != nil {
		part.index.finish()
	}
	if last {
		w.columnar.Last()
	}
	end := &sealing{counts: w.counts.Clone(), stats: w.stats.clone(), rejectBytes: n, next: next, last: last}
	w.part, w.partSize, w.partFull = nil, 0, false
	if err := w.send(task{part: part, end: end}); err != nil {
		part.drop()
		return err
	}
	return nil
}

// commitLoop appends finished groups in order and ends parts. After the first
// failure it only drains what is left: a part that lacks a group must never
// become durable.
func (w *Writer[T]) commitLoop(order <-chan task) {
	defer close(w.settled)
	var broken error
	for t := range order {
		switch {
		case t.group != nil:
			if broken == nil {
				broken = w.settle(t.part, t.part.w.Commit(t.group))
			}
			<-w.flight
		case broken == nil:
			broken = w.settle(t.part, w.endPart(t.part, t.end))
		default:
			t.part.drop()
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

// endPart makes a part durable and tells the journal.
func (w *Writer[T]) endPart(part *openPart, end *sealing) error {
	if err := part.w.Close(); err != nil {
		part.drop()
		return err
	}
	line := sealed{Counts: end.counts, RejectBytes: end.rejectBytes, Next: end.next, Stats: end.stats}
	if err := part.commit(w.ctx, &line, end.last); err != nil {
		return err
	}
	if end.last {
		go part.w.Release() // while the disk works
	}
	if !end.last {
		if err := w.rejects.f.Sync(); err != nil {
			return err
		}
		if err := w.log.add(line); err != nil {
			return err
		}
	}
	line.Stats = Stats{} // read by the journal only
	w.lines = append(w.lines, line)
	w.spec.log().Debug("part", "dataset", w.stage.target.URI, "part", part.num, "rows", line.Part.Rows, "bytes", line.Part.Bytes)
	return nil
}

// commit makes a written part and its index durable, the last ones behind. The index
// is made while the system still writes the part.
func (p *openPart) commit(ctx context.Context, line *sealed, last bool) error {
	commit := (*stagedFile).commit
	if last {
		commit = (*stagedFile).commitBehind
	}
	key := p.file.described("").Key
	var writing errgroup.Group
	writing.Go(func() (err error) {
		line.Part, err = commit(p.file, ctx, partName(dataDir, p.num, key))
		line.Part.Rows = p.rows
		return err
	})
	if p.index != nil {
		writing.Go(func() error {
			if err := p.index.end(p, key); err != nil {
				p.index.drop()
				return fmt.Errorf("index: %w", err)
			}
			index, err := commit(p.index.file, ctx, partName(indexDir, p.num, key))
			index.Rows, index.Key = p.rows, ""
			line.Index = &index
			return err
		})
	}
	return writing.Wait()
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
