package dataset

import (
	"context"
	"sync"
)

// aheadBytes is the size of the row groups that are decoded at a time: one of text,
// or many small ones. Decoding one takes its own size.
const aheadBytes = 64 << 20

// A room lets in what fits together, and one alone whatever its size.
type room struct {
	mu     sync.Mutex
	size   int64
	inside int64
	left   chan struct{} // closed and replaced when somebody leaves
}

func newRoom(size int64) *room { return &room{size: size, left: make(chan struct{})} }

// enter waits for room for n. It returns false when ctx ends before.
func (r *room) enter(ctx context.Context, n int64) bool {
	for {
		r.mu.Lock()
		left := r.left
		if r.inside == 0 || r.inside+n <= r.size {
			r.inside += n
			r.mu.Unlock()
			return true
		}
		r.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
			return false
		}
	}
}

// leave makes room again.
func (r *room) leave(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside -= n
	close(r.left)
	r.left = make(chan struct{})
}
