package kernel

import "unsafe"

// lineBytes is a cache line; operands that start on one load fastest.
const lineBytes = 64

// Floats allocates n zeros on a cache line, backed by large pages where the
// system grants them.
func Floats(n int) []float32 { return Make[float32](n) }

// Make is Floats for either precision.
func Make[T float32 | float64](n int) []T {
	const slack = lineBytes / 4
	raw := make([]T, n+slack)
	size, at := unsafe.Sizeof(raw[0]), 0
	if rem := uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % lineBytes; rem != 0 {
		at = int((lineBytes - rem) / size)
	}
	s := raw[at : at+n : at+n]
	adviseHuge(unsafe.Pointer(unsafe.SliceData(s)), n*int(size))
	return s
}
