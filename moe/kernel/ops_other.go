//go:build !amd64

package kernel

// Without machine code the only family is Generic, which never gets here.
const noCode = "kernel: no machine code on this architecture"

func (f Family) run(*strip, int, bool, int) { panic(noCode) }

func packRows(Family, int, *float32, int, *float32) { panic(noCode) }

func transpose(Family, int, *float32, int, *float32, int) { panic(noCode) }

func packStripsVec(Family, int, *float32, int, *float32, int) { panic(noCode) }

func dotVec(Family, *float32, *float32, int) float32 { panic(noCode) }

func sumSquaresVec(Family, *float32, int) float64 { panic(noCode) }

func axpyVec(Family, float32, *float32, *float32, int) { panic(noCode) }

func scaleVec(Family, float32, *float32, *float32, int) { panic(noCode) }

func normApplyVec(Family, *float32, *float32, *float32, int, float32) { panic(noCode) }

func normDotVec(Family, *float32, *float32, *float32, int) float32 { panic(noCode) }

func normBackwardVec(Family, *float32, *float32, *float32, *float32, *float32, int, float32, float32) {
	panic(noCode)
}

func rotateVec(Family, *float32, *float32, *float32, *float32, int, float32) { panic(noCode) }

func swigluVec(Family, *float32, *float32, *float32, int, float32) { panic(noCode) }

func swigluBackwardVec(Family, *float32, *float32, *float32, int, float32) float32 { panic(noCode) }

func maxRowVec(Family, *float32, int) float32 { panic(noCode) }

func expSumVec(Family, *float32, *float32, int, float32, float32) float32 { panic(noCode) }

func softmaxBackwardVec(Family, *float32, *float32, int, float32, float32, float32) { panic(noCode) }

func adamwVec(Family, *float32, *float32, *float32, *float32, int, *AdamWCoef) { panic(noCode) }

func widenBF16Vec(Family, *float32, *byte, int) { panic(noCode) }

func widenF16Vec(Family, *float32, *byte, int) { panic(noCode) }

func adamw8Vec(Family, *float32, *float32, *float32, *float32, int, *AdamWCoef, *byte, *byte, float32, float32) (mostM, mostV uint32) {
	panic(noCode)
}

func quantizeVec(Family, *byte, *float32, int, float32, *dynamicMap) { panic(noCode) }
