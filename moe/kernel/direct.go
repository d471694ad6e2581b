package kernel

// To make panels of a right operand that few rows meet takes longer than to
// multiply it, most of all where it comes from memory. Weights can be the left
// operand as they lie, and the rows the panels: what comes out is transposed, and
// small. Each of its elements is the same sum in the same order.

// Direct computes C = A·Wᵀ as [Family.PackT] of W and [Family.Mul] do, to the bit,
// without panels of W, which is n×k with ldw numbers between rows. There are at
// most [DirectRows] rows, and [DirectScratch] numbers of scratch.
type Direct[T float32 | float64] func(m, n, k int, a []T, lda int, w []T, ldw int, c []T, ldc int, scratch []T)

const (
	// DirectRows is the most rows that a product without panels takes. With more,
	// panels are made once for many.
	DirectRows = 96
	// directStep is how many rows of weights are multiplied at a time: a multiple
	// of the height of strips and of what is transposed at once, in every family.
	directStep = 48
	// DirectScratch is panels of the rows, a step's answers and their transpose.
	DirectScratch = DirectRows * (depthBlock + 2*directStep)
)

// DirectOf returns the product without panels of ops, nil where it has none.
func DirectOf[T float32 | float64](ops Products[T]) Direct[T] {
	if f, ok := any(ops).(Family); ok && f != Generic { // not what embeds one and rounds
		d, _ := any(Direct[float32](f.mulDirect)).(Direct[T])
		return d
	}
	return nil
}

func (f Family) mulDirect(m, n, k int, a []float32, lda int, w []float32, ldw int, c []float32, ldc int, scratch []float32) {
	cols := f.PanelLen(1, m) // with those that pad a panel
	panels, rest := scratch[:cols*depthBlock], scratch[cols*depthBlock:]
	answers, turned := rest[:cols*directStep], rest[cols*directStep:][:cols*directStep]
	for k0 := 0; k0 < k; k0 += depthBlock {
		kc := min(depthBlock, k-k0)
		f.PackT(panels, a[k0:], lda, kc, m)
		for j := 0; j < n; j += directStep {
			rows := min(directStep, n-j)
			f.mul(product{m: rows, n: cols, k: kc, a: w[j*ldw+k0:], lda: ldw, b: panels, packedDepth: kc, c: answers, ldc: cols, stream: true})
			f.turnAnswers(turned, answers, rows, cols)
			for i := range m {
				from, to := turned[i*directStep:][:rows], c[i*ldc+j:][:rows]
				if k0 == 0 {
					copy(to, from)
				} else {
					f.AddScaled(to, 1, from)
				}
			}
		}
	}
}

// turnAnswers transposes some rows of answers into columns of rows of directStep. Rows
// that are not there may be read: answers has directStep of them.
func (f Family) turnAnswers(dst, answers []float32, rows, cols int) {
	lanes := f.panelWidth() / 2
	_, _ = answers[directStep*cols-1], dst[directStep*cols-1]
	for i := 0; i < rows; i += lanes {
		transpose(f, cols/lanes, &answers[i*cols], cols, &dst[i], directStep)
	}
}
