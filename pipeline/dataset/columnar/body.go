package columnar

import (
	"fmt"
	"hash/crc32"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/swerm/swerm/internal/zstdfast"
)

// An encoded is a page on its way into a file. Its body is being compressed until
// it is sealed.
type encoded struct {
	head   format.PageHeader
	levels []byte
	body   *body // nil where there are no values

	bytes [][]byte // of a sealed page, in order
}

// encode ends a page. The body has the pieces of values that are on their way
// already, nil for none; values belong to the page from here on.
func (c *compressor) encode(head format.PageHeader, levels, values []byte, b *body) *encoded {
	e := &encoded{head: head, levels: levels}
	if len(values) == 0 {
		c.buffers.put(values)
		return e
	}
	if b == nil {
		b = c.newBody()
	}
	e.body, b.values = b, values
	for b.to < len(values) {
		end := len(values)
		if c.pieces() {
			end = min(end, b.to+zstdfast.PieceBytes)
		}
		b.send(values[:end], end == len(values))
	}
	b.leave()
	return e
}

// seal waits for the body and makes the header. The CRC covers everything behind
// it. It returns the size of what the header says is in the page, header included.
func (e *encoded) seal() (raw int, err error) {
	rest := [][]byte{e.levels}
	if b := e.body; b != nil {
		b.wait.Wait()
		if b.of.pieces() {
			rest = append(rest, zstdfast.AppendHeader(nil, b.to))
		}
		for _, p := range b.pieces {
			if p.err != nil {
				return 0, p.err
			}
			rest = append(rest, p.packed)
		}
	}
	size, crc := 0, uint32(0)
	for _, b := range rest {
		size += len(b)
		crc = crc32.Update(crc, crc32.IEEETable, b)
	}
	e.head.CompressedPageSize, e.head.CRC = int32(size), int32(crc)
	h, err := thrift.Marshal(new(thrift.CompactProtocol), &e.head)
	if err != nil {
		return 0, fmt.Errorf("page header: %w", err)
	}
	e.bytes = append([][]byte{h}, rest...)
	return int(e.head.UncompressedPageSize) + len(h), nil
}

// free gives the memory of a page back that has been written.
func (e *encoded) free() {
	if e.body != nil {
		for _, p := range e.body.pieces {
			if p.arena != nil {
				p.arena.written()
			}
		}
	}
}

// A body is the values of a page, compressed in one piece or, where that may begin
// before the page has all of them, in several.
type body struct {
	of     *compressor
	to     int // bytes of the pieces so far
	pieces []*piece
	wait   sync.WaitGroup
	window *zstdfast.Window

	values   []byte       // of the whole page
	outgrown [][]byte     // what held its beginning before
	users    atomic.Int32 // of its memory: pieces, and whoever still adds some
}

// A piece of a page's values.
type piece struct {
	packed []byte
	arena  *arena // that it lies in, nil for a giant
	err    error
	seen   chan struct{} // closed when the window has seen it
}

func (c *compressor) newBody() *body {
	b := &body{of: c}
	b.users.Store(1)
	if c.pieces() {
		if b.window = c.windows.get(); b.window == nil {
			b.window = new(zstdfast.Window)
		}
		b.window.Reset()
	}
	return b
}

// send has the next piece compressed, which begins where the one before ended.
func (b *body) send(page []byte, last bool) {
	p, start := &piece{seen: make(chan struct{})}, b.to
	var before *piece
	if n := len(b.pieces); n > 0 {
		before = b.pieces[n-1]
	}
	b.pieces, b.to = append(b.pieces, p), len(page)
	b.users.Add(1)
	b.wait.Add(1)
	b.of.submit(func() {
		defer b.wait.Done()
		defer b.leave()
		if before != nil {
			<-before.seen
		}
		p.err = b.compress(p, page, start, last)
	})
}

// leave lets go of the page's memory. The last to do so gives it back.
func (b *body) leave() {
	if b.users.Add(-1) > 0 {
		return
	}
	b.of.buffers.put(b.values)
	for _, was := range b.outgrown {
		b.of.buffers.put(was)
	}
	b.values, b.outgrown = nil, nil
}

// compress compresses the piece p of a page, which begins at start. It closes seen
// when the page's window is another's to use; after the last piece it is another
// page's.
func (b *body) compress(p *piece, page []byte, start int, last bool) error {
	k, err := b.of.packer()
	if err != nil {
		close(p.seen)
		return err
	}
	defer b.of.packers.put(k)
	if b.window != nil {
		k.far = b.window.Next(k.far[:0], page, start, len(page))
		if last {
			b.of.windows.put(b.window)
		}
	}
	close(p.seen)
	var dst []byte
	dst, p.arena = k.begin(&b.of.buffers.regions, len(page)-start)
	p.packed = b.of.pack(k, dst, page, start, last)
	if p.arena != nil {
		p.arena.end(p.packed)
	}
	return nil
}
