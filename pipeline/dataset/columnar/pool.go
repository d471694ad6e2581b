package columnar

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// maxPoolBytes is how much freed memory a Pool keeps: the pages of two readers of
// text. What comes beyond goes to the garbage collector.
const maxPoolBytes = 96 << 20

// A Pool is an Arrow allocator that keeps freed buffers, by powers of two, and
// hands them out again without clearing them. Decoding text spends more time
// zeroing fresh memory than copying values, so this is what makes reading fast,
// as long as every batch is released. The zero Pool is ready; it may be shared.
type Pool struct {
	mu   sync.Mutex
	free [bits.UintSize][][]byte
	kept int64
	held int64
}

var _ memory.Allocator = (*Pool)(nil)

// sharedPool serves readers that bring no allocator.
var sharedPool Pool

// class is the power of two that holds n bytes; Arrow wants 64 at least.
func class(n int) int { return max(6, bits.Len(uint(n-1))) }

// Allocate returns n bytes of arbitrary content.
func (p *Pool) Allocate(n int) []byte {
	if n == 0 {
		return nil
	}
	c := class(n)
	p.mu.Lock()
	p.held += 1 << c
	if l := len(p.free[c]); l > 0 {
		b := p.free[c][l-1]
		p.free[c] = p.free[c][:l-1]
		p.kept -= 1 << c
		p.mu.Unlock()
		return b[:n]
	}
	p.mu.Unlock()
	return make([]byte, n, 1<<c)
}

// Free takes back a buffer that Allocate or Reallocate returned.
func (p *Pool) Free(b []byte) {
	size := int64(cap(b))
	if size == 0 {
		return
	}
	c := class(cap(b))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held -= size
	if 1<<c == cap(b) && p.kept+size <= maxPoolBytes {
		p.free[c] = append(p.free[c], b[:0])
		p.kept += size
	}
}

// Reallocate returns a buffer of n bytes that begins like b and takes b back.
func (p *Pool) Reallocate(n int, b []byte) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	grown := p.Allocate(n)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Held counts the bytes handed out and not yet freed.
func (p *Pool) Held() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}
