package blake3lanes

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/zeebo/blake3"
)

func text(n int) []byte {
	r := rand.New(rand.NewPCG(5, 6))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestSumIsBLAKE3 compares with the reference around the ends of blocks,
// chunks, units and of what several units complete, in writes of several sizes.
func TestSumIsBLAKE3(t *testing.T) {
	all := text(9*unitBytes + 5000)
	var sizes []int
	for _, at := range []int{0, blockBytes, chunkBytes, 2 * chunkBytes, 3 * chunkBytes, smallBytes, 16 * chunkBytes, 17 * chunkBytes, 31 * chunkBytes,
		unitBytes, 2 * unitBytes, 3 * unitBytes, 4 * unitBytes, 5 * unitBytes, 8 * unitBytes, 9 * unitBytes} {
		for _, d := range []int{-1, 0, 1, 64, 1024, 1500} {
			sizes = append(sizes, max(0, at+d))
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		sizes = append(sizes, r.IntN(3*unitBytes))
	}
	var h Hasher
	for _, n := range sizes {
		m := all[len(all)-n:]
		want := blake3.Sum256(m)
		if got := Sum256(m); got != want {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
		for _, step := range []int{unitBytes, unitBytes / 3, 2*unitBytes + 7, 256 << 10} {
			h.Reset()
			for rest := m; len(rest) > 0; rest = rest[min(step, len(rest)):] {
				h.Write(rest[:min(step, len(rest))])
			}
			for range 2 {
				if got := h.Sum(nil); string(got) != string(want[:]) {
					t.Fatalf("%d bytes in steps of %d: %x, want %x", n, step, got, want)
				}
			}
		}
	}
}

// TestSumWhileWriting asks for the sum in between.
func TestSumWhileWriting(t *testing.T) {
	m := text(3 * unitBytes)
	var h Hasher
	for at := 0; at < len(m); at += 37_000 {
		part := m[at:min(at+37_000, len(m))]
		h.Write(part)
		if want := blake3.Sum256(m[:at+len(part)]); string(h.Sum(nil)) != string(want[:]) {
			t.Fatalf("after %d bytes: another sum", at+len(part))
		}
	}
	var none Hasher
	if want := blake3.Sum256(nil); string(none.Sum(nil)) != string(want[:]) {
		t.Fatal("of nothing: another sum")
	}
}

func BenchmarkSum256(b *testing.B) {
	for _, n := range []int{8 << 10, 64 << 10, 270 << 10, 4 << 20} {
		m := text(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Sum256(m)
			}
		})
	}
}
