package regrade

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// each calls work for 0 to n-1, on so many goroutines, 0 for one a CPU. Its
// error is ctx's.
func each(ctx context.Context, workers, n int, work func(int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}
