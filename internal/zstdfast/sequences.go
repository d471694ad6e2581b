package zstdfast

import (
	"encoding/binary"
	"math/bits"
)

// The modes of a table of codes.
const (
	modePredefined = 0
	modeOnly       = 1
	modeCounted    = 2
)

// fewSequences do not pay for tables of their own.
const fewSequences = 40

// codes are the numbers of a block's sequences by their size classes, with the
// tables that code them.
type codes struct {
	literals, matches, offsets alphabet
}

// An alphabet is one of the three kinds of numbers.
type alphabet struct {
	codes  []byte
	counts [maxSymbols]uint32
	table  fse
}

// literalsCode is the class of a number of literals.
func literalsCode(n uint32) byte {
	if n < uint32(len(literalsCodes)) {
		return literalsCodes[n]
	}
	return byte(bits.Len32(n) + 18)
}

// matchCode is the class of a length of a match.
func matchCode(n uint32) byte {
	if n -= 3; n < uint32(len(matchCodes)) {
		return matchCodes[n]
	}
	return byte(bits.Len32(n) + 35)
}

// classify gives every sequence its codes.
func (c *codes) classify(seqs []sequence) {
	for _, a := range []*alphabet{&c.literals, &c.matches, &c.offsets} {
		if cap(a.codes) < len(seqs) {
			a.codes = make([]byte, maxBlock/minMatch+1)
		}
		a.codes, a.counts = a.codes[:len(seqs)], [maxSymbols]uint32{}
	}
	ll, ml, of := c.literals.codes, c.matches.codes, c.offsets.codes
	for i, s := range seqs {
		l, m, o := literalsCode(s.literals), matchCode(s.match), byte(bits.Len32(s.offset)-1)
		ll[i], ml[i], of[i] = l, m, o
		c.literals.counts[l%maxSymbols]++
		c.matches.counts[m%maxSymbols]++
		c.offsets.counts[o%maxSymbols]++
	}
}

// appendSequences appends the second section of a block.
func (e *Encoder) appendSequences(dst []byte) []byte {
	n, c := len(e.seqs), &e.codes
	switch {
	case n < 128:
		dst = append(dst, byte(n))
	case n < 0x7f00:
		dst = append(dst, byte(n>>8+128), byte(n))
	default:
		dst = append(dst, 255, byte(n-0x7f00), byte((n-0x7f00)>>8))
	}
	if n == 0 {
		return dst
	}
	c.classify(e.seqs)
	modes := len(dst)
	dst = append(dst, 0)
	for _, k := range []struct {
		a     *alphabet
		plain []int16
		most  int
		shift int
	}{{&c.literals, predefinedLiterals, 9, 6}, {&c.offsets, predefinedOffsets, 8, 4}, {&c.matches, predefinedMatches, 9, 2}} {
		var mode int
		dst, mode = k.a.choose(dst, k.plain, k.most)
		dst[modes] |= byte(mode << k.shift)
	}
	return c.appendBits(dst, e.seqs)
}

// choose makes the table of an alphabet and appends what a decoder has to know
// of it.
func (a *alphabet) choose(dst []byte, plain []int16, most int) ([]byte, int) {
	n, last := len(a.codes), maxSymbols-1
	for a.counts[last] == 0 {
		last--
	}
	switch {
	case int(a.counts[last]) == n:
		a.table.only()
		return append(dst, byte(last)), modeOnly
	case n < fewSequences && last < len(plain):
		a.table.norm = [maxSymbols]int16{}
		copy(a.table.norm[:], plain)
		a.table.log = predefinedLog(plain)
		a.table.build()
		return dst, modePredefined
	}
	a.table.normalize(a.counts[:], n, logFor(n, last, most))
	a.table.build()
	return a.table.appendCounts(dst), modeCounted
}

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

// appendBits appends the sequences from the last to the first. It returns nil
// where they do not fit in a block.
func (c *codes) appendBits(dst []byte, seqs []sequence) []byte {
	out, at := dst[:cap(dst)], len(dst)
	i := len(seqs) - 1
	ll, ml, of := c.literals.codes[:len(seqs)], c.matches.codes[:len(seqs)], c.offsets.codes[:len(seqs)]
	literals, matches, offsets := &c.literals.table, &c.matches.table, &c.offsets.table
	l, m, o := literals.start(ll[i]), matches.start(ml[i]), offsets.start(of[i])
	var w bitWriter
	for {
		s := &seqs[i]
		w = w.add(uint64(s.literals), uint(literalsBits[ll[i]%maxSymbols]))
		w, at = w.flush(out, at)
		w = w.add(uint64(s.match-3), uint(matchBits[ml[i]%maxSymbols]))
		w = w.add(uint64(s.offset), uint(of[i]))
		w, at = w.flush(out, at)
		if i--; i < 0 {
			break
		}
		if at > maxBlock {
			return nil
		}
		w, o = offsets.put(w, o, of[i])
		w, m = matches.put(w, m, ml[i])
		w, l = literals.put(w, l, ll[i])
	}
	w = w.add(uint64(m), uint(matches.log))
	w = w.add(uint64(o), uint(offsets.log))
	w = w.add(uint64(l), uint(literals.log)).add(1, 1)
	w, at = w.flush(out, at)
	if w.n > 0 {
		out[at] = byte(w.bits)
		at++
	}
	return out[:at]
}
