package instance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/swerm/swerm/internal/table"
)

// tableHead is enough of a file to tell a table.
const tableHead = 16

// tableRows yields the rows of a table, which is copied to scratch space: it is
// read from its end.
func tableRows(ctx context.Context, r io.Reader, yield func([]byte, error) bool) {
	f, size, err := spill(r)
	if err != nil {
		yield(nil, err)
		return
	}
	defer f.Close()
	t, err := table.Open(f, size)
	if err != nil {
		yield(nil, err)
		return
	}
	for row, err := range t.Rows(ctx) {
		var bad *table.RowError
		if errors.As(err, &bad) {
			row, err = null, nil // a row that JSON has no form for says nothing
		}
		if !yield(bytes.Clone(row), err) {
			return
		}
	}
}

// spill copies a stream to a file that nobody else sees.
func spill(r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "swerm-tasks-*")
	if err != nil {
		return nil, 0, fmt.Errorf("scratch space: %w", err)
	}
	_ = os.Remove(f.Name()) // where that works, nothing is left behind by a crash
	size, err := io.Copy(f, r)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}
