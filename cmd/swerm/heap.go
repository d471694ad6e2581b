package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/swerm/swerm/pipeline"
)

// holder is a config that knows how much memory its stage holds at most.
type holder interface{ Memory(workers int) int64 }

// leastHeap is how large the heap of such a verb is before it is collected.
const leastHeap = 64 << 20

// steady lets the collector wait until the heap has so many bytes, and grow to twice of
// what is alive from there on: while it is small it would be collected for every few
// megabytes, each time with all that the program holds anyway. GOGC has the last word.
func steady(least int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	set := percentFor(least, 0)
	debug.SetGCPercent(set)
	afterEach(func() bool {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if want := percentFor(least, int(live[0].Value.Uint64())); want != set {
			set = want
			debug.SetGCPercent(set)
		}
		return true
	})
}

// percentFor is by how much a heap with so many bytes alive may grow.
func percentFor(least, live int) int {
	const usual, smallest = 100, 4 << 20 // of the runtime
	return max(usual, 100*least/max(live, smallest)-100)
}

// afterEach calls f after each collection, on the goroutine of finalizers, for as long
// as it returns true.
func afterEach(f func() bool) {
	type collected struct{ _ [16]byte } // an object of its own: smaller ones share memory
	runtime.SetFinalizer(new(collected), func(*collected) {
		if f() {
			afterEach(f)
		}
	})
}

// boundHeap keeps the heap of a verb to what its stage needs. Memory that is
// touched once stays the process's, so that garbage costs as much as data does.
// GOMEMLIMIT has the last word.
func (a *app) boundHeap(c pipeline.Config) {
	h, ok := c.(holder)
	if ok && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		steady(leastHeap)
		debug.SetMemoryLimit(h.Memory(a.workers))
	}
}
