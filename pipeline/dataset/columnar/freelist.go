package columnar

import "sync"

// maxFree bounds what waits to be used again: row groups, page buffers and
// encoders of more goroutines than one Writer is given.
const maxFree = 16

// A freeList keeps what is dear to make until it is wanted again, the last
// first, since that one may still be in a cache. Unlike a sync.Pool it is not
// emptied by a collection: an encoder and its buffers are megabytes of memory
// that has to be touched page by page. The zero value is ready.
type freeList[T any] struct {
	mu    sync.Mutex
	items []T
}

// get returns the zero T where nothing is free.
func (l *freeList[T]) get() (v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.items); n > 0 {
		v, l.items = l.items[n-1], l.items[:n-1]
	}
	return v
}

func (l *freeList[T]) put(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.items) < maxFree {
		l.items = append(l.items, v)
	}
}
