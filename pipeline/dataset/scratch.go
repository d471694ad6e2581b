package dataset

import "github.com/apache/arrow-go/v18/arrow"

// scratch hands out buffers for one batch and takes them all back at once.
// The columns of a kind ask in the same order every time, so a slot soon has
// the size that it needs and encoding allocates almost nothing.
type scratch struct {
	slots [][]byte
	next  int
}

// reset takes every buffer back. What was built from them must not be read again.
func (s *scratch) reset() { s.next = 0 }

// bytes returns n bytes of any content.
func (s *scratch) bytes(n int) []byte {
	if s == nil {
		return make([]byte, n)
	}
	if s.next == len(s.slots) {
		s.slots = append(s.slots, nil)
	}
	b := s.slots[s.next]
	// A slot that a rare giant row has grown is let go when rows are small again.
	if cap(b) < n || cap(b) > scratchKeepBytes && n < cap(b)/4 {
		b = make([]byte, n+n/4)
		s.slots[s.next] = b
	}
	s.next++
	return b[:n]
}

// bits returns a bitmap of n zero bits.
func (s *scratch) bits(n int) []byte {
	b := s.bytes((n + 7) / 8)
	clear(b)
	return b
}

func (s *scratch) int32s(n int) []int32 {
	return arrow.Int32Traits.CastFromBytes(s.bytes(4 * n))
}

// scratchKeepBytes is the largest buffer kept although it is mostly unused:
// twice what a row group of text needs.
const scratchKeepBytes = 32 << 20
