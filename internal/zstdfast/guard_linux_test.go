package zstdfast

import (
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestInsideThePage holds that nothing before and behind a page is read: it lies
// between memory that must not be.
func TestInsideThePage(t *testing.T) {
	size := os.Getpagesize()
	const inside = 80
	memory, err := unix.Mmap(-1, 0, (inside+2)*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(memory)
	for _, edge := range [][]byte{memory[:size], memory[(inside+1)*size:]} {
		if err := unix.Mprotect(edge, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	room := memory[size : (inside+1)*size]
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
