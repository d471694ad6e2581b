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
	anchorRate = 5
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
// looks, and in a fraction of its time. The zero value is ready.
type Window struct {
	table []uint64 // by the first bits of a hash: the hash, and where it was seen
	bits  int      // of the table's size
	used  int
	end   uint // of the last match

	anchors []uint32
	hashes  []uint32
	seen    []uint64
}

// Reset forgets the page.
func (w *Window) Reset() {
	w.table, w.used, w.end = w.table[:0], 0, 0
}

// Next goes through the next piece, page[start:end], and appends the matches in it
// to far. Of the page it reads what lies before end.
func (w *Window) Next(far []Far, page []byte, start, end int) []Far {
	if start == 0 && end <= fewBytes {
		return far
	}
	for at := start; at < end; at += stripBytes {
		w.anchors = appendAnchors(w.anchors[:0], page[at:min(at+stripBytes+farBytes, end)])
		if len(w.anchors) > 0 {
			far = w.strip(far, page[:end], uint(at))
		}
	}
	return far
}

// strip looks up what stands at the anchors, which are counted from base. What
// waits for memory is in loops of its own, so that it waits once for several.
func (w *Window) strip(far []Far, page []byte, base uint) []Far {
	p, n := unsafe.Pointer(unsafe.SliceData(page)), len(w.anchors)
	w.room(n)
	hashes, seen := w.hashes[:n], w.seen[:n]
	for i, a := range w.anchors {
		hashes[i] = farHash(p, base+uint(a))
	}
	shift := 32 - w.bits
	for i, h := range hashes {
		seen[i] = w.table[h>>shift]
	}
	for i, was := range seen {
		if at, from := base+uint(w.anchors[i]), uint(uint32(was)); uint32(was>>32) != hashes[i] || at-from > maxWindow || load64(p, at) != load64(p, from) {
			seen[i] = 0
		}
	}
	for i, was := range seen {
		at := base + uint(w.anchors[i])
		if at < w.end {
			continue // in a match, whose other place is known
		}
		if was != 0 {
			if far = w.take(far, page, at, uint(uint32(was))); at < w.end {
				continue
			}
		}
		w.used++
		w.table[hashes[i]>>shift] = uint64(hashes[i])<<32 | uint64(at)
	}
	return far
}

// take appends the match of two places whose first bytes are equal.
func (w *Window) take(far []Far, page []byte, at, from uint) []Far {
	p := unsafe.Pointer(unsafe.SliceData(page))
	size := length(p, at, from, uint(len(page)))
	for at > w.end && from > 0 && load8(p, at-1) == load8(p, from-1) {
		at, from, size = at-1, from-1, size+1
	}
	if size < farBytes {
		return far
	}
	w.end = at + size
	return append(far, Far{uint32(at), uint32(from), uint32(size)})
}

// room makes the table large enough for n more anchors.
func (w *Window) room(n int) {
	if cap(w.hashes) < n {
		w.hashes, w.seen = make([]uint32, 2*n), make([]uint64, 2*n)
	}
	if most := 2 * (w.used + n); most > len(w.table) {
		w.grow(max(10, bits.Len(uint(most-1))))
	}
}

// grow makes the table one of 1<<to places. What is in it stays in its order, so
// that each finds its new place behind those that have not moved yet.
func (w *Window) grow(to int) {
	was := len(w.table)
	w.bits = to
	w.table = slices.Grow(w.table, 1<<to-was)[:1<<to]
	clear(w.table[was:])
	for i := was - 1; i >= 0; i-- {
		e := w.table[i]
		w.table[i] = 0
		if e != 0 {
			w.table[e>>32>>(32-to)] = e
		}
	}
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

// spread leaves out anchors that are close to the one before.
func spread(anchors []uint32) []uint32 {
	kept, next := anchors[:0], uint32(0)
	for _, a := range anchors {
		if a >= next {
			kept, next = append(kept, a), a+anchorApart
		}
	}
	return kept
}
