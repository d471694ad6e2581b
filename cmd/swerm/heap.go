package main

import (
	"math"
	"runtime/debug"

	"github.com/swerm/swerm/pipeline"
)

// holder is a config that knows how much memory its stage holds at most.
type holder interface{ Memory(workers int) int64 }

// heapBallast is allocated and never touched: it costs no memory, and the collector
// does not run for every few megabytes while the heap is small, each time over
// all that the program holds anyway.
const heapBallast = 32 << 20

// boundHeap keeps the heap of a verb to what its stage needs. Memory that is
// touched once stays the process's, so that garbage costs as much as data does.
// GOMEMLIMIT has the last word.
func (a *app) boundHeap(c pipeline.Config) {
	h, ok := c.(holder)
	if ok && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		a.ballast = make([]byte, heapBallast)
		debug.SetMemoryLimit(h.Memory(a.workers) + heapBallast)
	}
}
