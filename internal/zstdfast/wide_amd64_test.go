package zstdfast

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// narrow compresses a page as machines without AVX2 do.
func narrow(e *Encoder, page []byte) []byte {
	defer func() { wide = true }()
	wide = false
	return e.AppendFrame(nil, page)
}

// TestWithoutAVX2 holds that machines without it write the same.
func TestWithoutAVX2(t *testing.T) {
	if !wide {
		t.Skip("no AVX2 here")
	}
	rng := rand.New(rand.NewPCG(21, 22))
	var e, other Encoder
	same := func(page []byte) {
		t.Helper()
		if !bytes.Equal(e.AppendFrame(nil, page), narrow(&other, page)) {
			t.Fatalf("other bytes of a page of %d", len(page))
		}
	}
	for n := range 600 {
		same(text(rng, n, 1+n%7))
		same(bytes.Repeat(noise(rng, 1+n%40), 1+n/8))
	}
	for range 60 {
		n := rng.IntN(1 << 18)
		same(text(rng, n, 1+rng.IntN(300)))
		same(append(noise(rng, n/9), bytes.Repeat(text(rng, 1+rng.IntN(3000), 9), 1+n/3000)...))
		same(mixed(rng, n))
	}
	same(text(rng, PieceBytes+1<<20, 3000))
}

// mixed is noise, runs, and what was there before, now and then with one byte
// changed, in lengths of every size.
func mixed(rng *rand.Rand, n int) []byte {
	page := noise(rng, 1+rng.IntN(100))
	for len(page) < n {
		size := 1 + rng.IntN(1<<(1+rng.IntN(12)))
		switch rng.IntN(4) {
		case 0:
			page = append(page, noise(rng, size%64)...)
		case 1:
			page = append(page, bytes.Repeat(page[rng.IntN(len(page)):][:1], size)...)
		default:
			back := 1 + rng.IntN(min(len(page), 1<<(1+rng.IntN(17))))
			for range size {
				page = append(page, page[len(page)-back])
			}
			page[len(page)-1-rng.IntN(size)] ^= byte(rng.IntN(2))
		}
	}
	return page[:n]
}

func FuzzWithoutAVX2(f *testing.F) {
	if !wide {
		f.Skip("no AVX2 here")
	}
	rng := rand.New(rand.NewPCG(23, 24))
	f.Add([]byte("abcabcabcabc"), uint16(90))
	f.Add(text(rng, 3000, 7), uint16(60))
	f.Add(mixed(rng, 5000), uint16(9))
	var e, other Encoder
	f.Fuzz(func(t *testing.T, seed []byte, times uint16) {
		page := bytes.Clone(seed)
		for i := range min(int(times), 300) {
			if len(seed) == 0 || len(page) > 2*maxBlock {
				break
			}
			page = append(page, seed[i%len(seed):]...)
			page[len(page)-1] ^= byte(i)
		}
		if !bytes.Equal(check(t, &e, page), narrow(&other, page)) {
			t.Fatalf("other bytes of a page of %d", len(page))
		}
	})
}
