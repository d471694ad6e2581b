package instance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/swerm/swerm/internal/table"
)

// A RowError is a row that gives no task, with its place. It ends the row.
type RowError struct {
	URI string
	Row int64
	Err error
}

// Error names file, row and cause.
func (e *RowError) Error() string { return fmt.Sprintf("%s: row %d: %v", e.URI, e.Row, e.Err) }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// ErrTooLarge is returned for a row over MaxRowBytes.
var ErrTooLarge = fmt.Errorf("over %d bytes", MaxRowBytes)

// Read streams the tasks of a file: JSON lines, a JSON list of rows, one row, or a
// table in Parquet or Arrow. An error that is a *RowError ends its row; any other
// ends the stream.
func Read(ctx context.Context, r io.Reader, uri string) iter.Seq2[*Task, error] {
	return FromRows(uri, func(yield func([]byte, error) bool) {
		b := bufio.NewReaderSize(r, 1<<16)
		head, err := b.Peek(tableHead)
		switch {
		case err != nil && err != io.EOF:
			yield(nil, err)
		case table.KindOf(head) != table.None:
			tableRows(ctx, b, yield)
		default:
			split(b, uri, yield)
		}
	})
}

// FromRows streams the tasks of rows that are JSON objects, such as those of a
// Parquet or Arrow table. An error of rows that wraps ErrTooLarge ends its row;
// any other ends the stream.
func FromRows(uri string, rows iter.Seq2[[]byte, error]) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		n := int64(0)
		for row, err := range rows {
			if err != nil && !errors.Is(err, ErrTooLarge) {
				yield(nil, fmt.Errorf("%s: row %d: %w", uri, n, err))
				return
			}
			var t *Task
			if err == nil {
				t, err = Parse(row)
			}
			if err != nil {
				err = &RowError{uri, n, err}
			}
			if !yield(t, err) {
				return
			}
			n++
		}
	}
}

// split yields the rows of a file.
func split(r *bufio.Reader, uri string, yield func([]byte, error) bool) {
	head, err := r.Peek(r.Size())
	if err != nil && err != io.EOF {
		yield(nil, err)
		return
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(first) == 0 {
		return
	}
	line, _, ended := bytes.Cut(first, []byte("\n"))
	switch {
	case first[0] == '[':
		if _, err := r.Discard(len(head) - len(first) + 1); err != nil {
			yield(nil, err)
			return
		}
		elements(r, yield)
	case strings.Contains(uri, ".jsonl") || ended && json.Valid(line):
		lines(r, yield)
	default:
		whole(r, yield)
	}
}

// whole yields a file that is one row, or lines the first of which is longer
// than a look at the head tells.
func whole(r *bufio.Reader, yield func([]byte, error) bool) {
	text, err := io.ReadAll(io.LimitReader(r, MaxRowBytes+1))
	if err != nil {
		yield(nil, err)
		return
	}
	line, _, ended := bytes.Cut(bytes.TrimLeft(text, "\xef\xbb\xbf \t\r\n"), []byte("\n"))
	switch {
	case ended && json.Valid(line):
		lines(bufio.NewReader(io.MultiReader(bytes.NewReader(text), r)), yield)
	case len(text) > MaxRowBytes:
		yield(nil, ErrTooLarge)
	default:
		yield(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil)
	}
}

// lines yields the lines that are not blank; one over the limit is read past.
func lines(r *bufio.Reader, yield func([]byte, error) bool) {
	for {
		line, long, err := readLine(r)
		if err != nil && err != io.EOF {
			yield(nil, err)
			return
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		switch {
		case long:
			if !yield(nil, ErrTooLarge) {
				return
			}
		case len(line) > 0:
			if !yield(line, nil) {
				return
			}
		}
		if err == io.EOF {
			return
		}
	}
}

func readLine(r *bufio.Reader) (line []byte, long bool, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if long = long || len(line)+len(piece) > MaxRowBytes; long {
			line = nil
		} else {
			line = append(line, piece...)
		}
		if err != bufio.ErrBufferFull {
			return line, long, err
		}
	}
}

// elements yields the elements of a list whose bracket has been read.
func elements(r *bufio.Reader, yield func([]byte, error) bool) {
	var e element
	for {
		c, err := r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if !e.ends(c) {
			e.add(c)
			continue
		}
		row := bytes.TrimSpace(e.text)
		switch {
		case e.long:
			if !yield(nil, ErrTooLarge) {
				return
			}
		case len(row) > 0:
			if !yield(row, nil) {
				return
			}
		}
		if c == ']' {
			return
		}
		e = element{}
	}
}

// An element is a value of a list while its bytes come in.
type element struct {
	text    []byte
	depth   int
	quoted  bool
	escaped bool
	long    bool
}

// ends reports whether a byte ends the element: a comma or the list's bracket.
func (e *element) ends(c byte) bool {
	return !e.quoted && e.depth == 0 && (c == ',' || c == ']')
}

func (e *element) add(c byte) {
	switch {
	case e.escaped:
		e.escaped = false
	case e.quoted:
		e.escaped = c == '\\'
		e.quoted = c != '"'
	case c == '"':
		e.quoted = true
	case c == '{' || c == '[':
		e.depth++
	case c == '}' || c == ']':
		e.depth--
	}
	if len(e.text) == MaxRowBytes {
		e.text, e.long = nil, true
	}
	if !e.long {
		e.text = append(e.text, c)
	}
}
