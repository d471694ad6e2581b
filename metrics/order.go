package metrics

import "math"

// keyed is a score as an unsigned integer of the same order, with its row.
type keyed struct {
	key uint64
	row uint32
}

// orderKey maps floats to integers that compare alike. Both zeros get one key.
func orderKey(s float64) uint64 {
	b := math.Float64bits(s + 0) // -0 + 0 is +0
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// Digits of the radix sort: 64 bits in six passes whose counters stay in L1.
const (
	digitBits   = 11
	digitPasses = 6
	digitSize   = 1 << digitBits
)

// sortKeyed sorts ascending and keeps the order of equal keys. It counts all
// digits in one sweep and skips every digit that all keys share, which scores
// of one sign and few decimals have several of. It returns whichever of the
// two buffers holds the result.
func sortKeyed(a, spare []keyed) []keyed {
	var count [digitPasses][digitSize]uint32
	for i := range a {
		k := a[i].key
		for p := range digitPasses {
			count[p][k>>(p*digitBits)&(digitSize-1)]++
		}
	}
	for p := range digitPasses {
		c := &count[p]
		shift := p * digitBits
		if len(a) == 0 || c[a[0].key>>shift&(digitSize-1)] == uint32(len(a)) {
			continue
		}
		var at uint32
		for d := range c {
			c[d], at = at, at+c[d]
		}
		for _, e := range a {
			d := e.key >> shift & (digitSize - 1)
			spare[c[d]] = e
			c[d]++
		}
		a, spare = spare, a
	}
	return a
}

// ascending returns the rows by score, equal scores in row order, with the key
// of each place.
func ascending(score []float64) []keyed {
	buf := make([]keyed, 2*len(score))
	a := buf[:len(score)]
	for i, s := range score {
		a[i] = keyed{orderKey(s), uint32(i)}
	}
	return sortKeyed(a, buf[len(score):])
}
