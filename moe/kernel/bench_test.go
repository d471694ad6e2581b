package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkMul reports bytes per second as floating-point operations per
// second: 1 MB/s is 1 MFLOP/s.
func BenchmarkMul(b *testing.B) {
	for _, f := range families() {
		for _, s := range [][3]int{{96, 512, 256}, {512, 512, 256}, {512, 256, 512}, {4096, 512, 256}, {96, 512, 64}, {96, 64, 512}, {512, 2048, 2048}} {
			for _, transA := range []bool{false, true} {
				m, n, k := s[0], s[1], s[2]
				b.Run(fmt.Sprintf("%s/%dx%dx%d/transA=%v", f, m, n, k, transA), func(b *testing.B) {
					a, p, c, scratch := Floats(m*k), Floats(f.PanelLen(k, n)), Floats(m*n), Floats(ScratchLen)
					b.SetBytes(int64(2 * m * n * k))
					for b.Loop() {
						if transA {
							f.MulT(m, n, k, a, m, p, c, n, false, scratch)
						} else {
							f.Mul(m, n, k, a, k, p, c, n, false)
						}
					}
				})
			}
		}
	}
}

func BenchmarkPack(b *testing.B) {
	const n, k = 512, 256
	for _, f := range families() {
		w, p := Floats(n*k), Floats(f.PanelLen(k, n))
		b.Run(f.String()+"/Pack", func(b *testing.B) {
			b.SetBytes(4 * n * k)
			for b.Loop() {
				f.Pack(p, w, n, k, n)
			}
		})
		b.Run(f.String()+"/PackT", func(b *testing.B) {
			b.SetBytes(4 * n * k)
			for b.Loop() {
				f.PackT(p, w, k, k, n)
			}
		})
	}
}

func BenchmarkRows(b *testing.B) {
	const n = 1024
	x, y, z, w := Floats(n), Floats(n), Floats(n), Floats(n)
	c := AdamWCoef{GradScale: 1, VCorrection: 1, Eps: 1e-8}
	for _, f := range families() {
		for _, op := range []struct {
			name string
			do   func()
		}{
			{"ExpSum", func() { f.ExpSum(x, y, 1, 0) }},
			{"SoftmaxBackward", func() { f.SoftmaxBackward(x, y, 1, 0, 0) }},
			{"SwiGLU", func() { f.SwiGLU(x, y, z, 1) }},
			{"SwiGLUBackward", func() { f.SwiGLUBackward(x, y, z, 1) }},
			{"RMSNorm", func() { f.RMSNorm(x, y, z, 1) }},
			{"RMSNormBackward", func() { f.RMSNormBackward(x, y, z, w, w, 1) }},
			{"Dot", func() { f.Dot(x, y) }},
			{"AdamW", func() { f.AdamW(x, y, z, w, &c) }},
		} {
			b.Run(f.String()+"/"+op.name, func(b *testing.B) {
				b.SetBytes(4 * n)
				for b.Loop() {
					op.do()
				}
			})
		}
	}
}
