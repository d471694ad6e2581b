package zstdfast

import (
	"math/bits"
	"unsafe"
)

const (
	// tableBits is the size of the table of a piece that is not small: 512 KiB,
	// half of the cache next to a core.
	tableBits = 17
	// An entry has a place in the piece, a bit that says that there is one, and
	// what of a hash does not choose the entry.
	placeBits = 22
	mark      = 1 << placeBits
	tagMask   = (1<<(31-placeBits) - 1) << (placeBits + 1)

	// stripPlaces are looked up while those before them are parsed, unitPlaces at
	// a time.
	stripPlaces = 480
	unitPlaces  = 24
	// knownPlaces from one on are known before it is parsed, and keptPlaces are kept:
	// the more, the less often they are moved.
	knownPlaces = stripPlaces + unitPlaces
	keptPlaces  = 4*stripPlaces + unitPlaces

	// These mix eight bytes, four and four.
	hashLow, hashHigh = 0x9E3779B1, 0x85EBCA77
)

// An ahead looks up the places of a piece before they are parsed, matched or not:
// where eight bytes were seen last. What waits for memory there waits for nothing
// else. Its places are those of the strip that is parsed, of the next and of a unit
// more, and of strips before.
type ahead struct {
	bits     uint                   // of the table
	base     uint                   // where the first strip begins
	from     uint                   // the next place to look up
	limit    uint                   // of those that can be: to, or what is left of the piece
	start    uint                   // of the piece
	has      [keptPlaces/8 + 5]byte // of machine code: a bit for each place
	distance [keptPlaces]uint32     // how far back its bytes were seen, 0 where they were not
	entries  [1 << tableBits]uint32 // by the first bits of a hash
	to       uint                   // the end of what is to be looked up
	end      uint                   // the last place that can be
}

// begin begins a piece, page[start:end], for which there is nothing to be found.
func (a *ahead) begin(start, end uint) {
	a.bits = uint(min(max(bits.Len(end-start)-2, 8), tableBits))
	clear(a.entries[:1<<a.bits])
	a.start, a.end = start, max(end, margin)-margin
	a.base, a.from = start, start
	a.want(start)
}

// want says what is to be looked up next.
func (a *ahead) want(to uint) { a.to, a.limit = to, min(to, a.end+1) }

// reach goes on to the strip of a place.
func (s *search) reach(at uint) {
	a := &s.ahead
	s.fill()
	if at+unitPlaces >= a.to { // nothing of it is known
		a.base, a.from = at, at
		a.want(at + knownPlaces)
		s.fill()
	} else if a.to-a.base == keptPlaces {
		copy(a.distance[:knownPlaces], a.distance[keptPlaces-knownPlaces:])
		copy(a.has[:knownPlaces/8], a.has[(keptPlaces-knownPlaces)/8:])
		a.base = a.to - knownPlaces
	}
	a.want(a.to + stripPlaces)
}

// fill looks up what there was no time for while parsing.
func (s *search) fill() {
	a := &s.ahead
	if wide && a.from < a.limit {
		fillAVX2(s)
	}
	for ; a.from < a.to; a.from += unitPlaces {
		a.unit(s.page, a.from-a.base)
	}
}

// unit looks up the next places, which are i behind the base, one after the other,
// and notes every other of them. Places too near to the end have nothing.
func (a *ahead) unit(page unsafe.Pointer, i uint) {
	distance := (*[unitPlaces]uint32)(a.distance[i:])
	if a.from >= a.limit {
		clear(distance[:])
		return
	}
	shift, tag, place := 32-a.bits, a.bits, uint32(a.from-a.start)|mark
	page = unsafe.Add(page, a.from)
	for j := uint(0); j < unitPlaces; j += 2 {
		h := hash(load64(page, j))
		e, own := &a.entries[h>>(shift%32)%(1<<tableBits)], h<<(tag%32)&tagMask|(place+uint32(j))
		distance[j] = distanceOf(own, *e)
		*e = own
		h = hash(load64(page, j+1))
		own = h<<(tag%32)&tagMask | (place + uint32(j+1))
		distance[j+1] = distanceOf(own, a.entries[h>>(shift%32)%(1<<tableBits)])
	}
}

// hash mixes eight bytes.
func hash(v uint64) uint32 { return uint32(v)*hashLow + uint32(v>>32)*hashHigh }

// distanceOf returns how far back an entry is, 0 for one of other bytes: then the
// two differ in more than their places. Which it is cannot be foreseen.
func distanceOf(own, entry uint32) uint32 {
	d := own - entry
	return d & uint32(int32(d>>placeBits-1)>>31)
}
