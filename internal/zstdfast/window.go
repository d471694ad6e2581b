package zstdfast

import (
	"math/bits"
	"slices"
	"unsafe"
)

const (
	// PieceBytes is how much of a page is compressed at a time. A page is cut at
	// its multiples, whoever compresses it.
	PieceBytes = 4 << 20
	// anchorRate is the logarithm of how many places there are for an anchor: one
	// where the hash of four bytes begins with so many zeros.
	anchorRate = 6
	// anchorApart is the least distance of two anchors, for runs of one byte.
	anchorApart = 8
	// farBytes are what stands at an anchor: matches that are found by them are at
	// least as long.
	farBytes = 32
	// minFar is what has to be left of a far match when it is its turn.
	minFar = 16
	// fewBytes of a page are seen whole by an encoder.
	fewBytes = 64 << 10
	// stripBytes are looked through for anchors at a time.
	stripBytes = 32 << 10

	anchorFactor = 2654435761
)

// A Far is a match with what may be anywhere before in the window.
type Far struct {
	at, from, size uint32
}

// A Window remembers what a page has had so far, at some places that follow from
// the text itself, and finds what of it comes again: farther back than an encoder
// looks, and in a fraction of its time. The zero value is ready; it has up to 4 MiB.
// Machine code knows the layout.
type Window struct {
	table  []uint32 // by the first bits of a hash: where it was seen, and other bits
	bits   uint     // of the table's size
	places uint32   // the bits of an entry that say where
	end    uint     // of the last match

	anchors []uint32
	hashes  []uint32
	seen    []uint32
}

const (
	// An entry has windowBits of where a hash was seen, so that the farthest are
	// the window away, and before them the last bits of the hash.
	windowBits = 25
	// firstBits and allBits are the sizes of the table for the first piece of a
	// page, and for more. For a first piece the first growBits of a place are of the
	// hash: those that choose the entry, too, when the table has grown.
	firstBits = 17
	allBits   = 20
	growBits  = allBits - firstBits
	growShift = windowBits - growBits
	growMask  = 1<<growBits - 1
)

// Reset forgets the page.
func (w *Window) Reset() { w.bits, w.end = 0, 0 }

// Next goes through the next piece, page[start:end] of PieceBytes at most, and appends
// the matches in it to far. Of the page it reads what lies before end.
func (w *Window) Next(far []Far, page []byte, start, end int) []Far {
	if start == 0 && end <= fewBytes {
		return far
	}
	switch w.bits {
	case 0:
		w.begin()
	case firstBits:
		w.grow()
	}
	for at := start; at < end; at += stripBytes {
		w.anchors = appendAnchors(w.anchors[:0], page[at:min(at+stripBytes+farBytes, end)])
		far = w.strip(far, page[:end], uint(at))
	}
	return far
}

// begin makes the table of a first piece, which has nothing.
func (w *Window) begin() {
	w.bits, w.places = firstBits, 1<<growShift-1
	w.table = slices.Grow(w.table[:0], 1<<firstBits)[:1<<firstBits]
	clear(w.table)
}

// grow makes the table of a first piece one for all. Each entry goes to one of those
// that take its place, the last one first, since they may lie in the same memory.
func (w *Window) grow() {
	first := w.table
	if w.bits, w.places = allBits, 1<<windowBits-1; cap(first) < 1<<allBits {
		w.table = make([]uint32, 1<<allBits)
	}
	w.table = w.table[:1<<allBits]
	for i := len(first) - 1; i >= 0; i-- {
		e, some := first[i], (*[1 << growBits]uint32)(w.table[i<<growBits:])
		*some = [1 << growBits]uint32{}
		some[e>>growShift&growMask] = e &^ (growMask << growShift)
	}
}

// put notes where a hash was seen.
func (w *Window) put(hash uint32, at uint) {
	more := hash >> (32 - allBits) << growShift
	w.table[hash>>(32-w.bits)] = hash<<windowBits | (more&^w.places|uint32(at)&w.places)&(1<<windowBits-1)
}

// strip looks up what stands at the anchors, which are counted from base.
func (w *Window) strip(far []Far, page []byte, base uint) []Far {
	p, n := unsafe.Pointer(unsafe.SliceData(page)), len(w.anchors)
	if cap(w.hashes) < n {
		w.hashes, w.seen = make([]uint32, stripBytes), make([]uint32, stripBytes)
	}
	w.hashes, w.seen = w.hashes[:n], w.seen[:n]
	if wide {
		lookUpBMI2(w, unsafe.SliceData(page), base)
	} else {
		w.lookUp(p, base)
	}
	for i, back := range w.seen {
		at := base + uint(w.anchors[i])
		if at < w.end {
			continue // in a match, whose other place is known
		}
		if back != 0 {
			if far = w.take(far, page, at, at-uint(back)); at < w.end {
				continue
			}
		}
		w.put(w.hashes[i], at)
	}
	return far
}

// lookUp finds how far back what stands at the anchors was seen, 0 where it was
// not. What waits for memory is in a loop of its own, so that it waits once for
// several.
func (w *Window) lookUp(p unsafe.Pointer, base uint) {
	for i, a := range w.anchors {
		w.hashes[i] = farHash(p, base+uint(a))
	}
	shift := 32 - w.bits
	for i, h := range w.hashes {
		w.seen[i] = w.table[h>>shift]
	}
	for i, was := range w.seen {
		h, at := w.hashes[i], base+uint(w.anchors[i])
		back := uint((uint32(at) - was) & w.places)
		if was>>windowBits != h&(1<<(32-windowBits)-1) || back > at || load64(p, at) != load64(p, at-back) {
			back = 0
		}
		w.seen[i] = uint32(back)
	}
}

// take appends the match of two places whose first bytes are equal.
func (w *Window) take(far []Far, page []byte, at, from uint) []Far {
	p := unsafe.Pointer(unsafe.SliceData(page))
	size, back := length(p, at, from, uint(len(page))), lengthBefore(p, at, from, min(at-w.end, from))
	at, from, size = at-back, from-back, size+back
	if size < farBytes {
		return far
	}
	w.end = at + size
	return append(far, Far{uint32(at), uint32(from), uint32(size)})
}

// lengthBefore measures a match to the front, up to most.
func lengthBefore(p unsafe.Pointer, at, from, most uint) uint {
	n := uint(0)
	for ; n+8 <= most; n += 8 {
		if x := load64(p, at-n-8) ^ load64(p, from-n-8); x != 0 {
			return n + uint(bits.LeadingZeros64(x))/8
		}
	}
	for n < most && load8(p, at-n-1) == load8(p, from-n-1) {
		n++
	}
	return n
}

// farHash mixes farBytes.
func farHash(p unsafe.Pointer, at uint) uint32 {
	const a, b, c, d, e = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x9E3779B97F4A7C15
	v := load64(p, at)*a ^ bits.RotateLeft64(load64(p, at+8)*b, 31)
	v += load64(p, at+16)*c ^ bits.RotateLeft64(load64(p, at+24)*d, 17)
	return uint32((v ^ v>>29) * e >> 32)
}

// appendAnchors appends the places of the anchors of a text, of which the last
// farBytes have none.
func appendAnchors(dst []uint32, text []byte) []uint32 {
	n := len(text) - farBytes
	if n <= 0 {
		return dst
	}
	if cap(dst) < n+wideStep {
		dst = make([]uint32, 0, stripBytes+wideStep)
	}
	found, from := wideAnchors(dst[:0:cap(dst)], text, n)
	p := unsafe.Pointer(unsafe.SliceData(text))
	for i := from; i < n; i++ {
		if load32(p, uint(i))*anchorFactor>>(32-anchorRate) == 0 {
			found = append(found, uint32(i))
		}
	}
	return spread(found)
}

// spread leaves out anchors that are close to the one before. Which are cannot be
// foreseen, so that it does without branches.
func spread(anchors []uint32) []uint32 {
	kept, next := 0, uint32(0)
	for _, a := range anchors {
		anchors[kept] = a
		close := uint32(int32(a-next) >> 31) // all ones before next
		kept += 1 + int(int32(close))
		next = next&close | (a+anchorApart)&^close
	}
	return anchors[:kept]
}
