package sources

import (
	"cmp"
	"runtime"
)

const (
	// baseMemory holds documents and rows in flight, and one of MaxFileBytes
	// on its way, twice while it grows. The text of row groups is not in the heap.
	baseMemory = 232 << 20
	// workerMemory holds the rows, small pages and encoder of one worker.
	workerMemory = 40 << 20
)

// Memory is about what an import by a number of workers (0: one for each CPU)
// has to hold. A heap that may be as large never needs to be larger, whatever
// the size of the input: it is a soft limit to give to the garbage collector,
// which otherwise lets garbage grow to the size of what is alive.
func (c *Config) Memory(workers int) int64 {
	n := int64(cmp.Or(workers, runtime.GOMAXPROCS(0)))
	return baseMemory + n*workerMemory + 2*max(0, c.MaxDocument-MaxFileBytes)
}
