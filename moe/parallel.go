package moe

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(worker, i) for every i below n, on at most threads
// goroutines that take the next i as they become free. Work with the same i is
// the same work whichever worker does it, which is what makes results
// independent of the number of threads; worker only picks scratch memory.
func parallel(threads, n int, do func(worker, i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	run := func(worker int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(worker, i)
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < threads; w++ {
		wg.Go(func() { run(w) })
	}
	run(0)
	wg.Wait()
}
