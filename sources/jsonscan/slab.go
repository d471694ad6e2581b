package jsonscan

// A slab holds values that are pointed to, in few allocations: what one document
// tells lives and dies together.
type slab[T any] struct{ chunk []T }

const (
	minSlab = 8
	maxSlab = 64 // values: what is left of the last chunk is lost
)

// put returns a pointer to a copy of v.
func (p *slab[T]) put(v T) *T {
	if len(p.chunk) == cap(p.chunk) {
		p.chunk = make([]T, 0, min(max(minSlab, 2*cap(p.chunk)), maxSlab))
	}
	p.chunk = append(p.chunk, v)
	return &p.chunk[len(p.chunk)-1]
}
