package columnar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// DefaultCreatedBy names the writer in a file's footer. It is a constant, so
// that a file says nothing of when and where it was made.
const DefaultCreatedBy = "swerm version 1 (build columnar)"

// WriterOptions say how a file is written. The zero value is the default.
type WriterOptions struct {
	Codec     Codec             // "" = Zstd
	Level     Level             // "" = Default
	PageBytes int               // raw bytes that close a data page; 0 = DefaultPageBytes, or WidePageBytes
	CreatedBy string            // "" = DefaultCreatedBy
	KeyValue  map[string]string // metadata of the file

	// Submit runs a piece of work that may be done by any goroutine; nil means at
	// once. Pieces are begun in the order in which they are given, by goroutines that
	// fill, finish and commit row groups.
	Submit func(work func())

	// Dictionary names string columns of few distinct values by their dotted
	// paths ("policy", "messages.role"). A column that turns out to have many is
	// written plain from there on.
	Dictionary []string
}

// validate fills in defaults and reports every fault.
func (o *WriterOptions) validate(tops []*node) error {
	if o.Codec == "" {
		o.Codec = Zstd
	}
	if o.Level == "" {
		o.Level = Default
	}
	if o.PageBytes == 0 && o.Level == Fastest {
		o.PageBytes = WidePageBytes
	}
	if o.PageBytes == 0 {
		o.PageBytes = DefaultPageBytes
	}
	if o.Submit == nil {
		o.Submit = func(work func()) { work() }
	}
	if o.CreatedBy == "" {
		o.CreatedBy = DefaultCreatedBy
	}
	var faults []error
	if _, ok := o.Codec.format(); !ok {
		faults = append(faults, fmt.Errorf("columnar: codec %q: choose %s, %s or %s", o.Codec, Zstd, Snappy, Uncompressed))
	}
	if !o.Level.valid() {
		faults = append(faults, fmt.Errorf("columnar: level %q: choose %s, %s or %s", o.Level, Fastest, Default, Better))
	}
	if o.PageBytes < 0 || o.PageBytes > MaxRowBytes {
		faults = append(faults, fmt.Errorf("columnar: page size %d is outside 1 to %d", o.PageBytes, MaxRowBytes))
	}
	var text []string
	for _, top := range tops {
		for _, l := range top.leaves(nil) {
			if l.phys == format.ByteArray {
				text = append(text, l.path)
			}
		}
	}
	for _, d := range o.Dictionary {
		if !slices.Contains(text, d) {
			faults = append(faults, fmt.Errorf("columnar: dictionary column %q is no string column of the schema", d))
		}
	}
	return errors.Join(faults...)
}

// A Writer writes one Parquet file. NewRowGroup may be called from any
// goroutine; Commit and Close from one at a time.
type Writer struct {
	out    *countingWriter
	schema *arrow.Schema
	tops   []*node
	leaves []*node
	opt    WriterOptions
	cmp    *compressor

	largest []atomic.Int64 // page of values of each column so far: what the next one will need

	groups  []format.RowGroup
	indexes [][]chunkIndex
	rows    int64
	err     error
	closed  bool

	free *freeList[*RowGroup] // of all files that are made in one memory
}

// A chunkIndex is the page index of one column chunk.
type chunkIndex struct {
	columns *format.ColumnIndex // nil where a page has no bounds
	offsets format.OffsetIndex
}

// NewWriter starts a file on w, which is written to in order and not closed.
func NewWriter(w io.Writer, sc *arrow.Schema, o WriterOptions) (*Writer, error) {
	tops, err := treeOf(sc)
	if err != nil {
		return nil, err
	}
	if err := o.validate(tops); err != nil {
		return nil, err
	}
	return newWriter(w, sc, tops, o, &compressor{codec: o.Codec, level: o.Level, submit: o.Submit})
}

func newWriter(w io.Writer, sc *arrow.Schema, tops []*node, o WriterOptions, cmp *compressor) (*Writer, error) {
	o.Dictionary = slices.Clone(o.Dictionary)
	o.KeyValue = maps.Clone(o.KeyValue)
	out := &Writer{out: newCountingWriter(w), schema: sc, tops: tops, opt: o, cmp: cmp, free: new(freeList[*RowGroup])}
	for _, top := range tops {
		out.leaves = top.leaves(out.leaves)
	}
	out.largest = make([]atomic.Int64, len(out.leaves))
	_, out.err = io.WriteString(out.out, magic)
	return out, out.err
}

// Next starts another file of the same schema and options, whose pages are made
// in the memory of the files before. Those need not be closed yet.
func (w *Writer) Next(out io.Writer) (*Writer, error) {
	next := &Writer{out: newCountingWriter(out), schema: w.schema, tops: w.tops, leaves: w.leaves, opt: w.opt, cmp: w.cmp, largest: w.largest, free: w.free}
	_, next.err = io.WriteString(next.out, magic)
	return next, next.err
}

// Beside starts a file of another schema with the codec, level and Submit of this
// one, whose pages are made in the same memory.
func (w *Writer) Beside(out io.Writer, sc *arrow.Schema, o WriterOptions) (*Writer, error) {
	tops, err := treeOf(sc)
	if err != nil {
		return nil, err
	}
	o.Codec, o.Level, o.Submit = w.opt.Codec, w.opt.Level, w.opt.Submit
	if err := o.validate(tops); err != nil {
		return nil, err
	}
	return newWriter(out, sc, tops, o, w.cmp)
}

// Last says that little more is written than what row groups hold already: memory is
// given back from here on as it becomes free.
func (w *Writer) Last() { w.cmp.buffers.regions.keepNone() }

// Release gives the memory back that pages lay in, of this file and of all that were
// started by Next and Beside from it or before it. Nothing may be written or
// committed any more. Without it some memory stays the process's.
func (w *Writer) Release() { w.cmp.buffers.regions.release() }

// SetKeyValue adds to the file's metadata what is known only now, before Close.
func (w *Writer) SetKeyValue(key, value string) {
	own := maps.Clone(w.opt.KeyValue)
	if own == nil {
		own = map[string]string{}
	}
	own[key] = value
	w.opt.KeyValue = own
}

// matches reports how a batch's schema differs from the file's.
func (w *Writer) matches(sc *arrow.Schema) error {
	if sc == w.schema {
		return nil
	}
	if sc.NumFields() != len(w.tops) {
		return fmt.Errorf("columnar: batch has %d columns, the file %d", sc.NumFields(), len(w.tops))
	}
	for i, f := range w.schema.Fields() {
		if g := sc.Field(i); g.Name != f.Name || !arrow.TypeEqual(f.Type, g.Type) {
			return fmt.Errorf("columnar: column %d of the batch is %s %s, of the file %s %s", i, g.Name, g.Type, f.Name, f.Type)
		}
	}
	return nil
}

// NewRowGroup starts a row group. It becomes part of the file when it is given
// to Commit; one that never is costs nothing.
func (w *Writer) NewRowGroup() *RowGroup {
	if g := w.free.get(); g != nil {
		g.w = w
		return g
	}
	g := &RowGroup{w: w, cols: make([]*chunkWriter, len(w.leaves))}
	for i, l := range w.leaves {
		g.cols[i] = &chunkWriter{n: l, path: w.columnPath(l), cmp: w.cmp, limit: w.opt.PageBytes, largest: &w.largest[i], useDict: slices.Contains(w.opt.Dictionary, l.path)}
	}
	return g
}

// Commit appends g to the file. The order of commits is the order of the rows.
// A row group without rows is left out. g must not be used afterwards.
func (w *Writer) Commit(g *RowGroup) error {
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return errors.New("columnar: Commit on a closed Writer")
	case g.w != w:
		return errors.New("columnar: Commit of another Writer's row group")
	}
	if g.err != nil {
		return g.err
	}
	if g.rows > 0 {
		if w.err = w.append(g); w.err != nil {
			return w.err
		}
	}
	w.recycle(g)
	return nil
}

func (w *Writer) recycle(g *RowGroup) {
	for _, c := range g.cols {
		c.reset()
	}
	g.rows, g.err = 0, nil
	w.free.put(g)
}

// append writes the pages of g and records where they are. Columns are closed on
// another goroutine, so that the first of them are in the file while the last are
// being compressed.
func (w *Writer) append(g *RowGroup) error {
	if len(w.groups) == MaxRowGroups {
		return fmt.Errorf("columnar: more than %d row groups, the most that Parquet numbers", MaxRowGroups)
	}
	closed := make([]chan error, len(g.cols))
	for i := range closed {
		closed[i] = make(chan error, 1)
	}
	var closing sync.WaitGroup
	defer closing.Wait()
	closing.Go(func() {
		for _, i := range g.closingOrder() {
			closed[i] <- g.cols[i].close()
		}
	})
	start := w.out.n
	rg := format.RowGroup{NumRows: g.rows, FileOffset: start, Ordinal: int16(len(w.groups))}
	var index []chunkIndex
	for i, c := range g.cols {
		if err := <-closed[i]; err != nil {
			return err
		}
		meta, idx, err := c.write(w.out, w.opt.Codec)
		if err != nil {
			return err
		}
		rg.Columns = append(rg.Columns, meta)
		rg.TotalByteSize += meta.MetaData.TotalUncompressedSize
		index = append(index, idx)
	}
	rg.TotalCompressedSize = w.out.n - start
	w.groups = append(w.groups, rg)
	w.indexes = append(w.indexes, index)
	w.rows += g.rows
	return nil
}

// Close writes the page indexes and the footer. It does not close the
// underlying writer. Without Close there is no file.
func (w *Writer) Close() error {
	if w.err != nil || w.closed {
		return w.err
	}
	w.closed = true
	w.err = w.finish()
	return w.err
}

func (w *Writer) finish() error {
	for i := range w.indexes {
		for j := range w.indexes[i] {
			if c := w.indexes[i][j].columns; c != nil {
				chunk := &w.groups[i].Columns[j]
				var err error
				if chunk.ColumnIndexOffset, chunk.ColumnIndexLength, err = w.thrift(c); err != nil {
					return err
				}
			}
		}
	}
	for i := range w.indexes {
		for j := range w.indexes[i] {
			chunk := &w.groups[i].Columns[j]
			var err error
			if chunk.OffsetIndexOffset, chunk.OffsetIndexLength, err = w.thrift(&w.indexes[i][j].offsets); err != nil {
				return err
			}
		}
	}
	_, n, err := w.thrift(w.footer())
	if err != nil {
		return err
	}
	tail := append([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, magic...)
	if _, err = w.out.Write(tail); err != nil {
		return err
	}
	return w.out.w.Flush()
}

func (w *Writer) thrift(v any) (offset int64, size int32, err error) {
	b, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		return 0, 0, fmt.Errorf("columnar: encoding the footer: %w", err)
	}
	offset = w.out.n
	if len(b) > MaxFooterBytes {
		return 0, 0, fmt.Errorf("columnar: footer of %d bytes, the limit is %d: write fewer row groups", len(b), MaxFooterBytes)
	}
	if _, err = w.out.Write(b); err != nil {
		err = fmt.Errorf("columnar: writing the footer: %w", err)
	}
	return offset, int32(len(b)), err
}

func (w *Writer) footer() *format.FileMetaData {
	ft := &format.FileMetaData{Version: 2, NumRows: w.rows, RowGroups: w.groups, CreatedBy: w.opt.CreatedBy}
	root := format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(w.tops)))}
	ft.Schema = append(ft.Schema, root)
	for _, top := range w.tops {
		ft.Schema = top.elements(ft.Schema, top.name)
	}
	for range w.leaves {
		ft.ColumnOrders = append(ft.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for _, k := range slices.Sorted(maps.Keys(w.opt.KeyValue)) {
		ft.KeyValueMetadata = append(ft.KeyValueMetadata, format.KeyValue{Key: k, Value: w.opt.KeyValue[k]})
	}
	return ft
}

// elements appends n as the schema of a footer flattens it.
func (n *node) elements(dst []format.SchemaElement, name string) []format.SchemaElement {
	e := format.SchemaElement{Name: name, RepetitionType: thrift.New(format.Required)}
	if n.nullable {
		e.RepetitionType = thrift.New(format.Optional)
	}
	switch n.kind {
	case kindLeaf:
		e.Type = thrift.New(n.phys)
		if n.typ.ID() == arrow.STRING {
			e.ConvertedType = thrift.New(deprecated.UTF8)
			e.LogicalType = format.LogicalType{Value: &format.StringType{}}
		}
		return append(dst, e)
	case kindList:
		e.NumChildren = thrift.New(int32(1))
		e.ConvertedType = thrift.New(deprecated.List)
		e.LogicalType = format.LogicalType{Value: &format.ListType{}}
		mid := format.SchemaElement{Name: "list", RepetitionType: thrift.New(format.Repeated), NumChildren: thrift.New(int32(1))}
		return n.kids[0].elements(append(dst, e, mid), "element")
	}
	e.NumChildren = thrift.New(int32(len(n.kids)))
	dst = append(dst, e)
	for _, k := range n.kids {
		dst = k.elements(dst, k.name)
	}
	return dst
}

// columnPath is the path of a leaf with the groups that a LIST adds.
func (w *Writer) columnPath(leaf *node) []string {
	for _, top := range w.tops {
		if p := top.find(leaf, nil, top.name); p != nil {
			return p
		}
	}
	return nil
}

func (n *node) find(leaf *node, path []string, name string) []string {
	path = append(slices.Clone(path), name)
	switch {
	case n == leaf:
		return path
	case n.kind == kindList:
		return n.kids[0].find(leaf, append(path, "list"), "element")
	}
	for _, k := range n.kids {
		if p := k.find(leaf, path, k.name); p != nil {
			return p
		}
	}
	return nil
}

// A countingWriter knows its offset. It puts the small together: headers, levels,
// pages of few values.
type countingWriter struct {
	w *bufio.Writer
	n int64
}

func newCountingWriter(w io.Writer) *countingWriter {
	return &countingWriter{w: bufio.NewWriterSize(w, smallWrites)}
}

// smallWrites is how much is written at once at least, before the end of the file.
const smallWrites = 64 << 10

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
