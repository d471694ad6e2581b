package kernel

import "unsafe"

// lineBytes is a cache line; operands that start on one load fastest.
const lineBytes = 64

// Floats allocates n zeros on a cache line, backed by large pages where the
// system grants them.
func Floats(n int) []float32 { return Make[float32](n) }

// Make is Floats for either precision, and for bytes.
func Make[T float32 | float64 | byte](n int) []T {
	size, at := unsafe.Sizeof(*new(T)), 0
	raw := make([]T, n+lineBytes/int(min(size, 4)))
	if rem := uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % lineBytes; rem != 0 {
		at = int((lineBytes - rem) / size)
	}
	s := raw[at : at+n : at+n]
	adviseHuge(unsafe.Pointer(unsafe.SliceData(s)), n*int(size))
	return s
}
