package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync/atomic"

	"github.com/swerm/swerm/internal/archive/lzma2"
)

// errXZIndex is returned behind the last block of a file whose index does not
// tell the same: what was read is whole, but something is missing.
var errXZIndex = errors.New("the file is cut short or its index is damaged")

// An xzStream reads blocks one after the other with a window of the size that
// they ask for. With an index it goes where that says; without one it walks
// from block to block as far as they are there.
type xzStream struct {
	ra    io.ReaderAt
	size  int64
	taken *atomic.Int64

	blocks []xzBlock // what is left of the index, nil without one
	known  bool
	off    int64 // where the next block begins, without an index
	check  byte

	in     *takingReader
	dec    *lzma2.Decoder
	header int
	sum    hash.Hash
	window int
	out    []byte // unpacked; what lies before served is history
	served int
	err    error
}

// A takingReader counts what a decoder took out of the buffer.
type takingReader struct {
	*bufio.Reader
	n int64
}

func (t *takingReader) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.n += int64(n)
	return n, err
}

func (t *takingReader) ReadByte() (byte, error) {
	b, err := t.Reader.ReadByte()
	if err == nil {
		t.n++
	}
	return b, err
}

func newXZStream(ra io.ReaderAt, size int64, blocks []xzBlock, taken *atomic.Int64) (*xzStream, error) {
	var head [12]byte
	if _, err := ra.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if !bytes.HasPrefix(head[:], xzMagic) {
		return nil, errors.New("no xz header")
	}
	return &xzStream{ra: ra, size: size, blocks: blocks, known: blocks != nil, off: 12, check: head[7] & 15, taken: taken}, nil
}

func (x *xzStream) Read(p []byte) (int, error) {
	for x.served == len(x.out) {
		if x.err != nil {
			return 0, x.err
		}
		x.err = x.fill()
	}
	n := copy(p, x.out[x.served:])
	x.served += n
	return n, nil
}

// fill unpacks the next chunk, opening and closing blocks on the way.
func (x *xzStream) fill() error {
	if x.dec == nil {
		return x.open()
	}
	// Only the window is needed of what was served.
	if x.served == len(x.out) && len(x.out) > x.window+2*lzma2.MaxChunkBytes {
		n := copy(x.out, x.out[len(x.out)-x.window:])
		x.out, x.served = x.out[:n], n
	}
	before, taken := len(x.out), x.in.n
	var err error
	x.out, err = x.dec.Append(x.out)
	x.taken.Add(x.in.n - taken)
	if x.sum != nil {
		x.sum.Write(x.out[before:])
	}
	if err == io.EOF {
		return x.end()
	}
	return err
}

// open begins the next block.
func (x *xzStream) open() error {
	if x.known {
		if len(x.blocks) == 0 {
			return io.EOF
		}
		x.off, x.check = x.blocks[0].off, x.blocks[0].check
		x.blocks = x.blocks[1:]
	}
	head := make([]byte, 1024)
	n, err := x.ra.ReadAt(head, x.off)
	if err != nil && err != io.EOF {
		return err
	}
	if n == 0 || head[0] == 0 {
		return errXZIndex
	}
	if x.header, x.window, err = xzBlockHeader(head[:n]); err != nil {
		return err
	}
	x.sum, _ = xzSum(x.check)
	section := io.NewSectionReader(x.ra, x.off+int64(x.header), x.size-x.off-int64(x.header))
	x.in = &takingReader{Reader: bufio.NewReaderSize(section, readBytes)}
	x.dec = lzma2.New(x.in)
	x.out, x.served = slices.Grow(x.out[:0], readBytes), 0
	return nil
}

// end checks the sum of the block that ended and steps over it.
func (x *xzStream) end() error {
	packed := int64(x.header) + x.in.n
	_, sumLen := xzSum(x.check)
	stored := make([]byte, sumLen)
	at := x.off + (packed+3)&^3
	if n, _ := x.ra.ReadAt(stored, at); n < sumLen {
		return io.ErrUnexpectedEOF
	}
	if x.sum != nil && !bytes.Equal(x.sum.Sum(nil), xzStored(x.check, stored)) {
		return errors.New("block fails its checksum")
	}
	x.off, x.dec = at+int64(sumLen), nil
	return nil
}
