package kernel

import "math"

// SwiGLU sets h = w·silu(g)·u.
func (f Family) SwiGLU(h, g, u []float32, w float32) {
	n := f.whole(len(h))
	g, u = g[:len(h)], u[:len(h)]
	if n > 0 {
		swigluVec(f, &g[0], &u[0], &h[0], n, w)
	}
	for i := n; i < len(h); i++ {
		h[i] = w * (g[i] * u[i] * sigmoid(g[i]))
	}
}

// SwiGLUBackward takes dh = dLoss/d(h/w), the gradient before the weight is
// applied, and replaces g and u by dLoss/dg and dLoss/du, and dh by h itself.
// It returns dLoss/dw = Σ dh·silu(g)·u, which is why expert outputs need not
// be kept for the router.
func (f Family) SwiGLUBackward(g, u, dh []float32, w float32) float32 {
	n := f.whole(len(dh))
	g, u = g[:len(dh)], u[:len(dh)]
	var dw float32
	if n > 0 {
		dw = swigluBackwardVec(f, &g[0], &u[0], &dh[0], n, w)
	}
	for i := n; i < len(dh); i++ {
		s := sigmoid(g[i])
		silu := g[i] * s
		d := dh[i] * w
		dw += dh[i] * silu * u[i]
		dh[i] = w * silu * u[i]
		g[i], u[i] = d*u[i]*(s+silu-s*silu), d*silu
	}
	return dw
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
