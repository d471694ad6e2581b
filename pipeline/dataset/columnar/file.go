package columnar

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// OpenOptions say how a file is read. The zero value is the default.
type OpenOptions struct {
	Name      string           // what errors call the file; "" = "parquet file"
	Allocator memory.Allocator // of batches and pages; nil = memory shared by all readers

	// MemoryLimit bounds what one call of Batches holds at once: its pages and
	// the batch it is building. 0 = DefaultMemoryLimit, and less for a file that
	// is so small that it could not need that much.
	MemoryLimit int64
}

// A File is an open Parquet file. Its methods may be called from any number of
// goroutines.
type File struct {
	r       io.ReaderAt
	name    string
	mem     memory.Allocator // of batches
	pages   memory.Allocator
	limit   int64
	foot    *footer
	lay     *layout
	schema  *arrow.Schema
	mustCRC bool // written by this package: every page has a CRC
}

// OpenFile reads the footer of a Parquet file of the given size. It does not
// take r over: the caller closes it after the last use of the File.
func OpenFile(r io.ReaderAt, size int64, o OpenOptions) (f *File, err error) {
	if o.Name == "" {
		o.Name = "parquet file"
	}
	defer recoverTo(&err, "columnar: "+o.Name+": ")
	pages := o.Allocator
	if o.Allocator == nil {
		o.Allocator, pages = &sharedPool, &sharedPages
	}
	if o.MemoryLimit == 0 {
		// No text that is worth storing shrinks more than a thousandfold.
		o.MemoryLimit = min(DefaultMemoryLimit, 256<<20+1024*size)
	}
	foot, err := readFooter(r, size)
	if err != nil {
		return nil, fmt.Errorf("columnar: %s: %w", o.Name, err)
	}
	lay, err := layoutOf(foot.schema)
	if err == nil {
		err = lay.checkGroups(foot.groups)
	}
	if err != nil {
		return nil, fmt.Errorf("columnar: %s: %w", o.Name, err)
	}
	return &File{
		r: r, name: o.Name, mem: o.Allocator, pages: pages, limit: o.MemoryLimit, foot: foot, lay: lay,
		schema: schemaOf(lay.tops), mustCRC: foot.createdBy == DefaultCreatedBy,
	}, nil
}

// recoverTo turns a panic of the decoder into an error that says where it was.
// It must be deferred by the goroutine that decodes.
func recoverTo(err *error, prefix string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s%w: decoder panicked: %v (%s)", prefix, ErrCorrupt, p, panicSite(debug.Stack()))
	}
}

// panicSite picks the line of this package that a stack trace blames.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.Contains(l, "/columnar.") && !strings.Contains(l, "recoverTo") && i+1 < len(lines) {
			at := strings.TrimSpace(lines[i+1])
			return at[strings.LastIndexByte(at, '/')+1:]
		}
	}
	return "outside this package"
}

func schemaOf(tops []*node) *arrow.Schema {
	fields := make([]arrow.Field, len(tops))
	for i, n := range tops {
		fields[i] = n.field()
	}
	return arrow.NewSchema(fields, nil)
}

// checkGroups makes sure that every row group has the columns of the schema.
func (l *layout) checkGroups(groups []groupMeta) error {
	for i := range groups {
		g := &groups[i]
		if len(g.chunks) != l.columns {
			return corrupt("row group %d has %d columns, the schema %d", i, len(g.chunks), l.columns)
		}
		for j := range g.chunks {
			m := &g.chunks[j]
			if m.phys != l.phys[j] {
				return corrupt("row group %d, column %d is %s, the schema says %s", i, j, m.phys, l.phys[j])
			}
			if m.locked {
				return fmt.Errorf("row group %d, column %d is encrypted or in another file", i, j)
			}
		}
	}
	return nil
}

// Schema is the schema of the columns that can be read. Lists name their
// elements "item", whatever the file calls them.
func (f *File) Schema() *arrow.Schema { return f.schema }

// Skipped names the columns of types that this package does not read, with the
// reason in parentheses.
func (f *File) Skipped() []string { return f.lay.skipped }

// NumRows is the number of rows in the file.
func (f *File) NumRows() int64 { return f.foot.rows }

// NumRowGroups is the number of row groups in the file.
func (f *File) NumRowGroups() int { return len(f.foot.groups) }

// RowGroupBytes is the size of the values in row group i, of all columns or of
// some as in a [Select], as the file says.
func (f *File) RowGroupBytes(i int, columns []string) (int64, error) {
	tops, err := f.lay.pick(columns)
	if err != nil {
		return 0, fmt.Errorf("columnar: %s: %w", f.name, err)
	}
	n := int64(0)
	for _, top := range tops {
		for _, l := range top.leaves(nil) {
			n += min(max(f.foot.groups[i].chunks[l.leaf].raw, 0), 1<<40)
		}
	}
	return n, nil
}

// RowGroupRows is the number of rows in row group i.
func (f *File) RowGroupRows(i int) int64 { return f.foot.groups[i].rows }

// KeyValue looks up an entry of the file's own metadata.
func (f *File) KeyValue(key string) (string, bool) {
	v, ok := f.foot.keyValue[key]
	return v, ok
}

// CreatedBy is what wrote the file, as it says itself.
func (f *File) CreatedBy() string { return f.foot.createdBy }

// A Select says what of a file is read. The zero value is everything.
type Select struct {
	// Columns names top-level columns, or parts of them by dotted paths through
	// lists and structs ("messages.role"); nil means all. Batches have them in
	// the order of the file.
	Columns []string

	// RowGroups are read in the order given; nil means all.
	RowGroups []int

	// Rows are the rows to read of the row group, counted from its first and
	// ascending; nil means all. Where pages say how many rows they have, those
	// that hold none are not decoded. There is one row group then.
	Rows []int64

	// Workers above 1 decode that many pages at a time, each before its turn, which
	// takes the memory of twice the pages and changes nothing else.
	Workers int

	// BatchRows is the number of rows of a batch; the last of a row group may
	// have fewer. 0 means about 16 MiB of values.
	BatchRows int
}

const (
	autoBatchBytes = 16 << 20
	autoBatchRows  = 16 << 10
)

// Batches reads record batches. No batch spans row groups. A batch is valid
// until the next step of the iteration; Retain keeps it longer, and a batch that
// is kept must be released. The first error ends the iteration.
//
// Without Workers, decoding happens on the caller's goroutine: to use several, one
// may select different row groups of one File on each, too.
func (f *File) Batches(ctx context.Context, sel Select) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		if err := f.batches(ctx, sel, yield); err != nil {
			yield(nil, err)
		}
	}
}

// checkRows makes sure that the rows to read are some of a row group's.
func (s *Select) checkRows(rows int64) error {
	for i, r := range s.Rows {
		switch {
		case r < 0 || r >= rows:
			return fmt.Errorf("no row %d; there are %d", r, rows)
		case i > 0 && r <= s.Rows[i-1]:
			return fmt.Errorf("row %d is selected behind row %d", r, s.Rows[i-1])
		}
	}
	return nil
}

// batches returns an error that yield has not seen.
func (f *File) batches(ctx context.Context, sel Select, yield func(arrow.RecordBatch, error) bool) error {
	tops, err := f.lay.pick(sel.Columns)
	if err != nil {
		return fmt.Errorf("columnar: %s: %w", f.name, err)
	}
	if sel.BatchRows < 0 {
		return fmt.Errorf("columnar: %s: batches of %d rows", f.name, sel.BatchRows)
	}
	groups := sel.RowGroups
	if groups == nil {
		for i := range f.foot.groups {
			groups = append(groups, i)
		}
	}
	if sel.Rows != nil && len(groups) != 1 {
		return fmt.Errorf("columnar: %s: rows of %d row groups are selected", f.name, len(groups))
	}
	schema := schemaOf(tops)
	for _, g := range groups {
		if g < 0 || g >= len(f.foot.groups) {
			return fmt.Errorf("columnar: %s: no row group %d; there are %d", f.name, g, len(f.foot.groups))
		}
		if err := sel.checkRows(f.foot.groups[g].rows); err != nil {
			return fmt.Errorf("columnar: %s: row group %d: %w", f.name, g, err)
		}
		more, err := f.group(ctx, g, tops, schema, sel, yield)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// group reads one row group. It reports whether yield wants more.
func (f *File) group(ctx context.Context, g int, tops []*node, schema *arrow.Schema, sel Select, yield func(arrow.RecordBatch, error) bool) (bool, error) {
	s := f.newStream(g, tops, schema, sel)
	defer s.close()
	for s.left > 0 {
		if err := ctx.Err(); err != nil {
			return false, fmt.Errorf("columnar: %s: %w", f.name, err)
		}
		b, err := s.next()
		if err != nil {
			return false, fmt.Errorf("columnar: %s: row group %d: %w", f.name, g, err)
		}
		more := yield(b, nil)
		b.Release()
		if !more {
			return false, nil
		}
	}
	return true, nil
}
