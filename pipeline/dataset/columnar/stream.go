package columnar

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// A stream reads one row group, all of it or some rows.
type stream struct {
	f       *File
	tops    []*node
	schema  *arrow.Schema
	cols    []*columnReader // of the selected leaves, in file order
	byLeaf  map[int]*columnReader
	workers int
	budget  budget

	left int64   // rows to hand out
	rows int     // per batch
	want []int64 // rows that are left to hand out; nil = all that follow
	at   int64   // the row behind those that were read
}

// denseRows is of how many rows one has to be wanted for most pages to be: they are
// decoded ahead then, and none is passed by.
const denseRows = 8

func (f *File) newStream(g int, tops []*node, schema *arrow.Schema, sel Select) *stream {
	meta := &f.foot.groups[g]
	s := &stream{
		f: f, tops: tops, schema: schema, left: meta.rows, rows: sel.BatchRows, want: sel.Rows, workers: sel.Workers,
		byLeaf: map[int]*columnReader{}, budget: budget{mem: f.mem, pages: f.pages, limit: f.limit},
	}
	var raw int64
	for _, top := range tops {
		for _, l := range top.leaves(nil) {
			m := &meta.chunks[l.leaf]
			c := &columnReader{pageReader: newPageReader(l, m, f, &s.budget)}
			c.keepLevels = top.kind != kindLeaf
			s.cols = append(s.cols, c)
			s.byLeaf[l.leaf] = c
			raw += min(m.raw, 1<<40)
		}
	}
	if s.rows == 0 && s.left > 0 {
		s.rows = int(max(1, min(autoBatchRows, autoBatchBytes/max(1, raw/s.left))))
	}
	if s.want != nil {
		s.left = int64(len(s.want))
	}
	if s.workers > 1 && (s.want == nil || s.left > meta.rows/denseRows) {
		s.startAhead(s.workers)
	}
	return s
}

func (s *stream) column(leaf *node) *columnReader { return s.byLeaf[leaf.leaf] }

func (s *stream) close() {
	for _, c := range s.cols {
		c.abandon()
		c.close()
	}
}

// next decodes a batch. After an error the stream can only be closed.
func (s *stream) next() (b arrow.RecordBatch, err error) {
	defer recoverTo(&err, "")
	n := int(min(int64(s.rows), s.left))
	s.left -= int64(n)
	if s.want == nil {
		err = s.readAll(n)
	} else {
		err = s.readChosen(n)
	}
	if err != nil {
		return nil, err
	}
	cols := make([]arrow.Array, 0, len(s.tops))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for _, top := range s.tops {
		d, err := s.assemble(top, n)
		if err != nil {
			return nil, err
		}
		cols = append(cols, array.MakeFromData(d))
		d.Release()
	}
	return array.NewRecordBatch(s.schema, cols, int64(n)), nil
}

// readAll reads the next n rows of every column.
func (s *stream) readAll(n int) error {
	for _, c := range s.cols {
		if err := s.read(c, n); err != nil {
			return fmt.Errorf("column %s: %w", c.n.path, err)
		}
	}
	return nil
}

func (s *stream) read(c *columnReader, rows int) error {
	if err := c.begin(rows); err != nil {
		return err
	}
	if err := c.read(rows); err != nil {
		if errors.Is(err, io.EOF) {
			return corrupt("chunk ends %d rows early", rows)
		}
		return err
	}
	if s.left == 0 {
		return c.finish()
	}
	return nil
}

// readChosen reads the next n of the wanted rows. Where these are few, batches are
// mostly pages that hold one of them, and columns share the work.
func (s *stream) readChosen(n int) error {
	chosen, errs := s.want[:n], make([]error, len(s.cols))
	turns := make(chan struct{}, max(s.workers, 1))
	var wg sync.WaitGroup
	for i, c := range s.cols {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			defer recoverTo(&errs[i], "")
			errs[i] = c.readRows(s.at, chosen)
		})
	}
	wg.Wait()
	s.want, s.at = s.want[n:], chosen[n-1]+1
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("column %s: %w", s.cols[i].n.path, err)
		}
	}
	return nil
}

// readRows makes a batch of the chosen rows, from the place at on.
func (c *columnReader) readRows(at int64, chosen []int64) error {
	if err := c.begin(len(chosen)); err != nil {
		return err
	}
	for len(chosen) > 0 {
		n := 1
		for n < len(chosen) && chosen[n] == chosen[n-1]+1 {
			n++
		}
		if err := c.skip(int(chosen[0] - at)); err != nil {
			return err
		}
		if err := c.read(n); err != nil {
			return err
		}
		at, chosen = chosen[n-1]+1, chosen[n:]
	}
	return nil
}
