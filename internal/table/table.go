package table

import (
	"bytes"
	"context"
	"encoding/binary"
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
	// maxRowBytes bounds a row where the caller does not.
	maxRowBytes = 128 << 20
	// maxLongRows ends a table: a hostile file of a few bytes can hold any number
	// of rows that are too long, and each is some work.
	maxLongRows = 256
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
	// RowBytes is how long the JSON of a row may be, 128 MiB unless it is set.
	RowBytes int64

	batches func(context.Context, func(arrow.RecordBatch, error) bool)
}

// Open opens a table of the given size. The reader must stay open while rows
// are read.
func Open(r io.ReaderAt, size int64) (*Table, error) {
	head := make([]byte, min(size, 16))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("table: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
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
		from, to, err := streamOf(r, size)
		if err != nil {
			return nil, err
		}
		return openArrow(io.NewSectionReader(r, from, to-from), to-from)
	case ArrowStream:
		return openArrow(io.NewSectionReader(r, 0, size), size)
	}
	return nil, errors.New("table: neither Parquet nor Arrow")
}

// The magic bytes of an Arrow file stand at both ends: padded at the first, after
// the footer and its length at the last.
const (
	arrowMagic    = "ARROW1"
	arrowLead     = 8
	arrowTailSize = 4 + len(arrowMagic)
)

// streamOf returns where the stream in an Arrow file lies: everything between
// the first magic bytes and the footer, which repeats the schema and says where
// batches are.
func streamOf(r io.ReaderAt, size int64) (from, to int64, err error) {
	tail := make([]byte, arrowTailSize)
	if size < arrowLead+int64(arrowTailSize) {
		return 0, 0, fmt.Errorf("table: an Arrow file of %d bytes", size)
	}
	if n, err := r.ReadAt(tail, size-int64(arrowTailSize)); n < len(tail) {
		return 0, 0, fmt.Errorf("table: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	if string(tail[4:]) != arrowMagic {
		return 0, 0, errors.New("table: the Arrow file ends early: its last bytes are missing")
	}
	to = size - int64(arrowTailSize) - int64(binary.LittleEndian.Uint32(tail))
	if to < arrowLead {
		return 0, 0, errors.New("table: the footer of the Arrow file is longer than the file")
	}
	return arrowLead, to, nil
}

// openArrow opens the stream that r holds.
func openArrow(r io.Reader, size int64) (*Table, error) {
	f, err := ipc.NewReaderFromMessageReader(&messages{r: r, left: size, held: map[int64]int64{}})
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	return &Table{batches: func(_ context.Context, yield func(arrow.RecordBatch, error) bool) { streamBatches(f, yield) }}, nil
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
	limit, long := t.RowBytes, 0
	if limit <= 0 {
		limit = maxRowBytes
	}
	t.batches(ctx, func(b arrow.RecordBatch, fault error) bool {
		if fault != nil {
			err = fmt.Errorf("table: %w", fault)
			return false
		}
		for i := range int(b.NumRows()) {
			if err = ctx.Err(); err != nil {
				return false
			}
			line, bad := arrowjson.AppendRow(row[:0], b, i, int(limit))
			row = line
			if errors.Is(bad, arrowjson.ErrTooLong) {
				if long++; long > maxLongRows {
					err = fmt.Errorf("table: more than %d rows of over %d bytes", maxLongRows, limit)
					return false
				}
			}
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
