package columnar

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A budget hands out memory up to a limit, to the goroutines of one read.
type budget struct {
	mem   memory.Allocator // of batches
	pages memory.Allocator
	limit int64
	used  atomic.Int64
}

// errBudget is why a page that is decoded ahead may have to wait for its turn.
var errBudget = errors.New("read smaller batches or raise the limit")

func (b *budget) exceeded() error {
	return fmt.Errorf("needs more than %d bytes of memory at once: %w", b.limit, errBudget)
}

// check says whether n more bytes may be had.
func (b *budget) check(n int) error {
	if b.used.Load()+int64(n) > b.limit {
		return b.exceeded()
	}
	return nil
}

// get returns n bytes for a page, whose content is arbitrary.
func (b *budget) get(n int) ([]byte, error) {
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(-int64(n))
		return nil, b.exceeded()
	}
	buf := b.pages.Allocate(n)
	b.used.Add(int64(cap(buf) - n))
	return buf, nil
}

func (b *budget) free(buf []byte) {
	if cap(buf) > 0 {
		b.used.Add(-int64(cap(buf)))
		b.pages.Free(buf)
	}
}
