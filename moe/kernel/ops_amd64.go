package kernel

// The functions of this file pick the machine code of a family; f is never
// Generic here. Lengths are positive multiples of 16.

func packRows(f Family, n int, src *float32, ld int, dst *float32) {
	if f.wide() {
		packRowsAVX512(n, src, 4*ld, dst)
		return
	}
	packRowsAVX2(n, src, 4*ld, dst)
}

func transpose(f Family, blocks int, src *float32, lds int, dst *float32, ldd int) {
	if f.wide() {
		transposeAVX512(blocks, src, 4*lds, dst, 4*ldd)
		return
	}
	transposeAVX2(blocks, src, 4*lds, dst, 4*ldd)
}

func packStripsVec(f Family, k int, src *float32, lds int, dst *float32, strips int) {
	if f.wide() {
		packStripsAVX512(k, src, 4*lds, dst, strips)
		return
	}
	packStripsAVX2(k, src, 4*lds, dst, strips)
}

func dotVec(f Family, x, y *float32, n int) float32 {
	if f.wide() {
		return dotAVX512(x, y, n)
	}
	return dotAVX2(x, y, n)
}

func sumSquaresVec(f Family, x *float32, n int) float64 {
	if f.wide() {
		return sumSquaresAVX512(x, n)
	}
	return sumSquaresAVX2(x, n)
}

func axpyVec(f Family, a float32, x, y *float32, n int) {
	if f.wide() {
		axpyAVX512(a, x, y, n)
		return
	}
	axpyAVX2(a, x, y, n)
}

func scaleVec(f Family, a float32, x, y *float32, n int) {
	if f.wide() {
		scaleAVX512(a, x, y, n)
		return
	}
	scaleAVX2(a, x, y, n)
}

func normApplyVec(f Family, x, w, y *float32, n int, r float32) {
	if f.wide() {
		normApplyAVX512(x, w, y, n, r)
		return
	}
	normApplyAVX2(x, w, y, n, r)
}

func normDotVec(f Family, dy, w, x *float32, n int) float32 {
	if f.wide() {
		return normDotAVX512(dy, w, x, n)
	}
	return normDotAVX2(dy, w, x, n)
}

func normBackwardVec(f Family, dy, w, x, dx, dw *float32, n int, r, c float32) {
	if f.wide() {
		normBackwardAVX512(dy, w, x, dx, dw, n, r, c)
		return
	}
	normBackwardAVX2(dy, w, x, dx, dw, n, r, c)
}

func rotateVec(f Family, x1, x2, cos, sin *float32, n int, s float32) {
	if f.wide() {
		rotateAVX512(x1, x2, cos, sin, n, s)
		return
	}
	rotateAVX2(x1, x2, cos, sin, n, s)
}

func swigluVec(f Family, g, u, h *float32, n int, w float32) {
	if f.wide() {
		swigluAVX512(g, u, h, n, w)
		return
	}
	swigluAVX2(g, u, h, n, w)
}

func swigluBackwardVec(f Family, g, u, dh *float32, n int, w float32) float32 {
	if f.wide() {
		return swigluBackwardAVX512(g, u, dh, n, w)
	}
	return swigluBackwardAVX2(g, u, dh, n, w)
}

func maxRowVec(f Family, x *float32, n int) float32 {
	if f.wide() {
		return maxRowAVX512(x, n)
	}
	return maxRowAVX2(x, n)
}

func expSumVec(f Family, x, y *float32, n int, scale, shift float32) float32 {
	if f.wide() {
		return expSumAVX512(x, y, n, scale, shift)
	}
	return expSumAVX2(x, y, n, scale, shift)
}

func softmaxBackwardVec(f Family, s, dp *float32, n int, scale, shift, delta float32) {
	if f.wide() {
		softmaxBackwardAVX512(s, dp, n, scale, shift, delta)
		return
	}
	softmaxBackwardAVX2(s, dp, n, scale, shift, delta)
}

func adamwVec(f Family, p, g, m, v *float32, n int, c *AdamWCoef) {
	if f.wide() {
		adamwAVX512(p, g, m, v, n, c)
		return
	}
	adamwAVX2(p, g, m, v, n, c)
}

func widenBF16Vec(f Family, dst *float32, src *byte, n int) {
	if f.wide() {
		widenBF16AVX512(dst, src, n)
		return
	}
	widenBF16AVX2(dst, src, n)
}

func widenF16Vec(f Family, dst *float32, src *byte, n int) {
	if f.wide() {
		widenF16AVX512(dst, src, n)
		return
	}
	widenF16AVX2(dst, src, n)
}

func adamw8Vec(f Family, p, g, m, v *float32, n int, c *AdamWCoef, mc, vc *byte, keptM, keptV float32) (mostM, mostV uint32) {
	if f.wide() {
		return adamw8AVX512(p, g, m, v, n, c, mc, vc, &dynamicMaps, keptM, keptV)
	}
	return adamw8AVX2(p, g, m, v, n, c, mc, vc, &dynamicMaps, keptM, keptV)
}

func quantizeVec(f Family, dst *byte, x *float32, n int, inverse float32, m *dynamicMap) {
	switch {
	case f.wide() && m.signed:
		quantizeSignedAVX512(dst, x, n, inverse, m)
	case f.wide():
		quantizeUnsignedAVX512(dst, x, n, inverse, m)
	case m.signed:
		quantizeSignedAVX2(dst, x, n, inverse, m)
	default:
		quantizeUnsignedAVX2(dst, x, n, inverse, m)
	}
}
