package columnar

import (
	"sync"
	"unsafe"
)

const (
	// regionBytes is the address space of a region: a full page and a row of text
	// behind it. What is not touched of it costs nothing.
	regionBytes = 48 << 20
	// maxFreeRegions is how much touched memory waits to be used again: the pages of
	// a row group of text and what they were compressed to.
	maxFreeRegions = 96 << 20
)

// regionSteps are the sizes up to which a page fills its region before it is looked
// whether another has become free that is worth moving to.
var regionSteps = [...]int{4 << 20, 12 << 20, regionBytes}

// A region is memory outside the heap, of which some has been touched. The first
// touch of a page of memory costs more than copying it does, and so does giving it
// back; therefore what was touched is what matters about it.
type region struct {
	mem     []byte
	touched int
	lent    bool
}

// regions are the large memory of one compressor. The zero value is ready; release
// ends it.
type regions struct {
	mu   sync.Mutex
	all  map[*byte]*region // by where they begin
	kept int               // touched, of those that are not lent
	last bool              // nothing more is kept
}

// get lends a region for size bytes, as an empty buffer: one that is free and suits
// them, or a fresh one.
func (r *regions) get(size int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if free := r.best(size, 0); free != nil {
		return r.lend(free)
	}
	fresh := &region{mem: mapMemory(regionBytes)}
	if r.all == nil {
		r.all = map[*byte]*region{}
	}
	r.all[unsafe.SliceData(fresh.mem)] = fresh
	return r.lend(fresh)
}

// touchedOnly lends a region that is free and suits size bytes, of which it spares
// touching more than least, or nil.
func (r *regions) touchedOnly(size, least int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if free := r.best(size, least); free != nil {
		return r.lend(free)
	}
	return nil
}

// best finds the free region that was touched most, but for those that should wait
// for somebody who needs more.
func (r *regions) best(size, least int) (found *region) {
	for _, g := range r.all {
		if !g.lent && g.touched <= 2*size && min(g.touched, size) > least && (found == nil || g.touched > found.touched) {
			found = g
		}
	}
	return found
}

func (r *regions) lend(g *region) []byte {
	g.lent = true
	r.kept -= g.touched
	return g.mem[:0]
}

// extend returns buf, which fills a step of its region, with the capacity of the
// next that n bytes fit in. Where another region that suits size bytes has become
// free and is worth more than the copy, it is an empty buffer of that one. It is nil
// where buf is no region's, or n bytes fit in none.
func (r *regions) extend(buf []byte, n, size int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.all[unsafe.SliceData(buf)]
	if own == nil {
		return nil
	}
	if own.touched = max(own.touched, len(buf)); n > regionBytes {
		return nil
	}
	if other := r.best(size, own.touched+len(buf)); other != nil {
		return r.lend(other)[:0:stepOf(n)]
	}
	return own.mem[:len(buf):stepOf(n)]
}

// stepOf is the step that n bytes fit in.
func stepOf(n int) int {
	for _, step := range regionSteps {
		if n <= step {
			return step
		}
	}
	return n
}

// put takes a buffer back that get, touchedOnly or extend returned, filled. It
// reports whether it was one.
func (r *regions) put(buf []byte) bool {
	r.mu.Lock()
	g := r.all[unsafe.SliceData(buf)]
	if g == nil {
		r.mu.Unlock()
		return false
	}
	g.lent, g.touched = false, max(g.touched, len(buf))
	r.kept += g.touched
	drop := r.last || r.kept > maxFreeRegions
	if drop {
		r.forget(g)
	}
	r.mu.Unlock()
	if drop {
		g.unmap()
	}
	return true
}

// forget takes a free region from the list.
func (r *regions) forget(g *region) {
	r.kept -= g.touched
	delete(r.all, unsafe.SliceData(g.mem))
}

// keepNone gives back all that is free and, from here on, what becomes so.
func (r *regions) keepNone() {
	r.mu.Lock()
	r.last = true
	var free []*region
	for _, g := range r.all {
		if !g.lent {
			free = append(free, g)
			r.forget(g)
		}
	}
	r.mu.Unlock()
	for _, g := range free {
		g.unmap()
	}
}

// release gives all regions back, also those that are lent: nobody may use them any
// more.
func (r *regions) release() {
	r.mu.Lock()
	all := r.all
	r.all, r.kept = nil, 0
	r.mu.Unlock()
	for _, g := range all {
		g.unmap()
	}
}

// unmap gives the memory of a region back, in steps, since whoever maps memory has
// to wait meanwhile.
func (g *region) unmap() {
	for rest := g.mem; len(rest) > 0; rest = rest[unmapBytes:] {
		dropMemory(rest[:unmapBytes])
	}
	unmapMemory(g.mem)
}

// unmapBytes are given back at a time, in a fifth of a millisecond.
const unmapBytes = 2 << 20
