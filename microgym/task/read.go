package task

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// MaxLineBytes bounds one row of a tasks.jsonl. A task of this package has
// some 8 KiB.
const MaxLineBytes = 4 << 20

// ErrLine is returned for a row that is too long or is not a task.
var ErrLine = errors.New("not a task")

// Read streams the tasks of a JSON Lines file. A bad row is an error that
// names the file and the row, from 1, and the rest goes on; a file that cannot
// be read ends the stream with one. Empty lines are passed over.
func Read(path string) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, fmt.Errorf("task: %w", err))
			return
		}
		defer f.Close()
		for t, err := range Decode(f, path) {
			if !yield(t, err) {
				return
			}
		}
	}
}

// Decode streams tasks from JSON Lines; name stands for the file in errors.
func Decode(r io.Reader, name string) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		for row := 1; ; row++ {
			line, long, err := readLine(in)
			if err != nil && err != io.EOF {
				yield(nil, fmt.Errorf("task: %s: row %d: %w", name, row, err))
				return
			}
			t, fault := decodeLine(line, long)
			if fault != nil && !yield(nil, fmt.Errorf("task: %s: row %d: %w", name, row, fault)) {
				return
			}
			if t != nil && !yield(t, nil) {
				return
			}
			if err == io.EOF {
				return
			}
		}
	}
}

// decodeLine decodes one row; an empty one is neither a task nor a fault.
func decodeLine(line []byte, long bool) (*Task, error) {
	if long {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrLine, MaxLineBytes)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, nil
	}
	t := new(Task)
	if err := json.Unmarshal(line, t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLine, err)
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// readLine reads up to the next newline. Of a line that is too long nothing is
// kept, and all of it is passed over.
func readLine(in *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > MaxLineBytes; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, long, err
		}
	}
}
