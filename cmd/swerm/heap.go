package main

import (
	"math"
	"runtime/debug"

	"github.com/swerm/swerm/pipeline"
)

// holder is a config that knows how much memory its stage holds at most.
type holder interface{ Memory(workers int) int64 }

// stageBallast is for verbs whose stage says how much memory it holds.
const stageBallast = 32 << 20

// steady gives the heap a ballast that is allocated and never touched: it costs no
// memory, and the collector does not run for every few megabytes while the heap is
// small, each time over all that the program holds anyway.
func (a *app) steady(bytes int) { a.ballast = make([]byte, bytes) }

// boundHeap keeps the heap of a verb to what its stage needs. Memory that is
// touched once stays the process's, so that garbage costs as much as data does.
// GOMEMLIMIT has the last word.
func (a *app) boundHeap(c pipeline.Config) {
	h, ok := c.(holder)
	if ok && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		a.steady(stageBallast)
		debug.SetMemoryLimit(h.Memory(a.workers) + stageBallast)
	}
}
