package moe

import (
	"sync"
	"sync/atomic"
)

// crew runs units of work on several goroutines. It lives in the pass, so that
// a phase costs a closure and not a set of counters.
type crew struct {
	next atomic.Int64
	wg   sync.WaitGroup
	n    int
	do   func(worker, i int)
}

// run calls do(worker, i) for every i below n, on at most threads goroutines
// that take the next i as they become free. Work with the same i is the same
// work whichever worker does it, which is what makes results independent of
// the number of threads; worker only picks scratch memory.
func (c *crew) run(threads, n int, do func(worker, i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	c.next.Store(0)
	c.n, c.do = n, do
	c.wg.Add(threads)
	for w := 1; w < threads; w++ {
		go c.work(w)
	}
	c.work(0)
	c.wg.Wait()
	c.do = nil
}

func (c *crew) work(worker int) {
	defer c.wg.Done()
	for {
		i := int(c.next.Add(1)) - 1
		if i >= c.n {
			return
		}
		c.do(worker, i)
	}
}

// parallel is crew.run for callers that have none.
func parallel(threads, n int, do func(worker, i int)) { new(crew).run(threads, n, do) }
