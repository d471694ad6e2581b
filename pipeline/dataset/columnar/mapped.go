package columnar

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	// mapFrom is the least size that is worth a mapping of its own.
	mapFrom = 256 << 10
	// maxMapped is how much memory of closed pages is kept: the pages of a row
	// group of text and what they were compressed to.
	maxMapped = 96 << 20
)

// A mappedPool is an allocator of the memory of pages, which readers always give
// back. Large pages lie outside the heap, by powers of two: few and large, they
// would make the garbage collector wait for as much garbage. Memory of a mapping
// that is not touched costs nothing. The zero value is ready.
type mappedPool struct {
	mu   sync.Mutex
	free [bits.UintSize][][]byte
	kept int
}

var _ memory.Allocator = (*mappedPool)(nil)

// sharedPages serves readers that bring no allocator.
var sharedPages mappedPool

// Allocate returns n bytes of arbitrary content.
func (p *mappedPool) Allocate(n int) []byte {
	if n < mapFrom {
		return make([]byte, n)
	}
	c := class(n)
	p.mu.Lock()
	if l := len(p.free[c]); l > 0 {
		b := p.free[c][l-1]
		p.free[c] = p.free[c][:l-1]
		p.kept -= cap(b)
		p.mu.Unlock()
		return b[:n]
	}
	p.mu.Unlock()
	return mapMemory(1 << c)[:n]
}

// Free takes back what Allocate returned.
func (p *mappedPool) Free(b []byte) {
	if cap(b) < mapFrom {
		return
	}
	b = b[:cap(b)]
	p.mu.Lock()
	keep := p.kept+len(b) <= maxMapped
	if keep {
		c := class(len(b))
		p.free[c] = append(p.free[c], b)
		p.kept += len(b)
	}
	p.mu.Unlock()
	if !keep {
		unmapMemory(b)
	}
}

// Reallocate returns a buffer of n bytes that begins like b and takes b back.
func (p *mappedPool) Reallocate(n int, b []byte) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	grown := p.Allocate(n)
	copy(grown, b)
	p.Free(b)
	return grown
}
