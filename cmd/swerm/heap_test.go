package main

import (
	"runtime"
	"testing"
	"time"
)

func TestGrowthOfAHeap(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct{ live, want int }{
		{0, 1500}, {4 * mib, 1500}, {16 * mib, 300}, {32 * mib, 100}, {60 * mib, 100}, {64 * mib, 100}, {65 * mib, 100}, {1 << 40, 100},
	} {
		if got := percentFor(64*mib, c.live); got != c.want {
			t.Errorf("%d MiB alive: %d %%, want %d", c.live/mib, got, c.want)
		}
	}
}

func TestAfterEachCollection(t *testing.T) {
	calls := make(chan int, 10)
	n := 0
	afterEach(func() bool {
		n++
		calls <- n
		return n < 3
	})
	for want := 1; want <= 3; want++ {
		runtime.GC()
		select {
		case got := <-calls:
			if got != want {
				t.Errorf("call %d, want %d", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("no call after collection %d", want)
		}
	}
	runtime.GC()
	runtime.GC()
	if len(calls) > 0 {
		t.Error("it does not end")
	}
}
