package columnar

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var errStub = errors.New("columnar: not available yet")

type Codec string

const (
	Zstd         Codec = "zstd"
	Snappy       Codec = "snappy"
	Uncompressed Codec = "none"
)

type Level string

const (
	Fastest Level = "fastest"
	Default Level = "default"
	Better  Level = "better"
)

type WriterOptions struct {
	Codec      Codec             // "" = Zstd
	Level      Level             // "" = Default
	PageBytes  int               // 0 = DefaultPageBytes
	CreatedBy  string            // "" = DefaultCreatedBy
	KeyValue   map[string]string // file metadata
	Dictionary []string          // dotted paths of low-cardinality string columns: "policy", "messages.role"
}

type Writer struct{}

func NewWriter(w io.Writer, sc *arrow.Schema, o WriterOptions) (*Writer, error) { return nil, errStub }
func (w *Writer) NewRowGroup() *RowGroup                                       { return nil }
func (w *Writer) Commit(g *RowGroup) error                                     { return errStub }
func (w *Writer) Close() error                                                 { return errStub }

type RowGroup struct{}

func (g *RowGroup) Write(b arrow.RecordBatch) error { return errStub }
func (g *RowGroup) Finish() error                   { return errStub }
func (g *RowGroup) Rows() int64                     { return 0 }
func (g *RowGroup) RawBytes() int64                 { return 0 }

func Size(b arrow.RecordBatch) int64 { return 0 }

type OpenOptions struct {
	Name        string
	Allocator   memory.Allocator
	MemoryLimit int64
}

type File struct{}

func OpenFile(r io.ReaderAt, size int64, o OpenOptions) (*File, error) { return nil, errStub }
func (f *File) Schema() *arrow.Schema                                 { return nil }
func (f *File) NumRows() int64                                        { return 0 }
func (f *File) NumRowGroups() int                                     { return 0 }
func (f *File) RowGroupRows(i int) int64                              { return 0 }
func (f *File) KeyValue(key string) (string, bool)                    { return "", false }
func (f *File) CreatedBy() string                                     { return "" }

type Select struct {
	Columns   []string
	RowGroups []int
	BatchRows int
}

func (f *File) Batches(ctx context.Context, s Select) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) { yield(nil, errStub) }
}
