package fmapeak

// chains is how many vectors one turn of the loops multiplies and adds.
const chains = 12

// Flops returns the floating-point operations of n turns on vectors of so many
// lanes, an addition and a multiplication each.
func Flops(lanes, n int) float64 { return 2 * chains * float64(lanes) * float64(n) }
