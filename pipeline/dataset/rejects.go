package dataset

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
)

// maxRejectError cuts the error text of a reject. A parser that quotes its
// input could otherwise write the corpus a second time.
const maxRejectError = 4096

// rejectLog appends rejects to one file, as one zstd frame per part, so that
// what belongs to durable parts is a prefix of the file.
type rejectLog struct {
	f    *os.File
	enc  *zstd.Encoder
	buf  *bufio.Writer
	out  *countingWriter
	open bool // a frame is open
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// openRejects opens the staged file cut to its durable length.
func (s *staging) openRejects(durable int64) (*rejectLog, error) {
	name := s.tree(rejectsName)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	l := &rejectLog{f: f, out: &countingWriter{w: f, n: durable}}
	if err := l.rewind(durable); err != nil {
		_ = f.Close()
		return nil, err
	}
	return l, nil
}

func (l *rejectLog) rewind(durable int64) error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < durable {
		return fmt.Errorf("%s: %d bytes, the journal says %d", rejectsName, info.Size(), durable)
	}
	if err := l.f.Truncate(durable); err != nil {
		return err
	}
	if _, err := l.f.Seek(durable, io.SeekStart); err != nil {
		return err
	}
	// One goroutine: frames are then the same bytes everywhere.
	l.enc, err = zstd.NewWriter(l.out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	l.buf = bufio.NewWriterSize(l.enc, 64<<10)
	return err
}

func (l *rejectLog) add(r pipeline.Reject) error {
	if len(r.Error) > maxRejectError {
		r.Error = r.Error[:maxRejectError] + "…"
	}
	r.URI, r.Error = strings.ToValidUTF8(r.URI, "\uFFFD"), strings.ToValidUTF8(r.Error, "\uFFFD")
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if !l.open {
		l.enc.Reset(l.out)
		l.open = true
	}
	_, err = l.buf.Write(append(raw, '\n'))
	return err
}

// endFrame closes the open frame and returns the length of the file so far.
func (l *rejectLog) endFrame() (int64, error) {
	if l.open {
		if err := l.buf.Flush(); err != nil {
			return 0, err
		}
		if err := l.enc.Close(); err != nil {
			return 0, err
		}
		l.open = false
	}
	return l.out.n, nil
}

// finish makes sure that the file is valid zstd even without a reject. It is not
// synced yet.
func (l *rejectLog) finish() error {
	n, err := l.endFrame()
	if err != nil || n > 0 {
		return err
	}
	enc, err := zstd.NewWriter(l.out, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
	if err != nil {
		return err
	}
	return enc.Close()
}

func (l *rejectLog) close() {
	if l.open {
		_ = l.enc.Close() // frees its window; the frame is cut off on resume
	}
	_ = l.f.Close()
}
