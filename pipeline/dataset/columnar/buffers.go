package columnar

// classes are the sizes of buffers that are used again. What is larger than all
// of them is a giant row's, and goes when it does.
var classes = [...]int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 12 << 20, 32 << 20, largestClass}

// largestClass holds a full page and a row of text behind it.
const largestClass = 48 << 20

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

// put takes a buffer back, or leaves it to the garbage collector.
func (b *buffers) put(buf []byte) {
	for i, size := range classes {
		if cap(buf) == size {
			b[i].put(buf)
		}
	}
}
