package kernel

import "unsafe"

// stripGo is the portable product kernel: a strip of up to four rows against
// panels of eight columns.
func stripGo(s *strip, rows int, cols bool, n int) {
	const w = 8
	stepK, stepI := 1, s.lda/4
	if cols {
		stepK, stepI = s.lda/4, 1
	}
	a := unsafe.Slice(s.a, (s.depth-1)*stepK+(rows-1)*stepI+1)
	b := unsafe.Slice(s.b, (s.panels-1)*(s.panelB/4)+s.depth*w)
	c := unsafe.Slice(s.c, (rows-1)*(s.ldc/4)+n)
	for p := range s.panels {
		panel := b[p*(s.panelB/4):][:s.depth*w]
		for i := range rows {
			var sum [w]float32
			for k := range s.depth {
				x, row := a[k*stepK+i*stepI], (*[w]float32)(panel[k*w:])
				for j := range sum {
					sum[j] += x * row[j]
				}
			}
			out := c[i*(s.ldc/4)+p*w : i*(s.ldc/4)+min(p*w+w, n)]
			for j := range out {
				if s.acc != 0 {
					out[j] += sum[j]
				} else {
					out[j] = sum[j]
				}
			}
		}
	}
}
