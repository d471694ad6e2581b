package kernel

import "unsafe"

// The functions of this file pick the machine code, or its model.

// run multiplies tiles of so many rows and columns of tiles.
func (t Tiles) run(c *tileCall, rows, cols int) {
	if t.model {
		modelMul(c, int(t.parts), rows, cols)
		return
	}
	one := t.parts == OnePart
	switch {
	case one && rows == 2 && cols == 2:
		tileMul22One(c)
	case one && rows == 2:
		tileMul21One(c)
	case one && cols == 2:
		tileMul12One(c)
	case one:
		tileMul11One(c)
	case rows == 2 && cols == 2:
		tileMul22Two(c)
	case rows == 2:
		tileMul21Two(c)
	case cols == 2:
		tileMul12Two(c)
	default:
		tileMul11Two(c)
	}
}

// panel packs n rows of at most 32 columns.
func (t Tiles) panel(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	switch {
	case t.model:
		modelPanel(src, ld, dst, cols, n, nil, int(t.parts))
	case t.parts == OnePart:
		tilePanelOne(src, 4*ld, dst, cols, n)
	default:
		tilePanelTwo(src, 4*ld, dst, cols, n)
	}
}

// gather is panel for rows by index.
func (t Tiles) gather(src *float32, ld int, dst unsafe.Pointer, cols int, rows []int32) {
	switch {
	case t.model:
		modelPanel(src, ld, dst, cols, len(rows), rows, int(t.parts))
	case t.parts == OnePart:
		tileGatherOne(src, 4*ld, dst, cols, len(rows), &rows[0])
	default:
		tileGatherTwo(src, 4*ld, dst, cols, len(rows), &rows[0])
	}
}

// panelT packs at most 16 rows of n numbers as columns.
func (t Tiles) panelT(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	switch {
	case t.model:
		modelPanelT(src, ld, dst, cols, n, int(t.parts))
	case t.parts == OnePart:
		tilePanelTOne(src, 4*ld, dst, cols, n)
	default:
		tilePanelTTwo(src, 4*ld, dst, cols, n)
	}
}

// leftRows rounds at most 16 rows of n numbers.
func (t Tiles) leftRows(src *float32, ld int, dst unsafe.Pointer, rows, n int) {
	switch {
	case t.model:
		modelRows(src, ld, dst, rows, n, int(t.parts))
	case t.parts == OnePart:
		tileRowsOne(src, 4*ld, dst, rows, n)
	default:
		tileRowsTwo(src, 4*ld, dst, rows, n)
	}
}

// leftCols rounds at most 16 columns of n numbers, which become rows.
func (t Tiles) leftCols(src *float32, ld int, dst unsafe.Pointer, cols, n int) {
	switch {
	case t.model:
		modelCols(src, ld, dst, cols, n, int(t.parts))
	case t.parts == OnePart:
		tileColsOne(src, 4*ld, dst, cols, n)
	default:
		tileColsTwo(src, 4*ld, dst, cols, n)
	}
}

// softmax makes probabilities of a strip of scores.
func (t Tiles) softmax(c *softmaxCall) {
	switch {
	case t.model:
		modelSoftmax(c, int(t.parts))
	case t.parts == OnePart:
		tileSoftmaxOne(c)
	default:
		tileSoftmaxTwo(c)
	}
}

// softmaxBackward makes gradients of the scores of 32 keys.
func (t Tiles) softmaxBackward(c *softmaxBackCall) {
	switch {
	case t.model:
		modelSoftmaxBackward(c, int(t.parts))
	case t.parts == OnePart:
		tileSoftmaxBackwardOne(c)
	default:
		tileSoftmaxBackwardTwo(c)
	}
}
