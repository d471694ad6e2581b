//go:build !amd64

package kernel

import "unsafe"

// Without machine code there is the model, which is for tests.

func (t Tiles) run(c *tileCall, rows, cols int) { modelMul(c, int(t.parts), rows, cols) }

func (t Tiles) panel(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	modelPanel(src, ld, dst, cols, n, nil, int(t.parts))
}

func (t Tiles) gather(src *float32, ld int, dst unsafe.Pointer, cols int, rows []int32) {
	modelPanel(src, ld, dst, cols, len(rows), rows, int(t.parts))
}

func (t Tiles) panelT(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	modelPanelT(src, ld, dst, cols, n, int(t.parts))
}

func (t Tiles) leftRows(src *float32, ld int, dst unsafe.Pointer, rows, n int) {
	modelRows(src, ld, dst, rows, n, int(t.parts))
}

func (t Tiles) leftCols(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	modelCols(src, ld, dst, cols, n, int(t.parts))
}

func (t Tiles) softmax(c *softmaxCall) { modelSoftmax(c, int(t.parts)) }

func (t Tiles) softmaxBackward(c *softmaxBackCall) { modelSoftmaxBackward(c, int(t.parts)) }
