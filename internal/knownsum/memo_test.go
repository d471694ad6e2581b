package knownsum

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/swerm/swerm/internal/blake3lanes"
)

// memo returns a new memo, or skips.
func memo(t testing.TB) *Memo {
	m := New()
	if m == nil {
		t.Skip("no carry-less multiplication here")
	}
	return m
}

func words(n int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// learn hashes a text as a reader of files does, in pieces.
func learn(m *Memo, text []byte, piece int) [blake3lanes.Size]byte {
	var h Hasher
	h.Reset(m, int64(len(text)))
	for len(text) > 0 {
		n := min(piece, len(text))
		h.Write(text[:n])
		text = text[n:]
	}
	return h.Sum()
}

func TestSumsAreThoseOfBLAKE3(t *testing.T) {
	for _, m := range []*Memo{New(), nil} {
		for _, n := range []int{0, 1, minText - 1, minText, minText + 1, chunkBytes * lotChunks, chunkBytes*lotChunks*3 + 5, 1 << 20} {
			text := words(n)
			want := blake3lanes.Sum256(text)
			if got := m.Sum(text); got != want {
				t.Errorf("%d bytes, not met before: another sum", n)
			}
			for _, piece := range []int{chunkBytes, 256 << 10} {
				if got := learn(m, text, piece); got != want {
					t.Errorf("%d bytes in pieces of %d: another sum", n, piece)
				}
			}
			if got := m.Sum(text); got != want {
				t.Errorf("%d bytes, met before: another sum", n)
			}
		}
	}
}

// TestWhatIsMetAgainIsNotHashed puts a wrong sum where the right one would be.
func TestWhatIsMetAgainIsNotHashed(t *testing.T) {
	m := memo(t)
	text := words(100_003)
	learn(m, text, 4*chunkBytes)
	if len(m.sums) != 1 {
		t.Fatalf("%d sums are remembered", len(m.sums))
	}
	mark := [blake3lanes.Size]byte{1, 2, 3}
	for p := range m.sums {
		m.sums[p] = mark
	}
	if m.Sum(text) != mark {
		t.Error("a text that was hashed before is hashed again")
	}
	for _, i := range []int{0, 1023, 1024, 50_000, 99_327, 99_328, 100_002} {
		text[i] ^= 1
		if m.Sum(text) == mark {
			t.Errorf("byte %d has changed, and nobody noticed", i)
		}
		text[i] ^= 1
	}
	text[2048], text[4096] = text[4096]+1, text[2048]+1
	if m.Sum(text) == mark {
		t.Error("bytes have changed places, and nobody noticed")
	}
	if m.Sum(append(words(100_003), 0)) == mark || m.Sum(words(100_003)[:100_002]) == mark {
		t.Error("the length has changed, and nobody noticed")
	}
}

func TestOddPiecesAreNotRemembered(t *testing.T) {
	m, text := memo(t), words(100_003)
	if learn(m, text, 1000) != blake3lanes.Sum256(text) || len(m.sums) != 0 {
		t.Errorf("%d sums are remembered", len(m.sums))
	}
	if learn(m, text, chunkBytes); len(m.sums) != 1 {
		t.Errorf("%d sums of whole chunks are remembered", len(m.sums))
	}
}

func TestMemosHaveKeysOfTheirOwn(t *testing.T) {
	if one, other := memo(t), memo(t); one.key == other.key {
		t.Error("two memos have one key")
	}
}

func TestAMemoIsBounded(t *testing.T) {
	m := memo(t)
	for i := range maxSums {
		m.sums[fingerprint{byte(i), byte(i >> 8), byte(i >> 16), 1}] = [blake3lanes.Size]byte{}
	}
	text := words(2 * minText)
	if learn(m, text, chunkBytes) != blake3lanes.Sum256(text) || len(m.sums) != maxSums {
		t.Errorf("%d sums are remembered", len(m.sums))
	}
}

// TestProducts compares machine code with products made bit by bit.
func TestProducts(t *testing.T) {
	m := memo(t)
	text := words(3 * chunkBytes)
	got := make([]byte, 3*valueBytes)
	multiply(&got[0], unsafe.SliceData(text), 3, &m.key[0])
	for c := range 3 {
		var low, high uint64
		for at := 0; at < chunkBytes; at += 16 {
			word := func(k int) uint64 {
				return binary.LittleEndian.Uint64(text[c*chunkBytes+at+k:]) ^ binary.LittleEndian.Uint64(m.key[at+k:])
			}
			l, h := product(word(0), word(8))
			low, high = low^l, high^h
		}
		if l, h := binary.LittleEndian.Uint64(got[16*c:]), binary.LittleEndian.Uint64(got[16*c+8:]); l != low || h != high {
			t.Errorf("chunk %d: %x %x, want %x %x", c, l, h, low, high)
		}
	}
}

func product(a, b uint64) (low, high uint64) {
	for i := range 64 {
		if b>>i&1 == 1 {
			low ^= a << i
			high ^= a >> 1 >> (63 - i)
		}
	}
	return low, high
}

func BenchmarkSum(b *testing.B) {
	text := words(256 << 10)
	for _, known := range []bool{true, false} {
		name := map[bool]string{true: "known", false: "unknown"}[known]
		b.Run(name, func(b *testing.B) {
			m := memo(b)
			if known {
				learn(m, text, len(text))
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Sum(text)
			}
		})
	}
}
