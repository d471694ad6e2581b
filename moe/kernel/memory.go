package kernel

import "unsafe"

// lineBytes is a cache line; operands that start on one load fastest.
const lineBytes = 64

// Floats allocates n zeros on a cache line, backed by large pages where the
// system grants them.
func Floats(n int) []float32 {
	const slack = lineBytes / 4
	raw := make([]float32, n+slack)
	at := 0
	if rem := uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % lineBytes; rem != 0 {
		at = int(lineBytes-rem) / 4
	}
	s := raw[at : at+n : at+n]
	adviseHuge(s)
	return s
}
