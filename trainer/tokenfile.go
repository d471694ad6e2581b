package trainer

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// A tokenFile holds the ids of all sequences of a run back to back on local
// disk, four bytes each, so that a batch reads any of them without decoding
// the parts they came from and the run's memory does not grow with its data.
// It is scratch: written anew by every start, and deleted at the end.
type tokenFile struct {
	f   *os.File
	w   *bufio.Writer
	n   int64 // tokens written
	buf []byte
}

func createTokenFile(path string) (*tokenFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	return &tokenFile{f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

// append adds a sequence and returns where it starts, in tokens.
func (t *tokenFile) append(ids []int32) (offset int64, err error) {
	offset = t.n
	t.buf = t.buf[:0]
	for _, id := range ids {
		t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(id))
	}
	if _, err := t.w.Write(t.buf); err != nil {
		return 0, fmt.Errorf("token file: %w", err)
	}
	t.n += int64(len(ids))
	return offset, nil
}

// finish ends writing; reads come after it.
func (t *tokenFile) finish() error {
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("token file: %w", err)
	}
	return nil
}

// read appends n tokens from offset to dst.
func (t *tokenFile) read(dst []int32, offset int64, n int32) ([]int32, error) {
	if cap(t.buf) < int(n)*4 {
		t.buf = make([]byte, int(n)*4)
	}
	b := t.buf[:int(n)*4]
	if _, err := t.f.ReadAt(b, offset*4); err != nil && err != io.EOF {
		return nil, fmt.Errorf("token file: %w", err)
	} else if err == io.EOF && (offset+int64(n) > t.n) {
		return nil, fmt.Errorf("token file: %d tokens at %d of %d: %w", n, offset, t.n, io.ErrUnexpectedEOF)
	}
	for ; len(b) > 0; b = b[4:] {
		dst = append(dst, int32(binary.LittleEndian.Uint32(b)))
	}
	return dst, nil
}

func (t *tokenFile) close() error { return t.f.Close() }
