package zstdfast

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// anchorsByHand finds anchors one place at a time.
func anchorsByHand(text []byte) []uint32 {
	var all []uint32
	for i := 0; i < len(text)-farBytes; i++ {
		v := uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
		if v*anchorFactor>>(32-anchorRate) == 0 && (len(all) == 0 || uint32(i) >= all[len(all)-1]+anchorApart) {
			all = append(all, uint32(i))
		}
	}
	return all
}

func TestAnchors(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	found := 0
	for n := range 400 {
		for _, text := range [][]byte{text(rng, n*3, 9), noise(rng, n*5), bytes.Repeat([]byte{byte(n)}, n)} {
			got, want := appendAnchors(nil, text), anchorsByHand(text)
			if !slices.Equal(got, want) {
				t.Fatalf("%d bytes: %v, want %v", len(text), got, want)
			}
			found += len(got)
		}
	}
	if found < 1000 {
		t.Errorf("%d anchors", found)
	}
}

// TestPieces holds that a page has the same bytes whoever compresses which piece,
// and that what comes again in a later piece is found.
func TestPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	page := text(rng, 2*PieceBytes, 4000)
	page = append(page, page[:PieceBytes+12345]...)
	var whole Encoder
	want := check(t, &whole, page)

	var w Window
	var far [][]Far
	for at := 0; at < len(page); at += PieceBytes {
		far = append(far, w.Next(nil, page, at, min(at+PieceBytes, len(page))))
	}
	pieces := make([][]byte, len(far))
	for i := len(far) - 1; i >= 0; i-- {
		var e Encoder
		end := min((i+1)*PieceBytes, len(page))
		pieces[i] = e.AppendPiece(nil, page[:end], i*PieceBytes, far[i], end == len(page))
	}
	if got := append(AppendHeader(nil, len(page)), bytes.Join(pieces, nil)...); !bytes.Equal(got, want) {
		t.Error("other bytes")
	}
	if again := len(pieces[2]) + len(pieces[3]); again > len(pieces[0])/20 {
		t.Errorf("what comes again takes %d bytes, the first piece %d", again, len(pieces[0]))
	}
}

// next goes through a page, piece by piece.
func next(w *Window, page []byte) (far []Far) {
	for at := 0; at < len(page); at += PieceBytes {
		far = w.Next(far, page, at, min(at+PieceBytes, len(page)))
	}
	return far
}

// TestWindowAgain holds that a window that was used finds what a new one does.
func TestWindowAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	var used Window
	all := text(rng, 2*PieceBytes, 500)
	for range 6 {
		page := all[rng.IntN(1<<20):][:1<<20+rng.IntN(6<<20)]
		used.Reset()
		if !slices.Equal(next(&used, page), next(new(Window), page)) {
			t.Fatal("other matches")
		}
	}
}

// TestGrow holds that entries are where their hashes say when a table has grown.
func TestGrow(t *testing.T) {
	page := noise(rand.New(rand.NewPCG(35, 36)), PieceBytes)
	var w Window
	next(&w, page)
	want, some := make([]uint32, 1<<allBits), 0
	for _, e := range w.table {
		if e != 0 {
			at := e & (1<<growShift - 1)
			h := farHash(unsafe.Pointer(&page[0]), uint(at))
			want[h>>(32-allBits)] = h<<windowBits | at
			some++
		}
	}
	if some < 10000 {
		t.Errorf("%d entries", some)
	}
	for range 2 { // in new memory, and in the same
		first := slices.Clone(w.table)
		if w.grow(); !slices.Equal(w.table, want) {
			t.Fatal("other entries")
		}
		w.begin()
		copy(w.table, first)
	}
}
