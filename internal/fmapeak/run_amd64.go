package fmapeak

// Run makes n turns, at least one, on vectors of 8 or 16 lanes, which the
// machine must have.
func Run(lanes, n int) {
	if lanes == 16 {
		fmaAVX512(n)
		return
	}
	fmaAVX2(n)
}
