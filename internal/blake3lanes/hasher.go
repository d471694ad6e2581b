package blake3lanes

import (
	"slices"

	"github.com/zeebo/blake3"
)

// Size is the length of a sum.
const Size = 32

// A Hasher hashes what is written to it. The zero value is ready.
type Hasher struct {
	narrow *blake3.Hasher // used alone where there are no wide vectors
	wide   *tree
}

// Sum256 returns the sum of one message.
func Sum256(message []byte) [Size]byte {
	if !wide() || len(message) <= smallBytes {
		return blake3.Sum256(message)
	}
	t := trees.Get().(*tree)
	defer trees.Put(t)
	t.reset()
	t.write(message)
	return t.sum()
}

// smallBytes are hashed as fast by the narrow way: fewer chunks than lanes.
const smallBytes = 4 * chunkBytes

// Write adds b to the message. It never fails.
func (h *Hasher) Write(b []byte) (int, error) {
	switch {
	case h.wide == nil && h.narrow == nil:
		h.Reset()
		return h.Write(b)
	case h.narrow != nil:
		return h.narrow.Write(b)
	}
	h.wide.write(b)
	return len(b), nil
}

// Reset begins another message.
func (h *Hasher) Reset() {
	switch {
	case !wide() && h.narrow == nil:
		h.narrow = blake3.New()
	case !wide():
		h.narrow.Reset()
	case h.wide == nil:
		h.wide = new(tree)
	}
	if h.wide != nil {
		h.wide.reset()
	}
}

// Sum appends the sum of what was written so far; more may follow.
func (h *Hasher) Sum(b []byte) []byte {
	if h.narrow != nil {
		return h.narrow.Sum(b)
	}
	if h.wide == nil {
		h.Reset()
		return h.Sum(b)
	}
	sum := h.wide.sum()
	return append(slices.Grow(b, Size), sum[:]...)
}
