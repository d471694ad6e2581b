package columnar

// classes are the sizes of small buffers that are used again.
var classes = [...]int{64 << 10, 256 << 10, smallBytes}

// smallBytes is the largest buffer in the heap. What is larger grows in a region, or
// is a giant row's and goes when it does.
const smallBytes = 1 << 20

// buffers lends memory for the values of pages. The zero value is ready.
type buffers struct {
	small   [len(classes)]freeList[[]byte]
	regions regions
}

// grow returns a page with the same content as page, which is full, and room for n
// bytes in all. The page may come to as many as largest, 0 where nobody knows. Memory
// that was touched before is worth more than room: the first of a page that will be
// large lies in a region at once where one is free, and in the heap where none is.
func (b *buffers) grow(page []byte, n, largest int) []byte {
	size := max(n, min(largest, regionBytes))
	if in := b.regions.extend(page, n, size); in != nil {
		if len(in) < len(page) {
			in = append(in, page...)
		}
		return in
	}
	return append(b.get(n, size), page...)
}

// get returns an empty buffer for n bytes of a page that may come to size.
func (b *buffers) get(n, size int) []byte {
	switch {
	case n > regionBytes:
		return make([]byte, 0, n+n/4)
	case n > smallBytes:
		return b.regions.get(size)[:0:stepOf(n)]
	case size > smallBytes:
		if in := b.regions.touchedOnly(size, n); in != nil {
			return in[:0:stepOf(n)]
		}
	}
	for i, class := range classes {
		if n <= class {
			if free := b.small[i].get(); free != nil {
				return free[:0]
			}
			return make([]byte, 0, class)
		}
	}
	panic("columnar: classes end below smallBytes")
}

// put takes a buffer back, or leaves it to the garbage collector.
func (b *buffers) put(buf []byte) {
	for i, class := range classes {
		if cap(buf) == class {
			b.small[i].put(buf)
			return
		}
	}
	b.regions.put(buf)
}
