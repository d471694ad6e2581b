package columnar

import (
	"sync"
	"unsafe"
)

const (
	// packedBytes is how much of a region is filled with compressed pieces, so that
	// it is soon free again.
	packedBytes = 4 << 20
	// packedRoom is what a piece may take beside half of its size. One that takes
	// more, which text never does, lies in the heap.
	packedRoom = 64 << 10
)

// An arena is a region that one packer fills with compressed pieces, one behind the
// other, so that none of them is copied. It begins anew when all of them have been
// written, and is given back where the packer has left it by then.
type arena struct {
	of     *regions
	mu     sync.Mutex
	buf    []byte // what is filled
	most   int    // of it that ever was
	pieces int    // not yet written
	left   bool
}

// newArena returns one that need bytes fit in, which are no more than regionBytes.
func newArena(of *regions, need int) *arena {
	return &arena{of: of, buf: of.get(packedBytes)[:0:max(need, packedBytes)]}
}

// begin returns an empty buffer for a piece of need bytes, or nil where no more fit:
// the arena is left then.
func (a *arena) begin(need int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pieces == 0 {
		a.buf = a.buf[:0]
	}
	if cap(a.buf)-len(a.buf) < need {
		a.left = true
		a.giveBack()
		return nil
	}
	a.pieces++
	return a.buf[len(a.buf):]
}

// end says that the piece is whole. It lies elsewhere where it did not fit.
func (a *arena) end(piece []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if rest := a.buf[len(a.buf):]; unsafe.SliceData(piece) == unsafe.SliceData(rest) {
		a.buf = a.buf[:len(a.buf)+len(piece)]
		a.most = max(a.most, len(a.buf))
	}
}

// written says that a piece is not needed any more.
func (a *arena) written() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pieces--
	a.giveBack()
}

func (a *arena) giveBack() {
	if a.left && a.pieces == 0 {
		a.of.put(a.buf[:a.most])
	}
}
