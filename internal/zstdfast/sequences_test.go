package zstdfast

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// edges are the numbers where classes begin and end.
func edges(most uint32) []uint32 {
	var all []uint32
	for n := uint32(0); n <= most; n++ {
		all = append(all, n)
		if n > 200 && n&(n+1) == 0 { // on to the next power of two
			n = min(2*n-1, most-1)
		}
	}
	return all
}

// randomSequences fills the first n with numbers of every size, some of them at
// the edge of a class.
func randomSequences(rng *rand.Rand, s *sequences, n int) {
	lengths, offsets := edges(1<<17-4), edges(1<<windowBits + 2)[1:]
	number := func(edges []uint32, most int) uint32 {
		if rng.IntN(2) == 0 {
			return edges[rng.IntN(len(edges))]
		}
		return uint32(rng.IntN(1 << (1 + rng.IntN(most))))
	}
	for i := range n {
		s.literals[i], s.matches[i], s.offsets[i] = number(lengths, 16), 3+number(lengths, 16), max(1, number(offsets, windowBits))
		for s.literals[i]+s.matches[i] > maxBlock {
			s.literals[i], s.matches[i] = s.literals[i]/2, 3+s.matches[i]/2
		}
	}
}

// TestCodes holds that codes and the bits behind them say the number.
func TestCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	var s sequences
	var c codes
	randomSequences(rng, &s, maxSequences)
	c.classify(&s, maxSequences)
	literalsFirst, matchFirst := firsts(literalsBits[:36], 0), firsts(matchBits[:53], 3)
	for i, k := range c.kinds {
		x, l, m := c.extra[i], literalsBits[k.literals], matchBits[k.matches]
		literals := literalsFirst[k.literals] + uint32(x&(1<<l-1))
		match := matchFirst[k.matches] + uint32(x>>l&(1<<m-1))
		offset := uint32(1)<<k.offsets + uint32(x>>(l+m))
		if literals != s.literals[i] || match != s.matches[i] || offset != s.offsets[i] {
			t.Fatalf("%d, %d, %d become %d, %d, %d", s.literals[i], s.matches[i], s.offsets[i], literals, match, offset)
		}
		if k.bits != l+m+k.offsets || k.bits > 56 {
			t.Fatalf("%d bits: %d + %d + %d", k.bits, l, m, k.offsets)
		}
	}
}

// firsts are the first numbers of classes.
func firsts(bits []byte, first uint32) []uint32 {
	var all []uint32
	for _, b := range bits {
		all, first = append(all, first), first+1<<b
	}
	return all
}

func TestCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 30))
	var s sequences
	var c codes
	for n := range 50 {
		randomSequences(rng, &s, n)
		c.classifyEach(&s, n)
		c.count(c.kinds[:n])
		var want [3][maxSymbols]uint32
		for _, k := range c.kinds[:n] {
			want[0][k.literals]++
			want[1][k.matches]++
			want[2][k.offsets]++
		}
		if got := [3][maxSymbols]uint32{c.literals.counts, c.matches.counts, c.offsets.counts}; !slices.Equal(got[:], want[:]) {
			t.Fatalf("%d: %v, want %v", n, got, want)
		}
	}
}
