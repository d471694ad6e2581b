package sources

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/swerm/swerm/internal/table"
	"github.com/swerm/swerm/sources/format"
)

func isTable(head []byte) bool { return table.KindOf(head) != table.None }

// table reads the rows of a Parquet or Arrow file, each as a JSON object.
func (o *opened) table() error {
	at, size, err := o.anywhere()
	if err != nil {
		return o.w.unreadable(o.file, err)
	}
	t, err := table.Open(at, size)
	if err != nil {
		return o.w.unreadable(o.file, err)
	}
	t.RowBytes = o.w.r.limit()
	if len(t.Skipped) > 0 {
		slog.Warn("columns are not read", "file", o.member.Path, "columns", strings.Join(t.Skipped, ", "))
	}
	rows := tableRows{o: o}
	for row, err := range t.Rows(o.w.ctx) {
		if err = rows.add(row, err); err != nil {
			if errors.Is(err, errSettled) {
				return nil
			}
			return err
		}
	}
	return rows.end()
}

// anywhere returns the file for reading at any offset: itself where it lies on
// a disk, a copy in scratch space where it comes as a stream.
func (o *opened) anywhere() (io.ReaderAt, int64, error) {
	if f, ok := o.r.(interface {
		io.ReaderAt
		Stat() (os.FileInfo, error)
	}); ok {
		if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
			return f, st.Size(), nil
		}
	}
	s := newSpill("")
	if _, err := s.write(*o.buf); err != nil {
		return nil, 0, err
	}
	for !o.end {
		*o.buf = (*o.buf)[:0]
		if err := o.fill(pieceBytes); err != nil {
			return nil, 0, err
		}
		if _, err := s.write(*o.buf); err != nil {
			return nil, 0, err
		}
	}
	return s.file, s.size, nil
}

// errSettled says that nothing more of a file is wanted.
var errSettled = errors.New("settled")

// tableRows gathers rows into jobs.
type tableRows struct {
	o    *opened
	row  int64 // number of the next row
	data *[]byte
	ends []int
	from int64 // number of the first row in data
}

func (t *tableRows) add(row []byte, err error) error {
	var bad *table.RowError
	switch {
	case errors.As(err, &bad):
		if err := t.flush(); err != nil {
			return err
		}
		err = t.o.w.settle(t.o.file, t.o.failed(t.row, bad.Err))
		t.row, t.from = t.row+1, t.row+1
		return err
	case err != nil:
		if err := t.flush(); err != nil {
			return err
		}
		if err := t.o.w.settle(t.o.file, t.o.failed(t.row, fmt.Errorf("%w; what follows in the file is not read", err))); err != nil {
			return err
		}
		return errSettled
	}
	if t.o.rows == nil {
		if err := t.lead(row); err != nil {
			return err
		}
	}
	if t.data == nil {
		t.data = t.o.w.r.buffers.get(minBuffer)
	}
	*t.data = append(append(*t.data, row...), '\n')
	t.ends = append(t.ends, len(*t.data))
	if t.row++; len(*t.data) >= pieceBytes {
		return t.flush()
	}
	return nil
}

// lead looks at the first row, which has the columns of all.
func (t *tableRows) lead(row []byte) error {
	o := t.o
	sh := format.ShapeOf(row)
	claims := o.w.r.claimants(sh)
	if len(claims) == 0 {
		var err error
		if o.named {
			err = o.w.unreadable(o.file, fmt.Errorf("%w: its first row is %s", ErrUnrecognized, &sh))
		} else {
			err = o.w.settle(o.file, o.ignoredAs(row))
		}
		return errors.Join(err, errSettled)
	}
	f, err := only(claims, &sh)
	if err != nil {
		return errors.Join(o.w.unreadable(o.file, err), errSettled)
	}
	o.rows = leadOf(f, &sh)
	return nil
}

// flush makes a job of what was gathered.
func (t *tableRows) flush() error {
	if t.data == nil {
		return nil
	}
	j := &job{file: t.o.file, data: t.data, first: t.from, ends: t.ends}
	t.data, t.ends, t.from = nil, nil, t.row
	if err := t.o.w.hold(j, int64(len(*j.data))); err != nil {
		return err
	}
	return t.o.w.submit(j)
}

// end passes on the last rows. A table without any holds nothing to judge.
func (t *tableRows) end() error {
	if t.o.rows == nil && t.row == 0 {
		return t.o.w.ignore(t.o.file)
	}
	return t.flush()
}
