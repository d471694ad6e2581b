package zstdfast

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

const (
	lazyBelow = 16
	// tableBits is the size of the table of places, small enough for the cache
	// next to a core.
	tableBits = 15
	// minMatch is the shortest match that is taken. The table finds such of
	// seven bytes, and shorter ones by luck.
	minMatch = 4
	// hashFactor mixes seven bytes.
	hashFactor = 58295818150454627
	// skipBytes without a match make the search look at fewer places.
	skipBytes = 256
	// margin is what the search keeps away from the end of a block, so that it
	// may read eight bytes at once and copy sixteen.
	margin    = copyBytes + 8
	copyBytes = 16
)

// A sequence is a run of literals and the match behind it.
type sequence struct {
	literals uint32
	match    uint32
	offset   uint32 // 1 for one used before, else the distance and 3
}

func load64(p unsafe.Pointer, i uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

func load32(p unsafe.Pointer, i uint) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(p, i))[:])
}

func load8(p unsafe.Pointer, i uint) byte { return *(*byte)(unsafe.Add(p, i)) }

func hash(v uint64) uint64 { return v << 8 * hashFactor >> (64 - tableBits) }

// match finds the matches of page[start:end] in what of the page lies before, and
// gathers the literals between them. It returns how many these are.
func (e *Encoder) match(page []byte, start, end int) int {
	e.seqs = e.seqs[:0]
	anchor, out := start, 0
	if end-start > margin {
		anchor, out = e.search(unsafe.Pointer(unsafe.SliceData(page)), uint(start), uint(end))
	}
	return out + copy(e.literals[out:], page[anchor:end])
}

// search goes through a block. Places are counted from the beginning of the page
// at p; behind what is looked at, and behind the literals, there are margin
// bytes. It returns the end of the last match and how many literals lie before.
func (e *Encoder) search(p unsafe.Pointer, start, end uint) (anchor, literals int) {
	t, seqs, k := &e.table, e.seqs[:cap(e.seqs)], 0
	out := unsafe.Pointer(unsafe.SliceData(e.literals))
	base, rep0, rep1 := e.base, e.rep[0], e.rep[1]
	limit, last, count := end-margin, start, uint(0)
	for at := max(start, 1); at < limit; { // there is always a byte before
		far := e.ahead(at)
		stop := min(limit, max(at, uint(far.at)))
		var from, n uint
		found := false
		if at < stop {
			at, from, found = t.find(p, at, stop, rep0, base)
		}
		switch {
		case found:
			n = length(p, at, from, end)
			if n < lazyBelow && at-from != rep0 && at+1 < stop {
				v := load64(p, at+1)
				h := hash(v)
				q := t[h]
				t[h] = v<<32 | uint64(base+at+1)
				if c := uint(uint32(q)) - base; uint32(q>>32) == uint32(v) && at+1-c <= PieceBytes && load32(p, c) == uint32(v) {
					if m := length(p, at+1, c, end); m > n {
						at, from, n = at+1, c, m
					}
				}
			}
		case stop == limit:
			at = limit
		default:
			at = stop
			from, n = at-uint(far.at-far.from), min(uint(far.at+far.size), end)-at
		}
		if n == 0 {
			break
		}
		offset := uint(1)
		switch d := at - from; {
		case d == rep0 && at > last: // without literals 1 means another
		case d == rep1 && at > last:
			rep0, rep1, offset = rep1, rep0, 2
		default:
			rep0, rep1, offset = d, rep0, d+3
			for at > last && from > 0 && load8(p, at-1) == load8(p, from-1) {
				at, from, n = at-1, from-1, n+1
			}
		}
		copyWide(unsafe.Add(out, count), unsafe.Add(p, last), at-last)
		seqs[k] = sequence{uint32(at - last), uint32(n), uint32(offset)}
		k, count, last = k+1, count+at-last, at+n
		if last >= limit {
			break
		}
		t.put(load64(p, at+2), base+at+2)
		t.put(load64(p, last-2), base+last-2)
		for at = last; rep1 > 0 && at < limit && load32(p, at) == load32(p, at-rep1); at = last {
			rep0, rep1 = rep1, rep0
			t.put(load64(p, at), base+at)
			n := length(p, at, at-rep0, end)
			seqs[k] = sequence{0, uint32(n), 1}
			k, last = k+1, at+n
		}
	}
	e.rep, e.seqs = [2]uint{rep0, rep1}, seqs[:k]
	return int(last), int(count)
}

// nowhere is the far match behind the last.
var nowhere = Far{at: math.MaxUint32}

// ahead returns the next far match that is worth it at a place.
func (e *Encoder) ahead(at uint) Far {
	for len(e.far) > 0 {
		if f := e.far[0]; uint(f.at+f.size) >= at+minFar {
			return f
		}
		e.far = e.far[1:]
	}
	return nowhere
}

// A table tells for a hash of seven bytes where these were seen last, in its low
// half, and the first four of them, so that what does not match is not looked at.
// Places in it are counted from base before the page: those of the pages before
// are farther away than any window, so that nobody has to clear them.
type table [1 << tableBits]uint64

func (t *table) put(v uint64, at uint) { t[hash(v)] = v<<32 | uint64(at) }

// find looks for a match at a place from at on: two places at a time, whose loads
// do not wait for each other, and fewer the longer nothing is found.
func (t *table) find(p unsafe.Pointer, at, limit, rep, base uint) (place, from uint, ok bool) {
	step, next := uint(2), at+skipBytes
	for ; at < limit; at += step {
		v0, v1 := load64(p, at), load64(p, at+1)
		h0, h1 := hash(v0), hash(v1)
		p0 := t[h0]
		t[h0] = v0<<32 | uint64(base+at)
		if rep > 0 && load32(p, at+2) == load32(p, at+2-rep) {
			at += 2
			if load8(p, at-1) == load8(p, at-1-rep) {
				at--
			}
			return at, at - rep, true
		}
		if c := uint(uint32(p0)) - base; uint32(p0>>32) == uint32(v0) && at-c <= PieceBytes && load32(p, c) == uint32(v0) {
			return at, c, true
		}
		p1 := t[h1]
		t[h1] = v1<<32 | uint64(base+at+1)
		if c := uint(uint32(p1)) - base; uint32(p1>>32) == uint32(v1) && at+1-c <= PieceBytes && load32(p, c) == uint32(v1) {
			return at + 1, c, true
		}
		if at >= next {
			step, next = step+1, next+skipBytes
		}
	}
	return at, 0, false
}

// length measures a match of which four bytes are known.
func length(p unsafe.Pointer, at, from, end uint) uint {
	n := uint(minMatch)
	for ; at+n+8 <= end; n += 8 {
		if x := load64(p, at+n) ^ load64(p, from+n); x != 0 {
			return n + uint(bits.TrailingZeros64(x))/8
		}
	}
	for at+n < end && load8(p, at+n) == load8(p, from+n) {
		n++
	}
	return n
}

// copyWide copies n bytes, and up to copyBytes more.
func copyWide(dst, src unsafe.Pointer, n uint) {
	for {
		*(*[copyBytes]byte)(dst) = *(*[copyBytes]byte)(src)
		if n <= copyBytes {
			return
		}
		dst, src, n = unsafe.Add(dst, copyBytes), unsafe.Add(src, copyBytes), n-copyBytes
	}
}
