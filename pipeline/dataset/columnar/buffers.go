package columnar

import "github.com/swerm/swerm/internal/zstdfast"

// classes are the sizes of buffers that are used again. What is larger than all
// of them is a giant row's, and goes when it does.
var classes = [...]int{64 << 10, 256 << 10, 1 << 20, zstdfast.PieceBytes, 12 << 20, 32 << 20, largestClass}

// largestClass holds a full page and a row of text behind it.
const largestClass = 48 << 20

// rowRoom is for the row that closes a page.
const rowRoom = 1 << 20

// buffers lends memory of the sizes of classes. The zero value is ready.
type buffers [len(classes)]freeList[[]byte]

// get returns an empty buffer that n bytes fit in. Memory that is not touched
// costs nothing, so that few sizes will do.
func (b *buffers) get(n int) []byte {
	for i, size := range classes {
		if n <= size {
			if free := b[i].get(); free != nil {
				return free[:0]
			}
			return make([]byte, 0, size)
		}
	}
	return make([]byte, 0, n+n/4)
}

// toGrow returns an empty buffer that n bytes fit in, for a page that is closed at
// limit bytes and may come to as many as largest, 0 where nobody knows. Memory that was touched before is
// worth more than room: where the page before still has the buffer that would do,
// the next one begins in a smaller one that is free. Beyond a piece, which is
// nothing to copy, an unknown page gets what it will ever need.
func (b *buffers) toGrow(n, limit, largest int) []byte {
	for i := len(classes) - 1; i >= 0 && classes[i] >= n; i-- {
		if i > 0 && largest <= classes[i-1] {
			continue
		}
		if free := b[i].get(); free != nil {
			return free[:0]
		}
	}
	if largest == 0 && n > zstdfast.PieceBytes {
		n = max(n, limit+rowRoom)
	}
	return b.get(n)
}

// put takes a buffer back, or leaves it to the garbage collector.
func (b *buffers) put(buf []byte) {
	for i, size := range classes {
		if cap(buf) == size {
			b[i].put(buf)
		}
	}
}
