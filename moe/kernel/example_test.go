package kernel_test

import (
	"fmt"

	"github.com/swerm/swerm/moe/kernel"
)

// A weight matrix is packed once and meets any number of rows.
func Example() {
	f := kernel.Detect()
	weights := []float32{ // [out, in] = [2, 3]
		1, 0, 2,
		0, 1, -1,
	}
	panels := make([]float32, f.PanelLen(3, 2))
	f.PackT(panels, weights, 3, 3, 2)
	rows := []float32{1, 2, 3, 4, 5, 6} // two rows of three
	out := make([]float32, 4)
	f.Mul(2, 2, 3, rows, 3, panels, out, 2, false)
	fmt.Println(out)
	// Output: [7 -1 16 -1]
}
