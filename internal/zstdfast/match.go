package zstdfast

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

const (
	// minMatch is the shortest match that is taken. The table finds such of eight
	// bytes, and shorter ones by luck.
	minMatch = 4
	// lazyPlaces behind the first place that has a match are looked at as well.
	lazyPlaces = 3
	// firstBytes of a match are measured before the best is chosen, and backBytes
	// before it.
	firstBytes = 32
	backBytes  = 8
	// byteScore is what a byte of a match is worth. A distance is worth the zeros
	// that it begins with.
	byteScore = 4
	// margin is what the search keeps away from the end of a block, so that it
	// may read ahead.
	margin = 64
	// copyBytes of literals are copied at once.
	copyBytes = 32
)

func load64(p unsafe.Pointer, i uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

func load32(p unsafe.Pointer, i uint) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(p, i))[:])
}

func load8(p unsafe.Pointer, i uint) byte { return *(*byte)(unsafe.Add(p, i)) }

// A search is the search for matches in a piece of a page. Places are counted from
// the beginning of the page. Machine code knows the layout.
type search struct {
	page     unsafe.Pointer
	literals unsafe.Pointer // of the block, with room for copyBytes more
	seqs     *sequences     // of the block
	count    uint           // of the literals before last
	found    uint           // sequences
	at       uint           // the next place
	to       uint           // where to stop
	last     uint           // the end of the last match
	end      uint           // of the block
	rep0     uint           // the last distance
	rep1     uint           // the one before; both are 0 before there were any
	origin   uint           // for machine code: the addresses of ahead's base and of to
	stop     uint
	ahead    ahead
}

// match finds the matches of page[start:end] in what of the page lies before, and
// gathers the literals between them. It returns how many these are.
func (e *Encoder) match(page []byte, start, end int) int {
	s := &e.search
	s.page, s.end = unsafe.Pointer(unsafe.SliceData(page)), uint(end)
	s.literals, s.count = unsafe.Pointer(unsafe.SliceData(e.literals)), 0
	s.seqs, s.found = e.seqs, 0
	// What is measured to the front lies in the page.
	s.at, s.last = max(uint(start), backBytes), uint(start)
	if end-start > margin {
		e.far = s.block(e.far)
	}
	n := int(s.count) + copy(e.literals[s.count:], page[s.last:end])
	s.page, s.literals, s.seqs = nil, nil, nil // the memory is not ours
	return n
}

// block goes through a block, from one far match to the next, and returns those
// that lie behind it.
func (s *search) block(far []Far) []Far {
	for limit := s.end - margin; s.at < limit; {
		var next Far
		if next, far = nextFar(far, s.at); s.at >= uint(next.at) {
			d, n := uint(next.at-next.from), min(uint(next.at+next.size), s.end)-s.at
			back := s.back(s.at, d)
			s.take(s.at-back, d, n+back)
			continue
		}
		if s.at+knownPlaces >= s.ahead.to {
			s.reach(s.at)
		}
		s.to = min(limit, uint(next.at), s.ahead.to-knownPlaces)
		if wide {
			page := uint(uintptr(s.page))
			s.origin, s.stop = page+s.ahead.base, page+s.to
			parseAVX2(s)
		} else {
			s.parse()
		}
	}
	return far
}

// nowhere is the far match behind the last.
var nowhere = Far{at: math.MaxUint32}

// nextFar returns the first far match that is worth it at a place, and it with
// those behind.
func nextFar(far []Far, at uint) (Far, []Far) {
	for ; len(far) > 0; far = far[1:] {
		if f := far[0]; uint(f.at+f.size) >= at+minFar {
			return f, far
		}
	}
	return nowhere, far
}

// parse takes the matches that begin before to.
func (s *search) parse() {
	for s.at < s.to {
		if s.ahead.distance[s.at-s.ahead.base] == 0 {
			s.at++
			continue
		}
		m := s.best()
		if m.size < minMatch { // a hash that is the same of other bytes
			s.at++
			continue
		}
		if m.size == firstBytes {
			m.size = length(s.page, m.at, m.at-m.distance, s.end)
		}
		s.take(m.at-m.back, m.distance, m.back+m.size)
	}
}

// A match is of bytes some way back, from a place on and before it.
type match struct {
	at, distance, size, back, score uint
}

// best returns the best of the matches at the next place and those right behind.
func (s *search) best() (best match) {
	for i, d := range s.ahead.distance[s.at-s.ahead.base:][:1+lazyPlaces] {
		if d == 0 || uint(d) == best.distance && best.size >= minMatch && best.size < firstBytes {
			continue // nothing, or the same match
		}
		m := match{at: s.at + uint(i), distance: uint(d)}
		m.size, m.back = few(s.page, m.at, m.at-m.distance), s.back(m.at, m.distance)
		m.score = byteScore*(m.size+m.back) + uint(bits.LeadingZeros32(d))
		if m.score > best.score {
			best = m
		}
	}
	return best
}

// few measures a match up to firstBytes.
func few(p unsafe.Pointer, at, from uint) uint {
	for n := uint(0); n < firstBytes; n += 8 {
		if x := load64(p, at+n) ^ load64(p, from+n); x != 0 {
			return n + uint(bits.TrailingZeros64(x))/8
		}
	}
	return firstBytes
}

// back measures a match to the front.
func (s *search) back(at, d uint) uint {
	most := min(at-s.last, backBytes, at-d)
	for n := range most {
		if load8(s.page, at-n-1) != load8(s.page, at-n-1-d) {
			return n
		}
	}
	return most
}

// take takes a match at a place, which is not before last.
func (s *search) take(at, d, n uint) {
	literals, offset := at-s.last, d+3
	switch {
	case d == s.rep0 && literals > 0: // without literals 1 means the one before
		offset = 1
	case d == s.rep1 && literals > 0:
		s.rep0, s.rep1, offset = d, s.rep0, 2
	case d == s.rep1:
		s.rep0, s.rep1, offset = d, s.rep0, 1
	default:
		s.rep0, s.rep1 = d, s.rep0
	}
	copyWide(unsafe.Add(s.literals, s.count), unsafe.Add(s.page, s.last), literals)
	s.seqs.literals[s.found], s.seqs.matches[s.found], s.seqs.offsets[s.found] = uint32(literals), uint32(n), uint32(offset)
	s.count, s.found = s.count+literals, s.found+1
	s.at, s.last = at+n, at+n
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
