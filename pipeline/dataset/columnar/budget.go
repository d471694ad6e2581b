package columnar

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A budget hands out memory up to a limit.
type budget struct {
	mem   memory.Allocator
	limit int64
	used  int64
}

// check says whether n more bytes may be had.
func (b *budget) check(n int) error {
	if b.used+int64(n) > b.limit {
		return fmt.Errorf("needs more than %d bytes of memory at once: read smaller batches or raise the limit", b.limit)
	}
	return nil
}

func (b *budget) get(n int) ([]byte, error) {
	if err := b.check(n); err != nil {
		return nil, err
	}
	buf := b.mem.Allocate(n)
	b.used += int64(cap(buf))
	return buf, nil
}

func (b *budget) free(buf []byte) {
	if cap(buf) > 0 {
		b.used -= int64(cap(buf))
		b.mem.Free(buf)
	}
}

// resize replaces *buf by one of n bytes whose content is arbitrary.
func (b *budget) resize(buf *[]byte, n int) ([]byte, error) {
	if cap(*buf) < n {
		b.free(*buf)
		*buf = nil
		fresh, err := b.get(n)
		if err != nil {
			return nil, err
		}
		*buf = fresh
	}
	return (*buf)[:n], nil
}
