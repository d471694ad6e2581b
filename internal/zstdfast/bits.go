package zstdfast

import "encoding/binary"

// A bitWriter holds bits that are not written yet, the lowest first. It is small
// enough to stay in registers.
type bitWriter struct {
	bits uint64
	n    uint
}

func (w bitWriter) add(v uint64, n uint) bitWriter {
	return bitWriter{w.bits | v&(1<<(n%64)-1)<<(w.n%64), w.n + n}
}

// flush writes eight bytes, of which whole ones count, and leaves less than eight
// bits.
func (w bitWriter) flush(out []byte, at int) (bitWriter, int) {
	binary.LittleEndian.PutUint64(out[at:], w.bits)
	return bitWriter{w.bits >> (w.n &^ 7 % 64), w.n % 8}, at + int(w.n/8)
}

// A stream is what is written of sequences, from the last to the first, with the
// states of their three tables. Machine code knows the layout.
type stream struct {
	out                        []byte
	at                         int
	left                       int // the sequences before what is written
	w                          bitWriter
	literals, matches, offsets uint32
}

// appendBits appends the first n sequences. It returns nil where they do not fit
// in a block.
func (c *codes) appendBits(dst []byte, n int) []byte {
	i := n - 1
	last := c.kinds[i]
	s := stream{
		out: dst[:cap(dst)], at: len(dst), left: i, w: bitWriter{c.extra[i], uint(last.bits)},
		literals: c.literals.table.start(last.literals),
		matches:  c.matches.table.start(last.matches),
		offsets:  c.offsets.table.start(last.offsets),
	}
	s.w, s.at = s.w.flush(s.out, s.at)
	if wide {
		codeBMI2(c, &s)
	} else {
		s.code(c)
	}
	if s.left > 0 {
		return nil
	}
	w := s.w.add(uint64(s.matches), uint(c.matches.table.log))
	w = w.add(uint64(s.offsets), uint(c.offsets.table.log))
	w = w.add(uint64(s.literals), uint(c.literals.table.log)).add(1, 1)
	w, s.at = w.flush(s.out, s.at)
	if w.n > 0 {
		s.out[s.at] = byte(w.bits)
		s.at++
	}
	return s.out[:s.at]
}

// code writes the sequences that are left, or as many as there is room for.
func (s *stream) code(c *codes) {
	literals, matches, offsets := &c.literals.table, &c.matches.table, &c.offsets.table
	w, at, l, m, o := s.w, s.at, s.literals, s.matches, s.offsets
	for ; s.left > 0 && at <= maxBlock; s.left-- {
		k := c.kinds[s.left-1]
		w, o = offsets.put(w, o, k.offsets)
		w, m = matches.put(w, m, k.matches)
		w, l = literals.put(w, l, k.literals)
		w, at = w.flush(s.out, at)
		w = w.add(c.extra[s.left-1], uint(k.bits))
		w, at = w.flush(s.out, at)
	}
	s.w, s.at, s.literals, s.matches, s.offsets = w, at, l, m, o
}

// start is the state for the symbol that a decoder reads last.
func (f *fse) start(s byte) uint32 {
	t := f.symbols[s%maxSymbols]
	k := (t.bits + 1<<15) >> 16
	return uint32(f.next[int32((k<<16-t.bits)>>k)+t.from])
}

// put adds the bits that lead from the state of the symbol s to the given one,
// and returns that of s.
func (f *fse) put(w bitWriter, state uint32, s byte) (bitWriter, uint32) {
	t := &f.symbols[s%maxSymbols]
	k := (state + t.bits) >> 16
	return w.add(uint64(state), uint(k)), uint32(f.next[(int32(state>>(k%32))+t.from)&(1<<9-1)])
}
