package zstdfast

import (
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// guarded returns memory, of whole pages, between some that must not be read.
func guarded(t *testing.T, n int) []byte {
	t.Helper()
	size := os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, n+2*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	for _, edge := range [][]byte{memory[:size], memory[n+size:]} {
		if err := unix.Mprotect(edge, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return memory[size : n+size]
}

// TestInsideThePage holds that nothing before and behind a page is read: it lies
// between memory that must not be.
func TestInsideThePage(t *testing.T) {
	room := guarded(t, 80*os.Getpagesize())
	rng := rand.New(rand.NewPCG(25, 26))
	var e Encoder
	for n := range 700 {
		for _, page := range [][]byte{text(rng, n, 3), make([]byte, n), text(rng, rng.IntN(len(room)), 1+rng.IntN(200))} {
			for _, place := range [][]byte{room[:len(page)], room[len(room)-len(page):]} {
				copy(place, page)
				check(t, &e, place)
			}
		}
	}
}
