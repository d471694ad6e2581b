package kernel

// vectorShare is what attention reaches of the rate of products where vectors do
// both: from 0.53, of short sequences with heads of 32, to 0.87, of long ones with heads
// of 128, in every precision (docs/performance.md).
const vectorShare = 0.6

// Cycles that attention on tiles takes for 32 × 32 scores, forward and back: of
// products, for each 32 numbers of a head and each product of parts, at 16 for a
// product of tiles; and of vectors, whose instructions two units share.
const (
	tileCycles       = (8 + 20) * 16
	softmaxCyclesOne = (768 + 864) / 2
	softmaxCyclesTwo = (1120 + 1600) / 2
)

// AttentionShare is what attention, forward and back, reaches of the rate of products
// of a family, softmax and masks included; parts are those of [Family.Rounded], or 0.
//
// On tiles it is counted, not measured: products, which are fast, and vectors, which
// are not, run one after the other. It holds for long sequences; of 512 positions a
// quarter less is to be expected.
func (f Family) AttentionShare(parts Parts, c int) float64 {
	if f != AMX || parts == 0 {
		return vectorShare
	}
	products, vectors := 1, softmaxCyclesOne
	if parts == TwoParts {
		products, vectors = 3, softmaxCyclesTwo
	}
	used := float64(tileCycles*products) * float64(c) / tileStep
	taken := float64(tileCycles * products * steps(c))
	return used / (taken + float64(vectors))
}
