package zstdfast

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"unsafe"
)

// atEnd returns memory for a T that ends where no more must be read.
func atEnd[T any](t *testing.T) *T {
	t.Helper()
	size := int(unsafe.Sizeof(*new(T)))
	page := os.Getpagesize()
	room := guarded(t, (size+page-1)/page*page)
	return (*T)(unsafe.Pointer(&room[len(room)-size]))
}

// TestWideClassify holds that machine code gives sequences the same codes.
func TestWideClassify(t *testing.T) {
	if !wide {
		t.Skip("no AVX2 here")
	}
	rng := rand.New(rand.NewPCG(31, 32))
	s, got, want := atEnd[sequences](t), atEnd[codes](t), new(codes)
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1000, maxSequences - 1, maxSequences} {
		randomSequences(rng, s, n)
		classifyAVX2(got, s, n)
		want.classifyEach(s, n)
		if !slices.Equal(got.kinds[:n], want.kinds[:n]) || !slices.Equal(got.extra[:n], want.extra[:n]) {
			t.Fatalf("other codes of %d sequences", n)
		}
	}
}

// TestWideCode holds that machine code writes the same bits as far as there is
// room, and nothing behind.
func TestWideCode(t *testing.T) {
	if !wide {
		t.Skip("no AVX2 here")
	}
	rng := rand.New(rand.NewPCG(33, 34))
	s, c := atEnd[sequences](t), atEnd[codes](t)
	const room = maxBlock + 16
	page := os.Getpagesize()
	memory := guarded(t, (room+page-1)/page*page)
	out, other := memory[len(memory)-room:], make([]byte, room)
	full := 0
	for _, n := range []int{1, 2, 3, 7, 8, 100, 5000, 5000, maxSequences} {
		for _, at := range []int{0, 5, maxBlock - 1000, maxBlock, maxBlock + 1} {
			randomSequences(rng, s, n)
			c.classify(s, n)
			for _, a := range []*alphabet{&c.literals, &c.matches, &c.offsets} {
				a.choose(nil, n, predefinedMatches, 9)
			}
			begin := stream{
				out: out, at: at, left: n - 1, w: bitWriter{}.add(rng.Uint64(), uint(rng.IntN(8))),
				literals: c.literals.table.start(c.kinds[n-1].literals),
				matches:  c.matches.table.start(c.kinds[n-1].matches),
				offsets:  c.offsets.table.start(c.kinds[n-1].offsets),
			}
			got, want := begin, begin
			want.out = other
			codeBMI2(c, &got)
			want.code(c)
			if got.at != want.at || got.left != want.left || got.w != want.w ||
				got.literals != want.literals || got.matches != want.matches || got.offsets != want.offsets {
				t.Fatalf("%d sequences from %d: other state", n, at)
			}
			if !bytes.Equal(out[min(at, got.at):got.at], other[min(at, got.at):got.at]) {
				t.Fatalf("%d sequences from %d: other bytes", n, at)
			}
			if got.left > 0 {
				full++
			}
		}
	}
	if full == 0 {
		t.Error("there was room for all")
	}
}
