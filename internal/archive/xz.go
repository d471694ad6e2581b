package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"
	"runtime"
	"sync/atomic"

	"github.com/swerm/swerm/internal/archive/lzma2"
)

// An xz file written by several threads is a row of independent blocks whose
// sizes stand in an index at its end: they are unpacked side by side and given
// out in order. A file of large blocks, or one whose index is broken or cut
// off, is read as one stream (see xzstream.go).
const (
	// xzParallelBytes is the largest block unpacked into memory. With two in
	// flight and one being read this bounds the reader at 96 MiB.
	xzParallelBytes = 32 << 20
	// xzAhead is how many blocks are in flight.
	xzAhead = 2
	// xzIndexBytes bounds the index: a million blocks.
	xzIndexBytes = 16 << 20
)

type xzBlock struct {
	off, unpadded, size int64
	check               byte
}

// xzReader reads the blocks of every stream of a file in order.
type xzReader struct {
	ra     io.ReaderAt
	blocks []xzBlock
	taken  atomic.Int64 // packed bytes handed to decoders

	queue chan chan xzResult
	quit  chan struct{}
	cur   []byte
	one   io.Reader // blocks that do not fit in memory
	err   error
}

type xzResult struct {
	data []byte
	err  error
}

func newXZ(ra io.ReaderAt, size int64) (*xzReader, error) {
	x := &xzReader{ra: ra, quit: make(chan struct{})}
	blocks, err := xzIndex(ra, size)
	if err != nil || !fitsParallel(blocks) {
		one, err := newXZStream(ra, size, blocks, &x.taken)
		if err != nil {
			return nil, err
		}
		x.one = one
		return x, nil
	}
	x.blocks = blocks
	x.queue = make(chan chan xzResult, max(1, min(xzAhead, runtime.GOMAXPROCS(0))-1))
	go x.feed()
	return x, nil
}

func (x *xzReader) packed() int64 { return x.taken.Load() }

// Close ends the goroutines that unpack ahead.
func (x *xzReader) Close() error { close(x.quit); return nil }

func (x *xzReader) feed() {
	defer close(x.queue)
	for _, b := range x.blocks {
		done := make(chan xzResult, 1)
		select {
		case x.queue <- done:
		case <-x.quit:
			return
		}
		go func() {
			data, err := x.decode(b)
			x.taken.Add(b.unpadded)
			done <- xzResult{data, err}
		}()
	}
}

func (x *xzReader) Read(p []byte) (int, error) {
	if x.one != nil {
		return x.one.Read(p)
	}
	for len(x.cur) == 0 {
		if x.err != nil {
			return 0, x.err
		}
		done, ok := <-x.queue
		if !ok {
			x.err = io.EOF
			return 0, io.EOF
		}
		r := <-done
		x.cur, x.err = r.data, r.err
	}
	n := copy(p, x.cur)
	x.cur = x.cur[n:]
	return n, nil
}

// decode unpacks one block and checks its sum. What could be unpacked before
// an error is returned with it.
func (x *xzReader) decode(b xzBlock) ([]byte, error) {
	raw := make([]byte, (b.unpadded+3)&^3) // padding stands between data and sum
	if _, err := x.ra.ReadAt(raw, b.off); err != nil {
		return nil, err
	}
	header, _, err := xzBlockHeader(raw)
	if err != nil {
		return nil, err
	}
	sum, sumLen := xzSum(b.check)
	if int64(header+sumLen) > b.unpadded {
		return nil, errors.New("block is too short")
	}
	packed := raw[header : b.unpadded-int64(sumLen)]
	dec, out := lzma2.New(bytes.NewReader(packed)), make([]byte, 0, b.size)
	for err == nil && int64(len(out)) <= b.size {
		out, err = dec.Append(out)
	}
	if err != io.EOF {
		if err == nil {
			err = errors.New("longer than the index says")
		}
		return out[:min(int64(len(out)), b.size)], fmt.Errorf("block: %w", err)
	}
	if int64(len(out)) != b.size {
		return out, errors.New("block: shorter than the index says")
	}
	if sum != nil {
		sum.Write(out)
		if !bytes.Equal(sum.Sum(nil), xzStored(b.check, raw[len(raw)-sumLen:])) {
			return nil, errors.New("block fails its checksum")
		}
	}
	return out, nil
}

// xzSum returns the hash of a check type and how many bytes it takes in the file.
func xzSum(check byte) (hash.Hash, int) {
	switch check {
	case 1:
		return crc32.NewIEEE(), 4
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), 8
	case 10:
		return sha256.New(), 32
	}
	if check == 0 {
		return nil, 0
	}
	return nil, []int{4, 8, 16, 32, 64}[(check-1)/3] // reserved: size is fixed, content unknown
}

// xzStored turns the stored sum into the byte order of hash.Hash.
func xzStored(check byte, b []byte) []byte {
	b = bytes.Clone(b)
	if check == 1 || check == 4 {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	return b
}

var xzMagic = []byte{0xfd, '7', 'z', 'X', 'Z', 0}

// xzIndex reads the indexes of all streams from the end of the file backwards.
func xzIndex(ra io.ReaderAt, size int64) ([]xzBlock, error) {
	var all []xzBlock
	for end := size; end > 0; {
		start, blocks, err := xzStreamIndex(ra, end)
		if err != nil {
			return nil, err
		}
		all = append(blocks, all...)
		if int64(len(all)) > xzIndexBytes/2 {
			return nil, errors.New("too many blocks")
		}
		end = start
	}
	return all, nil
}

// xzStreamIndex reads the index of the stream that ends at end, padding included.
func xzStreamIndex(ra io.ReaderAt, end int64) (start int64, blocks []xzBlock, err error) {
	var foot [12]byte
	for {
		if end < 32 {
			return 0, nil, io.ErrUnexpectedEOF
		}
		if _, err := ra.ReadAt(foot[:], end-12); err != nil {
			return 0, nil, err
		}
		if !bytes.Equal(foot[8:], make([]byte, 4)) {
			break
		}
		end -= 4
	}
	if foot[10] != 'Y' || foot[11] != 'Z' || crc32.ChecksumIEEE(foot[4:10]) != binary.LittleEndian.Uint32(foot[:]) {
		return 0, nil, errors.New("no footer")
	}
	n := (int64(binary.LittleEndian.Uint32(foot[4:])) + 1) * 4
	if n > xzIndexBytes || n > end-12-12 {
		return 0, nil, errors.New("index does not fit")
	}
	index := make([]byte, n)
	if _, err := ra.ReadAt(index, end-12-n); err != nil {
		return 0, nil, err
	}
	blocks, total, err := xzRecords(index, foot[9]&15)
	if err != nil {
		return 0, nil, err
	}
	start = end - 12 - n - total - 12
	if start < 0 {
		return 0, nil, errors.New("index does not fit")
	}
	var head [12]byte
	if _, err := ra.ReadAt(head[:], start); err != nil {
		return 0, nil, err
	}
	if !bytes.HasPrefix(head[:], xzMagic) || head[7] != foot[9] {
		return 0, nil, errors.New("index does not lead to a stream header")
	}
	off := start + 12
	for i := range blocks {
		blocks[i].off = off
		off += (blocks[i].unpadded + 3) &^ 3
	}
	return start, blocks, nil
}

// xzRecords parses an index; total is the bytes its blocks take in the file.
func xzRecords(index []byte, check byte) (blocks []xzBlock, total int64, err error) {
	body := index[:len(index)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(index[len(body):]) || body[0] != 0 {
		return nil, 0, errors.New("index fails its checksum")
	}
	body = body[1:]
	next := func() int64 {
		v, n := binary.Uvarint(body)
		if n <= 0 || v > 1<<62 {
			err = errors.New("index is cut short")
			return 0
		}
		body = body[n:]
		return int64(v)
	}
	count := next()
	for i := int64(0); i < count && err == nil; i++ {
		b := xzBlock{unpadded: next(), size: next(), check: check}
		total += (b.unpadded + 3) &^ 3
		if total > 1<<62 {
			err = errors.New("index does not fit")
		}
		blocks = append(blocks, b)
	}
	return blocks, total, err
}

// fitsParallel says whether every block can be unpacked into memory.
func fitsParallel(blocks []xzBlock) bool {
	for _, b := range blocks {
		if b.size > xzParallelBytes || b.unpadded > xzParallelBytes {
			return false
		}
	}
	return len(blocks) > 1
}

// xzBlockHeader returns the header's length and the window it asks for. Only
// the plain LZMA2 filter is known: executable filters do not occur in text.
func xzBlockHeader(b []byte) (n, dict int, err error) {
	if len(b) < 8 || b[0] == 0 {
		return 0, 0, errors.New("no block header")
	}
	n = (int(b[0]) + 1) * 4
	if n > len(b) || crc32.ChecksumIEEE(b[:n-4]) != binary.LittleEndian.Uint32(b[n-4:]) {
		return 0, 0, errors.New("block header fails its checksum")
	}
	flags, body := b[1], b[2:n-4]
	if flags&3 != 0 {
		return 0, 0, errors.New("block has a filter other than LZMA2")
	}
	for _, bit := range []byte{0x40, 0x80} {
		if flags&bit != 0 {
			_, k := binary.Uvarint(body)
			if k <= 0 {
				return 0, 0, errors.New("block header is cut short")
			}
			body = body[k:]
		}
	}
	if len(body) < 3 || body[0] != 0x21 || body[1] != 1 {
		return 0, 0, errors.New("block has a filter other than LZMA2")
	}
	size := xzDict(body[2])
	if size > MaxWindowBytes {
		return 0, 0, fmt.Errorf("%w: window of %d bytes", ErrBomb, size)
	}
	return n, int(size), nil
}

// xzDict is the window that a filter's property byte asks for.
func xzDict(b byte) int64 {
	if b >= 40 {
		return math.MaxUint32
	}
	return (2 | int64(b&1)) << (b/2 + 11)
}
