package sources

import (
	"math/bits"
	"sync"
)

const (
	// freeBuffers and freeBytes bound the buffers that wait to be used again.
	// They are held here and not in a sync.Pool, which a collection empties:
	// memory that was touched before costs nothing, and new pages do.
	freeBuffers = 2 * maxInFlight
	freeBytes   = 2 * budgetBytes // documents, and the text in them
	// minBuffer holds what is looked at first of any file, and no more: the
	// files that wait for a worker all have one, and a few workers one that the
	// whole file fits in.
	minBuffer = headBytes
)

// buffers lends buffers of several sizes. The zero value is ready.
type buffers struct {
	mu   sync.Mutex
	free []*[]byte
	size int // of all that are free
}

// get returns an empty buffer for at least n bytes, the smallest that is free.
func (p *buffers) get(n int) *[]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, b := range p.free {
		if cap(*b) >= n && (best < 0 || cap(*b) < cap(*p.free[best])) {
			best = i
		}
	}
	if best < 0 {
		b := make([]byte, 0, roundUp(n))
		return &b
	}
	b := p.free[best]
	last := len(p.free) - 1
	p.free[best] = p.free[last]
	p.free = p.free[:last]
	p.size -= cap(*b)
	*b = (*b)[:0]
	return b
}

// put takes a buffer back.
func (p *buffers) put(b *[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(*b) >= minBuffer && len(p.free) < freeBuffers && p.size+cap(*b) <= freeBytes {
		p.free = append(p.free, b)
		p.size += cap(*b)
	}
}

// roundUp makes sizes few, so that buffers fit again. Large ones stay exact.
func roundUp(n int) int {
	if n > keepBuffer {
		return n
	}
	return max(minBuffer, 1<<bits.Len(uint(n-1)))
}
