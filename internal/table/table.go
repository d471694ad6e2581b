package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/swerm/swerm/internal/arrowjson"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

const (
	// maxMetadataBytes bounds a schema of an Arrow file.
	maxMetadataBytes = 16 << 20
	// maxBatchBytes bounds a batch of an Arrow file: the writers at hand put
	// a thousand rows in one.
	maxBatchBytes = 256 << 20
	// parquetMemory bounds what decoding holds of a Parquet file.
	parquetMemory = 192 << 20
)

// Kind is what the first bytes of a file say.
type Kind int

// The kinds of table, and none.
const (
	None Kind = iota
	Parquet
	ArrowFile
	ArrowStream
)

// KindOf looks at the beginning of a file.
func KindOf(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Parquet
	case bytes.HasPrefix(head, []byte("ARROW1\x00\x00")):
		return ArrowFile
	case len(head) >= 8 && bytes.HasPrefix(head, []byte{0xff, 0xff, 0xff, 0xff}):
		return ArrowStream
	}
	return None
}

// A Table is an open table.
type Table struct {
	// Skipped names the columns that are not read, each with its type.
	Skipped []string

	batches func(context.Context, func(arrow.RecordBatch, error) bool)
}

// Open opens a table of the given size. The reader must stay open while rows
// are read.
func Open(r io.ReaderAt, size int64) (*Table, error) {
	head := make([]byte, min(size, 16))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("table: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	whole := io.NewSectionReader(r, 0, size)
	switch KindOf(head) {
	case Parquet:
		f, err := columnar.OpenFile(r, size, columnar.OpenOptions{Name: "table", MemoryLimit: parquetMemory})
		if err != nil {
			return nil, err
		}
		var columns []string
		for _, c := range f.Schema().Fields() {
			columns = append(columns, c.Name)
		}
		return &Table{Skipped: f.Skipped(), batches: func(ctx context.Context, yield func(arrow.RecordBatch, error) bool) {
			f.Batches(ctx, columnar.Select{Columns: columns})(yield)
		}}, nil
	case ArrowFile:
		f, err := ipc.NewFileReader(whole, arrowLimits()...)
		if err != nil {
			return nil, fmt.Errorf("table: %w", err)
		}
		return &Table{batches: func(_ context.Context, yield func(arrow.RecordBatch, error) bool) { fileBatches(f, yield) }}, nil
	case ArrowStream:
		f, err := ipc.NewReader(whole, arrowLimits()...)
		if err != nil {
			return nil, fmt.Errorf("table: %w", err)
		}
		return &Table{batches: func(_ context.Context, yield func(arrow.RecordBatch, error) bool) { streamBatches(f, yield) }}, nil
	}
	return nil, errors.New("table: neither Parquet nor Arrow")
}

func arrowLimits() []ipc.Option {
	return []ipc.Option{ipc.WithMetadataSizeLimit(maxMetadataBytes), ipc.WithBodySizeLimit(maxBatchBytes)}
}

func fileBatches(f *ipc.FileReader, yield func(arrow.RecordBatch, error) bool) {
	defer f.Close()
	for i := range f.NumRecords() {
		b, err := f.RecordBatch(i)
		if err != nil {
			yield(nil, err)
			return
		}
		more := yield(b, nil)
		b.Release()
		if !more {
			return
		}
	}
}

func streamBatches(f *ipc.Reader, yield func(arrow.RecordBatch, error) bool) {
	defer f.Release()
	for f.Next() {
		if !yield(f.RecordBatch(), nil) {
			return
		}
	}
	if err := f.Err(); err != nil && err != io.EOF {
		yield(nil, err)
	}
}

// Rows yields every row as one JSON object, valid until the next step. An error
// of a row (a value that JSON has no form for) is a [RowError] and ends that
// row; any other error ends the table.
func (t *Table) Rows(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := t.rows(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// A RowError is a row that could not be read.
type RowError struct{ Err error }

// Error says why.
func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

func (t *Table) rows(ctx context.Context, yield func([]byte, error) bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("table: the reader panicked: %v", p)
		}
	}()
	var row []byte
	t.batches(ctx, func(b arrow.RecordBatch, fault error) bool {
		if fault != nil {
			err = fmt.Errorf("table: %w", fault)
			return false
		}
		for i := range int(b.NumRows()) {
			if err = ctx.Err(); err != nil {
				return false
			}
			line, bad := arrowjson.AppendRow(row[:0], b, i)
			row = line
			if bad != nil {
				line, bad = nil, &RowError{bad}
			}
			if !yield(line, bad) {
				err = errStop
				return false
			}
		}
		return true
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// errStop unwinds a reading that its consumer ended.
var errStop = errors.New("stop")
