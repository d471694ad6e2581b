package kernel

import "unsafe"

// run calls the kernel for a strip of rows rows. n is the columns that exist.
func (f Family) run(s *strip, rows int, cols bool, n int) {
	if f.wide() {
		if cols {
			runCols512(s, rows)
		} else {
			runRows512(s, rows)
		}
		return
	}
	runAVX2(s, rows, cols, n)
}

// runAVX2 splits off a last panel that is not whole: this family has no masks
// to spare, so that panel goes through a tile of its own.
func runAVX2(s *strip, rows int, cols bool, n int) {
	const w, height = 16, 6
	rem := n % w
	if rem != 0 {
		s.panels--
	}
	if s.panels > 0 {
		runFullAVX2(s, rows, cols)
	}
	if rem == 0 {
		return
	}
	var tile [height * w]float32
	last := *s
	last.panels, last.acc = 1, 0
	last.b = (*float32)(unsafe.Add(unsafe.Pointer(s.b), s.panels*s.panelB))
	last.c, last.ldc = &tile[0], 4*w
	runFullAVX2(&last, rows, cols)
	c := unsafe.Slice(s.c, (rows-1)*(s.ldc/4)+n)
	for i := range rows {
		out := c[i*(s.ldc/4)+n-rem : i*(s.ldc/4)+n]
		for j := range out {
			if s.acc != 0 {
				out[j] += tile[i*w+j]
			} else {
				out[j] = tile[i*w+j]
			}
		}
	}
	s.panels++
}

func runFullAVX2(s *strip, rows int, cols bool) {
	if cols {
		runCols256(s, rows)
	} else {
		runRows256(s, rows)
	}
}

func runRows512(s *strip, rows int) {
	switch rows {
	case 1:
		stripRows1AVX512(s)
	case 2:
		stripRows2AVX512(s)
	case 3:
		stripRows3AVX512(s)
	case 4:
		stripRows4AVX512(s)
	case 5:
		stripRows5AVX512(s)
	case 6:
		stripRows6AVX512(s)
	case 7:
		stripRows7AVX512(s)
	case 8:
		stripRows8AVX512(s)
	case 9:
		stripRows9AVX512(s)
	case 10:
		stripRows10AVX512(s)
	case 11:
		stripRows11AVX512(s)
	case 12:
		stripRows12AVX512(s)
	}
}

func runCols512(s *strip, rows int) {
	switch rows {
	case 1:
		stripCols1AVX512(s)
	case 2:
		stripCols2AVX512(s)
	case 3:
		stripCols3AVX512(s)
	case 4:
		stripCols4AVX512(s)
	case 5:
		stripCols5AVX512(s)
	case 6:
		stripCols6AVX512(s)
	case 7:
		stripCols7AVX512(s)
	case 8:
		stripCols8AVX512(s)
	case 9:
		stripCols9AVX512(s)
	case 10:
		stripCols10AVX512(s)
	case 11:
		stripCols11AVX512(s)
	case 12:
		stripCols12AVX512(s)
	}
}

func runRows256(s *strip, rows int) {
	switch rows {
	case 1:
		stripRows1AVX2(s)
	case 2:
		stripRows2AVX2(s)
	case 3:
		stripRows3AVX2(s)
	case 4:
		stripRows4AVX2(s)
	case 5:
		stripRows5AVX2(s)
	case 6:
		stripRows6AVX2(s)
	}
}

func runCols256(s *strip, rows int) {
	switch rows {
	case 1:
		stripCols1AVX2(s)
	case 2:
		stripCols2AVX2(s)
	case 3:
		stripCols3AVX2(s)
	case 4:
		stripCols4AVX2(s)
	case 5:
		stripCols5AVX2(s)
	case 6:
		stripCols6AVX2(s)
	}
}
