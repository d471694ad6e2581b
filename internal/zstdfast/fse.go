package zstdfast

import (
	"math/bits"
	"slices"
)

// maxSymbols is the most that any alphabet here has.
const maxSymbols = 64

// An fse is the table of a finite state entropy coder for one alphabet. Machine
// code knows where symbols and next are.
type fse struct {
	symbols [maxSymbols]symbol
	next    [1 << 9]uint16
	norm    [maxSymbols]int16
	log     int // of the number of states; 0 for one symbol, which takes no bits
}

// A symbol says how to get to its states from others.
type symbol struct {
	bits uint32 // bits to write << 16, less the first state that writes them
	from int32
}

// only makes the table of an alphabet of one symbol.
func (f *fse) only() {
	f.log, f.next[0] = 0, 0
	f.symbols = [maxSymbols]symbol{}
}

// logFor is the size of a table for so many values of symbols up to last.
func logFor(total, last, most int) int {
	log := min(most, bits.Len(uint(total-1))-3)
	log = max(log, min(bits.Len(uint(total)), bits.Len(uint(last))+1))
	return min(max(log, 5), most)
}

// normalize shares 1<<log states among the symbols that occur: at least one
// each, the rest in proportion, and what rounding leaves to the most frequent.
// There are at least as many states as symbols.
// Rare symbols have -1, a state that is read in full each time.
func (f *fse) normalize(counts []uint32, total, log int) {
	f.log, f.norm = log, [maxSymbols]int16{}
	left, top := 1<<log, 0
	for s, n := range counts {
		if n == 0 {
			continue
		}
		share := int16(max(1, (uint64(n)<<log+uint64(total)/2)/uint64(total)))
		if uint64(n)<<log <= uint64(total) {
			share = -1
		}
		f.norm[s] = share
		left -= states(share)
		if n > counts[top] {
			top = s
		}
	}
	for ; left < 0; left++ { // what one gives is not always enough
		f.norm[slices.Index(f.norm[:], slices.Max(f.norm[:]))]--
	}
	f.norm[top] += int16(left)
}

func states(norm int16) int {
	if norm < 0 {
		return 1
	}
	return int(norm)
}

// build makes the table of the normalized counts.
func (f *fse) build() {
	size := 1 << f.log
	var spread [1 << 9]byte
	var first [maxSymbols + 1]int
	high := size - 1
	for s, n := range f.norm {
		first[s+1] = first[s] + states(n)
		if n < 0 {
			spread[high] = byte(s)
			high--
		}
	}
	step, at := size>>1+size>>3+3, 0
	for s, n := range f.norm {
		for range n {
			spread[at] = byte(s)
			for at = (at + step) & (size - 1); at > high; at = (at + step) & (size - 1) {
			}
		}
	}
	taken := first
	for i, s := range spread[:size] {
		f.next[taken[s]] = uint16(size + i)
		taken[s]++
	}
	for s, n := range f.norm {
		k := states(n)
		if k == 0 {
			continue
		}
		most := f.log
		if k > 1 {
			most -= bits.Len(uint(k-1)) - 1
		}
		t := &f.symbols[s]
		t.bits, t.from = uint32(most<<16-k<<most), int32(first[s]-k)
	}
}

// appendCounts appends the normalized counts as a decoder reads them.
func (f *fse) appendCounts(dst []byte) []byte {
	w := countWriter{dst: dst}
	w.add(uint32(f.log-5), 4)
	remaining, threshold, width := 1<<f.log+1, 1<<f.log, f.log+1
	last := len(f.norm)
	for last > 0 && f.norm[last-1] == 0 {
		last--
	}
	for s := 0; s < last; s++ {
		n := f.norm[s]
		most := 2*threshold - 1 - remaining
		remaining -= states(n)
		v := int(n) + 1
		if v >= threshold {
			v += most
		}
		if v < most {
			w.add(uint32(v), width-1)
		} else {
			w.add(uint32(v), width)
		}
		if n == 0 {
			s += w.zeros(f.norm[s+1 : last])
		}
		for ; remaining < threshold; threshold >>= 1 {
			width--
		}
	}
	return w.end()
}

// A countWriter writes bits, the lowest first.
type countWriter struct {
	dst  []byte
	bits uint32
	n    int
}

func (w *countWriter) add(v uint32, n int) {
	w.bits |= v << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.dst = append(w.dst, byte(w.bits))
		w.bits >>= 8
	}
}

// zeros says how many zeros follow a zero, three at a time.
func (w *countWriter) zeros(norm []int16) int {
	n := slices.IndexFunc(norm, func(c int16) bool { return c != 0 })
	for left := n; ; left -= 3 {
		if left < 3 {
			w.add(uint32(left), 2)
			return n
		}
		w.add(3, 2)
	}
}

func (w *countWriter) end() []byte {
	if w.n > 0 {
		w.dst = append(w.dst, byte(w.bits))
	}
	return w.dst
}
