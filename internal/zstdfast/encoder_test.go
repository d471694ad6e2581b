package zstdfast

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// decoder is one of another hand that has no more than the window.
var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
})

// check compresses and decompresses a page.
func check(t testing.TB, e *Encoder, page []byte) []byte {
	t.Helper()
	dec, err := decoder()
	if err != nil {
		t.Fatal(err)
	}
	frame := e.AppendFrame(nil, page)
	got, err := dec.DecodeAll(frame, nil)
	if err != nil {
		t.Fatalf("%d bytes: %v", len(page), err)
	}
	if !bytes.Equal(got, page) {
		t.Fatalf("%d bytes differ", len(page))
	}
	return frame
}

// text writes lines that repeat themselves more or less.
func text(rng *rand.Rand, n, words int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "%sdef f_%d(x%d):", strings.Repeat(" ", rng.IntN(9)), rng.IntN(words), rng.IntN(words*words))
		if rng.IntN(20) == 0 && b.Len() > 100 {
			at := rng.IntN(b.Len() - 50)
			b.Write(bytes.Clone(b.Bytes()[at : at+min(rng.IntN(5000), b.Len()-at)]))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()[:n]
}

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func TestPagesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var e Encoder
	for n := range 300 {
		check(t, &e, text(rng, n, 5))
		check(t, &e, noise(rng, n))
		check(t, &e, make([]byte, n))
	}
	for _, n := range []int{1000, 65791, 65792, maxBlock - 1, maxBlock, maxBlock + 1, 3*maxBlock + 5, 1 << 20} {
		for _, words := range []int{2, 30, 1000} {
			check(t, &e, text(rng, n, words))
		}
		check(t, &e, noise(rng, n))
		check(t, &e, bytes.Repeat([]byte("a"), n))
		check(t, &e, bytes.Repeat(noise(rng, 1+rng.IntN(n)), 3))
		check(t, &e, append(noise(rng, n), text(rng, n, 50)...))
		check(t, &e, append(append(text(rng, n, 9), noise(rng, maxBlock)...), text(rng, n, 9)...))
	}
}

// TestFarMatches holds that nothing outside the window is referred to.
func TestFarMatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var e Encoder
	once := noise(rng, 1<<20)
	near := append(append(bytes.Clone(once), make([]byte, maxWindow-1<<20-1)...), once...)
	far := append(append(bytes.Clone(once), make([]byte, maxWindow)...), once...)
	if n := len(check(t, &e, near)); n > 1<<20+1<<16 {
		t.Errorf("within the window: %d bytes", n)
	}
	if n := len(check(t, &e, far)); n < 2<<20 {
		t.Errorf("beyond the window: %d bytes", n)
	}
}

// TestWideSequences has literals, matches and offsets of as many bits as there may
// be, together, and of every number of them.
func TestWideSequences(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	wide := func(most int) int { return 1 + rng.IntN(1<<(1+rng.IntN(most))) }
	var e Encoder
	for range 3 {
		page := noise(rng, 12<<20)
		fresh := 0
		for len(page) < 30<<20 {
			n := wide(17)
			page, fresh = append(page, noise(rng, n)...), fresh+n
			at := max(0, len(page)-wide(24)-256)
			page = append(page, page[at:min(at+256+wide(17), len(page))]...)
		}
		if n := len(check(t, &e, page)); n > 12<<20+fresh+(30<<20-12<<20-fresh)/8 {
			t.Errorf("of %d new bytes %d are left", 12<<20+fresh, n)
		}
	}
}

// TestPagesStandAlone holds that a page's bytes do not depend on those before.
func TestPagesStandAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var used Encoder
	for range 20 {
		page := text(rng, rng.IntN(1<<19), 1+rng.IntN(100))
		if rng.IntN(3) == 0 {
			page = noise(rng, len(page)/8)
		}
		var fresh Encoder
		if !bytes.Equal(used.AppendFrame(nil, page), fresh.AppendFrame(nil, page)) {
			t.Fatalf("a page of %d bytes differs behind others", len(page))
		}
	}
}

// TestSmallerThanItWas holds the size that the package is there for.
func TestSmallerThanItWas(t *testing.T) {
	page := text(rand.New(rand.NewPCG(7, 8)), 4<<20, 300)
	other, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	var e Encoder
	ours, theirs := len(e.AppendFrame(nil, page)), len(other.EncodeAll(page, nil))
	if ours > theirs+theirs/50 {
		t.Errorf("%d bytes, %d at the fastest level of a general encoder", ours, theirs)
	}
}

func FuzzAppendFrame(f *testing.F) {
	rng := rand.New(rand.NewPCG(9, 10))
	f.Add([]byte("abcabcabcabc"), uint16(3))
	f.Add(text(rng, 3000, 7), uint16(60))
	f.Add(noise(rng, 500), uint16(400))
	var e Encoder
	f.Fuzz(func(t *testing.T, seed []byte, times uint16) {
		page := bytes.Clone(seed)
		for i := range min(int(times), 500) { // longer, and with changes
			if len(seed) == 0 || len(page) > 2*maxBlock {
				break
			}
			page = append(page, seed[i%len(seed):]...)
			page[len(page)-1] ^= byte(i)
		}
		check(t, &e, page)
	})
}

func BenchmarkAppendFrame(b *testing.B) {
	page := text(rand.New(rand.NewPCG(11, 12)), 8<<20, 300)
	dst := make([]byte, 0, len(page))
	b.Run("ours", func(b *testing.B) {
		var e Encoder
		b.SetBytes(int64(len(page)))
		for b.Loop() {
			dst = e.AppendFrame(dst[:0], page)
		}
	})
	b.Run("klauspost", func(b *testing.B) {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(page)))
		for b.Loop() {
			dst = e.EncodeAll(page, dst[:0])
		}
	})
}
