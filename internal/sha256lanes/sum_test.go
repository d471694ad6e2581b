package sha256lanes

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSumIsSHA256 compares with crypto/sha256 for every length around the ends
// of blocks, and for numbers of messages from none to several for each lane.
func TestSumIsSHA256(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 70_000)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	var lengths []int
	for n := range 260 {
		lengths = append(lengths, n)
	}
	for range 40 {
		lengths = append(lengths, r.IntN(len(text)))
	}
	for count := range 70 {
		r.Shuffle(len(lengths), func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
		check(t, text, lengths[:count])
	}
	check(t, text, lengths)
	check(t, text, []int{0, 0, 0, len(text)})
	check(t, text, []int{64, 55, 56, 63, 119, 120, 128})
	check(t, text, slices.Repeat([]int{128}, Lanes))
}

func check(t *testing.T, text []byte, lengths []int) {
	t.Helper()
	messages := make([][]byte, len(lengths))
	for i, n := range lengths {
		messages[i] = text[len(text)-n:]
	}
	sums := make([][sha256.Size]byte, len(lengths))
	Sum(sums, messages)
	compare(t, sums, messages)
	for _, k := range kernels() {
		clear(sums)
		k.sum(sums, messages)
		compare(t, sums, messages)
	}
}

func compare(t *testing.T, sums [][sha256.Size]byte, messages [][]byte) {
	t.Helper()
	for i, m := range messages {
		if want := sha256.Sum256(m); sums[i] != want {
			t.Fatalf("message %d of %d (%d bytes): %x, want %x", i, len(messages), len(m), sums[i], want)
		}
	}
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("abc"), uint8(5), uint16(64))
	f.Add(make([]byte, 300), uint8(17), uint16(3))
	f.Fuzz(func(t *testing.T, text []byte, count uint8, stride uint16) {
		var lengths []int
		for i := range int(count) {
			lengths = append(lengths, i*int(stride)%(len(text)+1))
		}
		check(t, text, lengths)
	})
}

func BenchmarkSum(b *testing.B) {
	for _, count := range []int{1, 4, Lanes, 3 * Lanes} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			messages := make([][]byte, count)
			for i := range messages {
				messages[i] = make([]byte, 64<<10)
			}
			sums := make([][sha256.Size]byte, count)
			b.SetBytes(int64(count) * 64 << 10)
			for b.Loop() {
				Sum(sums, messages)
			}
		})
	}
}
