package dataset

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// ReadOptions say what is read and how fast. The zero value reads everything.
type ReadOptions struct {
	// Columns are the names on disk, with dots into lists and structs
	// ("messages.content"); nil = all. What is not read costs nothing.
	Columns []string
	Workers int // goroutines that decode ahead; 0 = one per CPU. Never changes the order
}

// Located is a row with its place.
type Located[T any] struct {
	Part    int // number of the part in the manifest
	PartKey pipeline.Key
	Row     int64 // row inside the part
	Value   *T

	Facts Facts // filled by Scalars
}

// A Ref is the place of one row: what a view records.
type Ref struct {
	PartKey pipeline.Key
	Row     int64
}

// Rows per batch: of text as few as keep the cost of a batch invisible, since
// a batch is memory; of narrow rows enough to do the same.
const (
	textBatchRows   = 16
	narrowBatchRows = 8192
)

func newScan[T Row](d *Dataset, o ReadOptions) (*scan[T], error) {
	c := codecOf[T]()
	if err := d.need(c.kind); err != nil {
		return nil, err
	}
	s := &scan[T]{d: d, columns: c.columns, workers: o.Workers, batch: narrowBatchRows}
	if c.hasText {
		s.batch = textBatchRows
	}
	if o.Columns != nil {
		var err error
		if s.columns, err = pick(c.columns, o.Columns); err != nil {
			return nil, fmt.Errorf("%s: %w", d.URI, err)
		}
		for _, n := range slices.Compact(slices.Sorted(slices.Values(o.Columns))) {
			if head, _, dotted := strings.Cut(n, "."); !dotted || !slices.Contains(o.Columns, head) {
				s.names = append(s.names, n)
			}
		}
	}
	return s, nil
}

// pick returns the named columns in the order they have on disk. A dotted name
// chooses a child of a list or struct.
func pick[E any](columns []column[E], names []string) ([]column[E], error) {
	children := map[string][]string{} // of the columns chosen; empty = whole
	whole := map[string]bool{}
	for _, n := range names {
		head, rest, dotted := strings.Cut(n, ".")
		children[head] = append(children[head], rest)
		whole[head] = whole[head] || !dotted
	}
	var picked []column[E]
	var known []string
	for _, c := range columns {
		known = append(known, c.name())
		some, chosen := children[c.name()]
		delete(children, c.name())
		if !chosen {
			continue
		}
		if !whole[c.name()] {
			if c.narrow == nil {
				return nil, fmt.Errorf("column %q has no parts", c.name())
			}
			own := c.own
			var err error
			if c, err = c.narrow(some); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
			c.own = own
		}
		picked = append(picked, c)
	}
	for _, n := range sortedKeys(children) {
		return nil, fmt.Errorf("no column %q (columns are %s)", n, strings.Join(known, ", "))
	}
	return picked, nil
}

// Read streams every row in order of part and row. An error ends the stream.
// Values belong to the receiver. Columns that were not asked for are zero.
func Read[T Row](ctx context.Context, d *Dataset, o ReadOptions) iter.Seq2[Located[T], error] {
	return func(yield func(Located[T], error) bool) {
		s, err := newScan[T](d, o)
		if err != nil {
			yield(Located[T]{}, fmt.Errorf("dataset: %w", err))
			return
		}
		deliver(d, s.run(ctx, s.all(ctx, d.Manifest.Parts)), yield)
	}
}

// deliver turns batches into rows.
func deliver[T Row](d *Dataset, batches iter.Seq[decoded[T]], yield func(Located[T], error) bool) {
	for b := range batches {
		if b.err != nil {
			yield(Located[T]{}, fmt.Errorf("dataset: %w", b.err))
			return
		}
		for i := range b.rows {
			l := Located[T]{Part: b.part, PartKey: d.Manifest.Parts[b.part].Key, Row: b.at[i], Value: &b.rows[i]}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// ReadAt streams chosen rows. Refs are sorted by part, in the order of the
// manifest, and row ([Dataset.SortRefs]); one given twice is handed out twice.
// Only row groups that hold one are opened.
func ReadAt[T Row](ctx context.Context, d *Dataset, refs []Ref, o ReadOptions) iter.Seq2[Located[T], error] {
	return func(yield func(Located[T], error) bool) {
		s, err := newScan[T](d, o)
		if err == nil {
			err = d.checkRefs(refs)
		}
		if err != nil {
			yield(Located[T]{}, fmt.Errorf("dataset: %w", err))
			return
		}
		deliver(d, s.run(ctx, s.chosen(ctx, refs)), yield)
	}
}

// chosen yields the row groups that hold refs.
func (s *scan[E]) chosen(ctx context.Context, refs []Ref) iter.Seq2[unit, error] {
	return func(yield func(unit, error) bool) {
		num := s.d.partNumbers()
		for len(refs) > 0 {
			key, n := refs[0].PartKey, 0
			for n < len(refs) && refs[n].PartKey == key {
				n++
			}
			rows := make([]int64, n)
			for i, r := range refs[:n] {
				rows[i] = r.Row
			}
			refs = refs[n:]
			if !s.groups(ctx, num[key], s.d.Manifest.Parts[num[key]], rows, yield) {
				return
			}
		}
	}
}

func (d *Dataset) partNumbers() map[pipeline.Key]int {
	num := make(map[pipeline.Key]int, len(d.Manifest.Parts))
	for i, p := range d.Manifest.Parts {
		if _, ok := num[p.Key]; !ok { // equal bytes are equal rows: the first will do
			num[p.Key] = i
		}
	}
	return num
}

func (d *Dataset) checkRefs(refs []Ref) error {
	num := d.partNumbers()
	for i, r := range refs {
		n, ok := num[r.PartKey]
		if !ok {
			return fmt.Errorf("%s: no part %s: the view is of another dataset", d.URI, r.PartKey)
		}
		if p := d.Manifest.Parts[n]; r.Row < 0 || r.Row >= p.Rows {
			return fmt.Errorf("%s/%s: row %d of %d: %w", d.URI, p.Path, r.Row, p.Rows, errNoRow)
		}
		if i == 0 {
			continue
		}
		before := num[refs[i-1].PartKey]
		if n < before || n == before && r.Row < refs[i-1].Row {
			return fmt.Errorf("%s: refs are not sorted by part and row at %d", d.URI, i)
		}
	}
	return nil
}

// SortRefs sorts refs into the order that ReadAt takes. Refs of parts that the
// dataset does not have go last, where ReadAt names them.
func (d *Dataset) SortRefs(refs []Ref) {
	num := d.partNumbers()
	at := func(r Ref) int {
		if n, ok := num[r.PartKey]; ok {
			return n
		}
		return len(num)
	}
	slices.SortStableFunc(refs, func(a, b Ref) int {
		if n := at(a) - at(b); n != 0 {
			return n
		}
		return int(min(1, max(-1, a.Row-b.Row)))
	})
}

// Scalars streams the scalar columns of trajectories from the index, with
// facts about the text, in the order of Read. No text is opened: messages,
// tools, patch and claims are nil.
func Scalars(ctx context.Context, d *Dataset) iter.Seq2[Located[pipeline.Trajectory], error] {
	return func(yield func(Located[pipeline.Trajectory], error) bool) {
		fail := func(err error) { yield(Located[pipeline.Trajectory]{}, fmt.Errorf("dataset: %w", err)) }
		if err := d.need(pipeline.KindTrajectories); err != nil {
			fail(err)
			return
		}
		parts, err := d.indexParts()
		if err != nil {
			fail(err)
			return
		}
		s := indexScan(d)
		for b := range s.run(ctx, s.all(ctx, parts)) {
			if b.err != nil {
				fail(b.err)
				return
			}
			for i := range b.rows {
				r := &b.rows[i]
				l := Located[pipeline.Trajectory]{Part: b.part, PartKey: d.Manifest.Parts[b.part].Key,
					Row: b.at[i], Value: &r.t, Facts: r.facts}
				if !yield(l, nil) {
					return
				}
			}
		}
	}
}

func indexScan(d *Dataset) *scan[indexRow] {
	return &scan[indexRow]{d: d, columns: indexColumns(), batch: narrowBatchRows}
}

// indexParts returns the index file of every part.
func (d *Dataset) indexParts() ([]Part, error) {
	files := make(map[string]Part, len(d.Manifest.Files))
	for _, f := range d.Manifest.Files {
		files[f.Path] = f
	}
	parts := make([]Part, len(d.Manifest.Parts))
	for i, p := range d.Manifest.Parts {
		name := partName(indexDir, i, p.Key)
		f, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%s: the manifest lists no %s", d.URI, name)
		}
		parts[i] = f
	}
	return parts, nil
}

// Rejects streams every record that was not kept, in the order it was met.
func Rejects(ctx context.Context, d *Dataset) iter.Seq2[pipeline.Reject, error] {
	return func(yield func(pipeline.Reject, error) bool) {
		if err := rejectLines(ctx, d, yield); err != nil {
			yield(pipeline.Reject{}, fmt.Errorf("dataset: %w", err))
		}
	}
}
