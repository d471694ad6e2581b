package zstdfast

import "math/bits"

// The modes of a table of codes.
const (
	modePredefined = 0
	modeOnly       = 1
	modeCounted    = 2
)

// fewSequences do not pay for tables of their own.
const fewSequences = 40

// maxSequences is how many a block may have, and as many as machine code looks at
// together.
const maxSequences = maxBlock/minMatch + 8

// The sequences of a block are runs of literals and the match behind each. Machine
// code knows the layout.
type sequences struct {
	literals [maxSequences]uint32
	matches  [maxSequences]uint32 // their lengths
	offsets  [maxSequences]uint32 // 1 or 2 for one of the last two, else the distance and 3
}

// codes are the numbers of a block's sequences by their classes, and the tables
// that code them. Machine code knows the layout.
type codes struct {
	literals, matches, offsets alphabet

	extra [maxSequences]uint64 // which numbers of their classes these are
	kinds [maxSequences]kind
}

// An alphabet is one of the three kinds of numbers.
type alphabet struct {
	counts [maxSymbols]uint32
	table  fse
}

// A kind is the classes of a sequence, and how many bits say which numbers of them
// it has: 56 at most, 31 for two lengths in one block and 25 for an offset.
type kind struct {
	literals, matches, offsets, bits byte
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

// classify gives the first n sequences their codes, and counts these.
func (c *codes) classify(s *sequences, n int) {
	if wide {
		classifyAVX2(c, s, n)
	} else {
		c.classifyEach(s, n)
	}
	c.count(c.kinds[:n])
}

// classifyEach is what machine code does for eight sequences at a time.
func (c *codes) classifyEach(s *sequences, n int) {
	for i := range n {
		literals, match, offset := s.literals[i], s.matches[i], s.offsets[i]
		l, m, o := literalsCode(literals), matchCode(match), byte(bits.Len32(offset)-1)
		var w bitWriter
		w = w.add(uint64(literals), uint(literalsBits[l%maxSymbols]))
		w = w.add(uint64(match-3), uint(matchBits[m%maxSymbols]))
		w = w.add(uint64(offset), uint(o))
		c.extra[i], c.kinds[i] = w.bits, kind{l, m, o, byte(w.n)}
	}
}

// count counts codes, those of every other sequence on their own: one that is
// counted twice in a row would be waited for.
func (c *codes) count(kinds []kind) {
	var literals, matches, offsets [2][maxSymbols]uint32
	for ; len(kinds) >= 2; kinds = kinds[2:] {
		k, o := kinds[0], kinds[1]
		literals[0][k.literals%maxSymbols]++
		matches[0][k.matches%maxSymbols]++
		offsets[0][k.offsets%maxSymbols]++
		literals[1][o.literals%maxSymbols]++
		matches[1][o.matches%maxSymbols]++
		offsets[1][o.offsets%maxSymbols]++
	}
	for _, k := range kinds {
		literals[0][k.literals%maxSymbols]++
		matches[0][k.matches%maxSymbols]++
		offsets[0][k.offsets%maxSymbols]++
	}
	for s := range maxSymbols {
		c.literals.counts[s] = literals[0][s] + literals[1][s]
		c.matches.counts[s] = matches[0][s] + matches[1][s]
		c.offsets.counts[s] = offsets[0][s] + offsets[1][s]
	}
}

// appendSequences appends the second section of a block.
func (e *Encoder) appendSequences(dst []byte) []byte {
	n, c := int(e.search.found), e.codes
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
	c.classify(e.seqs, n)
	modes := len(dst)
	dst = append(dst, 0)
	for _, k := range []struct {
		a     *alphabet
		plain []int16
		most  int
		shift int
	}{{&c.literals, predefinedLiterals, 9, 6}, {&c.offsets, predefinedOffsets, 8, 4}, {&c.matches, predefinedMatches, 9, 2}} {
		var mode int
		dst, mode = k.a.choose(dst, n, k.plain, k.most)
		dst[modes] |= byte(mode << k.shift)
	}
	return c.appendBits(dst, n)
}

// choose makes the table of an alphabet for n numbers and appends what a decoder
// has to know of it.
func (a *alphabet) choose(dst []byte, n int, plain []int16, most int) ([]byte, int) {
	last := maxSymbols - 1
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
