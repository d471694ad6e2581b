package moe

import (
	"math"
	"slices"
	"sort"
)

// reference is the whole network in float64 and in the plainest form: one
// sequence, one position, one loop at a time, nothing shared with the pass. It
// is what finite differences and parity tests of odd shapes go by.
type reference struct {
	c     Config
	w     map[string][]float64
	scale float64 // of adapters
}

func newReference[Num Float](m *ModelOf[Num]) *reference {
	r := &reference{c: m.Config(), w: map[string][]float64{}}
	for _, p := range slices.Concat(m.Params(), m.Adapters()) {
		w := make([]float64, len(p.Data))
		for i, v := range p.Data {
			w[i] = float64(v)
		}
		r.w[p.Name] = w
	}
	if r.c.TieWordEmbeddings {
		r.w["lm_head.weight"] = r.w["model.embed_tokens.weight"]
	}
	return r
}

// linear is W·x for W of [out, len(x)].
func linear(w, x []float64) []float64 {
	y := make([]float64, len(w)/len(x))
	for i := range y {
		for j, v := range x {
			y[i] += w[i*len(x)+j] * v
		}
	}
	return y
}

func rmsNorm(x, w []float64, eps float64) []float64 {
	ss := 0.0
	for _, v := range x {
		ss += v * v
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v / math.Sqrt(ss/float64(len(x))+eps) * w[i]
	}
	return y
}

func logSumExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	s := 0.0
	for _, v := range x {
		s += math.Exp(v - top)
	}
	return top + math.Log(s)
}

func softmax(x []float64) []float64 {
	lse, y := logSumExp(x), make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Exp(v - lse)
	}
	return y
}

// head norms one head and turns it to a position.
func (r *reference) head(x, w []float64, pos int) []float64 {
	y := rmsNorm(x, w, r.c.RMSNormEps)
	out, half := make([]float64, len(y)), len(y)/2
	for i := range half {
		frequency, scale := r.frequency(i)
		sin, cos := math.Sincos(float64(pos) * frequency)
		sin, cos = sin*scale, cos*scale
		out[i] = y[i]*cos - y[i+half]*sin
		out[i+half] = y[i+half]*cos + y[i]*sin
	}
	return out
}

// frequency is of dimension pair i, and what cosine and sine are multiplied by:
// the formulas of YaRN as transformers writes them, bounds rounded.
func (r *reference) frequency(i int) (f, scale float64) {
	y, dim := r.c.Yarn, float64(r.c.HeadDim)
	extrapolated := 1 / math.Pow(r.c.RopeTheta, 2*float64(i)/dim)
	if y == nil {
		return extrapolated, 1
	}
	correction := func(rotations float64) float64 {
		return dim * math.Log(float64(y.Original)/(rotations*2*math.Pi)) / (2 * math.Log(r.c.RopeTheta))
	}
	low, high := math.Max(math.Floor(correction(32)), 0), math.Min(math.Ceil(correction(1)), dim-1)
	ramp := math.Min(math.Max((float64(i)-low)/(high-low), 0), 1)
	return extrapolated/y.Factor*ramp + extrapolated*(1-ramp), 0.1*math.Log(y.Factor) + 1
}

// run returns the normed hidden state of every position, the auxiliary loss
// and the smallest margin between a chosen and a refused expert.
func (r *reference) run(ids []int32) (hidden [][]float64, aux, margin float64) {
	d := r.c.HiddenSize
	margin = math.Inf(1)
	for _, id := range ids {
		hidden = append(hidden, append([]float64(nil), r.w["model.embed_tokens.weight"][int(id)*d:int(id+1)*d]...))
	}
	count, prob := make([]float64, r.c.NumExperts), make([]float64, r.c.NumExperts)
	rows := 0.0
	for l := range r.c.NumHiddenLayers {
		at := layerName(l)
		r.attention(at, hidden)
		if !r.sparse(l) {
			for _, x := range hidden {
				r.swiglu(at+"mlp.", x, rmsNorm(x, r.w[at+"post_attention_layernorm.weight"], r.c.RMSNormEps), 1)
			}
			continue
		}
		rows += float64(len(ids))
		for _, x := range hidden {
			margin = min(margin, r.mixture(at, x, count, prob))
		}
	}
	for e := range count {
		aux += count[e] / rows * prob[e] / rows * float64(r.c.NumExperts)
	}
	for i, x := range hidden {
		hidden[i] = rmsNorm(x, r.w["model.norm.weight"], r.c.RMSNormEps)
	}
	return hidden, aux, margin
}

// sparse reports whether layer l has experts.
func (r *reference) sparse(l int) bool {
	for _, dense := range r.c.MLPOnlyLayers {
		if l == dense {
			return false
		}
	}
	step := r.c.DecoderSparseStep
	return !r.c.Dense && (step == 0 || (l+1)%step == 0)
}

// projected is linear with the bias of a projection, where it has one.
func (r *reference) projected(name string, x []float64) []float64 {
	y := r.matrix(name, x)
	for i, b := range r.w[name+".bias"] {
		y[i] += b
	}
	return y
}

// matrix is W·x, and scale·B·A·x where W has an adapter.
func (r *reference) matrix(name string, x []float64) []float64 {
	y := linear(r.w[name+".weight"], x)
	if a := r.w["base_model.model."+name+".lora_A.weight"]; a != nil {
		for i, v := range linear(r.w["base_model.model."+name+".lora_B.weight"], linear(a, x)) {
			y[i] += r.scale * v
		}
	}
	return y
}

func (r *reference) attention(at string, hidden [][]float64) {
	c, hd := r.c, r.c.HeadDim
	var q, k, v [][]float64
	for pos, x := range hidden {
		h := rmsNorm(x, r.w[at+"input_layernorm.weight"], c.RMSNormEps)
		qi, ki := r.projected(at+"self_attn.q_proj", h), r.projected(at+"self_attn.k_proj", h)
		for i := 0; i < len(qi); i += hd {
			copy(qi[i:], r.head(qi[i:i+hd], r.w[at+"self_attn.q_norm.weight"], pos))
		}
		for i := 0; i < len(ki); i += hd {
			copy(ki[i:], r.head(ki[i:i+hd], r.w[at+"self_attn.k_norm.weight"], pos))
		}
		q, k, v = append(q, qi), append(k, ki), append(v, r.projected(at+"self_attn.v_proj", h))
	}
	group := c.NumAttentionHeads / c.NumKeyValueHeads
	for i, x := range hidden {
		o := make([]float64, c.NumAttentionHeads*hd)
		for h := range c.NumAttentionHeads {
			g := h / group
			scores := make([]float64, i+1)
			for j := range scores {
				for n := range hd {
					scores[j] += q[i][h*hd+n] * k[j][g*hd+n] / math.Sqrt(float64(hd))
				}
			}
			for j, p := range softmax(scores) {
				for n := range hd {
					o[h*hd+n] += p * v[j][g*hd+n]
				}
			}
		}
		for j, y := range r.projected(at+"self_attn.o_proj", o) {
			x[j] += y
		}
	}
}

// mixture adds the experts' answer to x.
func (r *reference) mixture(at string, x, count, prob []float64) (margin float64) {
	h := rmsNorm(x, r.w[at+"post_attention_layernorm.weight"], r.c.RMSNormEps)
	p := softmax(linear(r.w[at+"mlp.gate.weight"], h))
	order := make([]int, len(p))
	for e := range p {
		order[e] = e
		prob[e] += p[e]
	}
	sort.SliceStable(order, func(a, b int) bool { return p[order[a]] > p[order[b]] })
	k := r.c.NumExpertsPerTok
	margin = math.Inf(1)
	if k < len(p) {
		margin = p[order[k-1]] - p[order[k]]
	}
	total := 1.0
	if r.c.NormTopKProb {
		total = 0
		for _, e := range order[:k] {
			total += p[e]
		}
	}
	for _, e := range order[:k] {
		count[e]++
		r.swiglu(expertName(at, e), x, h, p[e]/total)
	}
	return margin
}

// swiglu adds weight·down(silu(gate h)·up h) to x.
func (r *reference) swiglu(at string, x, h []float64, weight float64) {
	g, u := r.matrix(at+"gate_proj", h), r.matrix(at+"up_proj", h)
	for i := range g {
		g[i] = g[i] / (1 + math.Exp(-g[i])) * u[i]
	}
	for i, y := range r.matrix(at+"down_proj", g) {
		x[i] += weight * y
	}
}

// logits is the whole vocabulary at one hidden state.
func (r *reference) logits(h []float64) []float64 { return linear(r.w["lm_head.weight"], h) }

// verdict is the answer of Pass.Verdict with a full head.
func (r *reference) verdict(ids []int32, h Head) (yes, no, rest, aux, margin float64) {
	hidden, aux, margin := r.run(ids)
	z := r.logits(hidden[len(hidden)-1])
	yes, no = z[h.Yes], z[h.No]
	z[h.Yes], z[h.No] = math.Inf(-1), math.Inf(-1)
	return yes, no, logSumExp(z), aux, margin
}

// nextToken is the sum of −log p(next token).
func (r *reference) nextToken(ids []int32) (loss, aux, margin float64) {
	hidden, aux, margin := r.run(ids)
	for i, h := range hidden[:len(hidden)-1] {
		z := r.logits(h)
		loss += logSumExp(z) - z[ids[i+1]]
	}
	return loss, aux, margin
}
