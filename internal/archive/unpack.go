package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// headBytes is enough of a stream to tell a tar archive: its magic ends at 262.
const headBytes = 512

// readBytes is how much a stream is read ahead.
const readBytes = 256 << 10

type packing int

const (
	plain packing = iota
	gzipped
	zstded
	xzed
)

func packingOf(head []byte) packing {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstded
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return xzed
	}
	return plain
}

func isTar(head []byte) bool {
	return len(head) >= 262 && bytes.Equal(head[257:262], []byte("ustar"))
}

// A stream is one file unpacked, with enough of it in view to see what it is.
type stream struct {
	*bufio.Reader
	packed bool
	zipped bool  // a zip archive, which is read through its directory
	size   int64 // of the file as it lies
	close  []func() error
}

// Close releases the decoder and the file.
func (s *stream) Close() error {
	var first error
	for i := len(s.close) - 1; i >= 0; i-- {
		if err := s.close[i](); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// unpack looks at the content of f, not at its name, and takes one layer of
// compression off. It owns f.
func unpack(f File, lim Limits) (*stream, error) {
	s := &stream{size: f.Size(), close: []func() error{f.Close}}
	head := make([]byte, headBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, err
	}
	whole := io.NewSectionReader(f, 0, f.Size())
	count := &countingReader{r: whole}
	g := &guard{lim: lim.withDefaults(), packed: func() int64 { return count.n }}
	switch packingOf(head[:n]) {
	case plain:
		s.zipped = isZip(head[:n])
		s.Reader = bufio.NewReaderSize(whole, readBytes)
		return s, nil
	case gzipped:
		z, err := gzip.NewReader(bufio.NewReaderSize(count, readBytes))
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("gzip: %w", err)
		}
		g.r, s.close = z, append(s.close, z.Close)
	case zstded:
		z, err := zstd.NewReader(count, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxWindowBytes))
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("zstd: %w", err)
		}
		g.r, s.close = z, append(s.close, func() error { z.Close(); return nil })
	case xzed:
		z, err := newXZ(f, f.Size())
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("xz: %w", err)
		}
		g.r, g.packed, s.close = z, z.packed, append(s.close, z.Close)
	}
	s.packed = true
	s.Reader = bufio.NewReaderSize(g, readBytes)
	return s, nil
}
