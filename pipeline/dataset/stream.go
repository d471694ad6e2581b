package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
	"github.com/swerm/swerm/pipeline/store"
)

// A scan is a run over row groups of some files, decoded ahead of the receiver
// on a bounded number of goroutines and handed out in order.
type scan[E any] struct {
	d       *Dataset
	columns []column[E]
	names   []string // of the columns to read
	workers int
	batch   int // rows decoded at once
}

// A unit is one row group to decode, whole or at chosen rows.
type unit struct {
	part  int
	file  *partFile
	group int
	bytes int64   // of the values to decode
	first int64   // row of the group's first row in the part
	rows  []int64 // rows of the part to hand out, ascending; nil = all
}

// A partFile is open while units of it are under way.
type partFile struct {
	blob store.Blob
	f    *columnar.File
	name string
	refs atomic.Int32
}

func (p *partFile) release() {
	if p.refs.Add(-1) == 0 {
		_ = p.blob.Close()
	}
}

// A decoded batch: rows[i] is row at[i] of the part.
type decoded[E any] struct {
	part int
	at   []int64
	rows []E
	err  error
}

// readers bounds goroutines that decode. More than the CPUs only holds memory.
func readers(workers int) int {
	if workers > 0 {
		return workers
	}
	return runtime.GOMAXPROCS(0)
}

// open opens one file of the dataset and checks that it is what the manifest
// and the kind say.
func (s *scan[E]) open(ctx context.Context, p Part) (*partFile, error) {
	blob, err := s.d.open(ctx, p.Path)
	if err != nil {
		return nil, err
	}
	name := s.d.URI + "/" + p.Path
	f, err := columnar.OpenFile(blob, blob.Size(), columnar.OpenOptions{Name: name})
	if err == nil {
		err = s.fits(f, p)
	}
	if err != nil {
		_ = blob.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	pf := &partFile{blob: blob, f: f, name: name}
	pf.refs.Store(1)
	return pf, nil
}

func (s *scan[E]) fits(f *columnar.File, p Part) error {
	if f.NumRows() != p.Rows {
		return fmt.Errorf("holds %d rows, the manifest says %d", f.NumRows(), p.Rows)
	}
	for _, c := range s.columns {
		at := f.Schema().FieldIndices(c.name())
		if len(at) != 1 {
			return fmt.Errorf("has no column %s", c.name())
		}
		got := f.Schema().Field(at[0])
		if got.Nullable != c.field.Nullable || !covers(got.Type, c.field.Type) {
			return fmt.Errorf("column %s is %s (nullable %v), not %s (nullable %v)",
				c.name(), got.Type, got.Nullable, c.field.Type, c.field.Nullable)
		}
	}
	return nil
}

// covers reports whether a file's type has everything a narrowed column wants.
func covers(file, want arrow.DataType) bool {
	switch want := want.(type) {
	case *arrow.ListType:
		l, ok := file.(*arrow.ListType)
		return ok && l.ElemField().Nullable == want.ElemField().Nullable && covers(l.Elem(), want.Elem())
	case *arrow.StructType:
		s, ok := file.(*arrow.StructType)
		for _, f := range want.Fields() {
			if !ok {
				return false
			}
			var g arrow.Field
			if g, ok = s.FieldByName(f.Name); ok {
				ok = g.Nullable == f.Nullable && covers(g.Type, f.Type)
			}
		}
		return ok
	}
	return arrow.TypeEqual(file, want)
}

// run streams the batches of all units in their order. The sequence of units
// is drawn on a goroutine of its own; every unit that it yields holds one
// reference on its file.
func (s *scan[E]) run(ctx context.Context, units iter.Seq2[unit, error]) iter.Seq[decoded[E]] {
	return func(yield func(decoded[E]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		// One unit is being received and at most workers-1 wait in line or are
		// being decoded ahead, as far as there is room for their pages.
		line := make(chan chan decoded[E], max(readers(s.workers)-2, 0))
		room := newRoom(aheadBytes)
		wg.Go(func() {
			defer close(line)
			for u, err := range units {
				out := make(chan decoded[E], 1)
				if err != nil {
					out <- decoded[E]{err: err}
					close(out)
				} else {
					if !room.enter(ctx, u.bytes) {
						u.file.release()
						return
					}
					wg.Go(func() {
						defer close(out)
						defer u.file.release()
						defer room.leave(u.bytes)
						s.decode(ctx, u, out)
					})
				}
				select {
				case line <- out:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		})
		defer wg.Wait()
		defer cancel()
		for out := range line {
			for d := range out {
				if !yield(d) || d.err != nil {
					return
				}
			}
		}
		if err := ctx.Err(); err != nil {
			yield(decoded[E]{err: err})
		}
	}
}

// decode sends the rows of one unit, batch by batch.
func (s *scan[E]) decode(ctx context.Context, u unit, out chan<- decoded[E]) {
	send := func(d decoded[E]) bool {
		select {
		case out <- d:
			return true
		case <-ctx.Done():
			return false
		}
	}
	sel := columnar.Select{Columns: s.names, RowGroups: []int{u.group}, Rows: u.chosen(), BatchRows: s.batch, Workers: readers(s.workers)}
	next := u.first
	for batch, err := range u.file.f.Batches(ctx, sel) {
		if err != nil {
			send(decoded[E]{part: u.part, err: fmt.Errorf("%s: row %d: %w", u.file.name, next, err)})
			return
		}
		at, spans := u.take(batch.NumRows())
		next = at[len(at)-1] + 1
		rows, err := rowsOf(s.columns, batch, spans)
		if err != nil {
			err = fmt.Errorf("%s: row %d: %w", u.file.name, at[0], err)
		}
		if !send(decoded[E]{part: u.part, at: at, rows: rows, err: err}) || err != nil {
			return
		}
	}
}

// chosen returns the rows to read of the row group, each once; nil = all.
func (u *unit) chosen() []int64 {
	if u.rows == nil {
		return nil
	}
	rows := make([]int64, 0, len(u.rows))
	for i, r := range u.rows {
		if i == 0 || r != u.rows[i-1] {
			rows = append(rows, r-u.first)
		}
	}
	return rows
}

// take returns which rows of the part the next n that were read are, and where
// they lie in the batch.
func (u *unit) take(n int64) (at []int64, spans []span) {
	if u.rows == nil {
		at = make([]int64, n)
		for i := range at {
			at[i] = u.first + int64(i)
		}
		u.first += n
		return at, []span{{0, len(at)}}
	}
	for i := 0; i < int(n); i++ {
		for r := u.rows[0]; len(u.rows) > 0 && u.rows[0] == r; u.rows = u.rows[1:] {
			at = append(at, r)
			spans = append(spans, span{i, i + 1})
		}
	}
	return at, spans
}

// all yields every row group of the parts.
func (s *scan[E]) all(ctx context.Context, parts []Part) iter.Seq2[unit, error] {
	return func(yield func(unit, error) bool) {
		for i, p := range parts {
			if !s.groups(ctx, i, p, nil, yield) {
				return
			}
		}
	}
}

// groups yields the row groups of one part that hold chosen rows, nil for all.
func (s *scan[E]) groups(ctx context.Context, num int, p Part, rows []int64, yield func(unit, error) bool) bool {
	pf, err := s.open(ctx, p)
	if err != nil {
		yield(unit{}, err)
		return false
	}
	defer pf.release()
	first := int64(0)
	for g := range pf.f.NumRowGroups() {
		u := unit{part: num, file: pf, group: g, first: first}
		first += pf.f.RowGroupRows(g)
		if rows != nil {
			n := 0
			for n < len(rows) && rows[n] < first {
				n++
			}
			if u.rows, rows = rows[:n:n], rows[n:]; n == 0 {
				continue
			}
		}
		if u.bytes, err = pf.f.RowGroupBytes(g, s.names); err != nil {
			yield(unit{}, err)
			return false
		}
		pf.refs.Add(1)
		if !yield(u, nil) {
			return false
		}
	}
	if len(rows) > 0 {
		yield(unit{}, fmt.Errorf("%s: row %d: beyond the last row %d: %w", pf.name, rows[0], first-1, errNoRow))
		return false
	}
	return true
}

var errNoRow = errors.New("no such row")
