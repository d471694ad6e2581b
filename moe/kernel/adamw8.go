package kernel

import "math"

// AdamW8 is [Family.AdamW] over moments in eight bits: m by signed codes, v by
// unsigned ones. Codes are widened, moments and parameters updated in full, and the
// moments quantized again, so that only what is kept from one step to the next is
// rounded. A block that nothing has ever reached stays as it is. Every family gives
// the same bits.
func (f Family) AdamW8(p, g []float32, m, v Dynamic, c *AdamWCoef) {
	var u update8
	for i, lo := 0, 0; lo < len(p); i, lo = i+1, lo+DynamicBlock {
		hi := min(lo+DynamicBlock, len(p))
		if m.Scales[i] == 0 && v.Scales[i] == 0 && allZero(g[lo:hi]) {
			if c.Keep != 1 {
				f.Scale(p[lo:hi], c.Keep, p[lo:hi])
			}
			continue
		}
		mc, vc := m.Codes[lo:hi], v.Codes[lo:hi]
		mostM, mostV := u.move(f, p[lo:hi], g[lo:hi], mc, vc, c, c.Beta1*m.Scales[i], c.Beta2*v.Scales[i])
		m.Scales[i] = dynamicMaps[0].encode(f, mc, u.m[:hi-lo], mostM)
		v.Scales[i] = dynamicMaps[1].encode(f, vc, u.v[:hi-lo], mostV)
	}
}

// update8 is the moments of a block in full.
type update8 struct{ m, v [DynamicBlock]float32 }

// move updates p, leaves the new moments in u and returns the bits of the greatest
// magnitude of each. keptM and keptV are what a level is multiplied by: decay and
// scale.
func (u *update8) move(f Family, p, g []float32, mc, vc []byte, c *AdamWCoef, keptM, keptV float32) (mostM, mostV uint32) {
	n := f.whole(len(p))
	if n > 0 {
		mostM, mostV = adamw8Vec(f, &p[0], &g[0], &u.m[0], &u.v[0], n, c, &mc[0], &vc[0], keptM, keptV)
	}
	for i := n; i < len(p); i++ {
		gi := g[i] * c.GradScale
		mi := fma32(gi, c.OneMinusBeta1, dynamicMaps[0].level(mc[i])*keptM)
		vi := fma32(gi*gi, c.OneMinusBeta2, dynamicMaps[1].level(vc[i])*keptV)
		u.m[i], u.v[i] = mi, vi
		mostM, mostV = max(mostM, math.Float32bits(mi)&^signBit), max(mostV, math.Float32bits(vi)&^signBit)
		root := float32(math.Sqrt(float64(vi*c.VCorrection))) + c.Eps
		kept := p[i] * c.Keep
		p[i] = kept - mi*c.Rate/root
	}
	return mostM, mostV
}

// allZero reads and does not write: what was never written stays so.
func allZero(x []float32) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}
