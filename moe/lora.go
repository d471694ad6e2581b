package moe

import (
	"math"
	"math/rand/v2"
	"strings"
)

// adapterPrefix begins the names of adapters, as PEFT writes them.
const adapterPrefix = "base_model.model."

// lowRank are the adapters of matrices that read the same input: q, k and v of
// a layer, gate and up of an expert, or one matrix. Their A lie back to back
// and are one matrix of [R, in] to the products, R being the rank times their
// number. W + s·B·A is never formed: for n rows it costs n·R·(in+out) to go
// through the rank and out·in·rank to form.
type lowRank[Num Float] struct {
	rank, in int
	ld       int // numbers between rows of what a pass keeps: R, or more where experts differ
	scale    Num
	parts    []lowRankPart[Num]
}

// lowRankPart is one adapter.
type lowRankPart[Num Float] struct {
	a, b *ParamOf[Num]
	at   int // column of the output at which its matrix begins
	out  int
}

// width is R; 0 without adapters.
func (r *lowRank[Num]) width() int {
	if r == nil {
		return 0
	}
	return r.rank * len(r.parts)
}

// adaptLayer adds the adapters of a layer.
func (m *ModelOf[Num]) adaptLayer(l *layerParams[Num], t *tuning) {
	l.qkvLow, l.oLow = m.adapt(t, l.q, l.k, l.v), m.adapt(t, l.o)
	for i := range l.experts {
		e := &l.experts[i]
		e.guLow, e.downLow = m.adapt(t, e.gate, e.up), m.adapt(t, e.down)
	}
	l.strideLowRanks()
}

// adapt adds the adapters of those matrices that the tuning selects. The
// matrices read one input and write their outputs side by side.
func (m *ModelOf[Num]) adapt(t *tuning, matrices ...*ParamOf[Num]) *lowRank[Num] {
	r := &lowRank[Num]{rank: t.lora.Rank, in: matrices[0].Shape[1], scale: Num(t.lora.scale())}
	at := 0
	for _, w := range matrices {
		out := w.Shape[0]
		if t.adapted(w.Name) {
			name := adapterPrefix + strings.TrimSuffix(w.Name, ".weight")
			a := &ParamOf[Num]{Name: name + ".lora_A.weight", Shape: []int{r.rank, r.in}, Decay: true, Expert: w.Expert, stream: w.stream, joined: len(r.parts) > 0}
			b := &ParamOf[Num]{Name: name + ".lora_B.weight", Shape: []int{out, r.rank}, Decay: true, Expert: w.Expert}
			r.parts = append(r.parts, lowRankPart[Num]{a: a, b: b, at: at, out: out})
			m.low = append(m.low, a)
		}
		at += out
	}
	if len(r.parts) == 0 {
		return nil
	}
	for _, p := range r.parts {
		m.low = append(m.low, p.b)
	}
	return r
}

// adapterStream keeps the random numbers of adapters apart from those of
// weights.
const adapterStream = 1 << 40

// drawAdapters fills every A from the uniform distribution that PEFT uses, of
// bound 1/√in, each from a stream of its own; every B is zero already.
func (m *ModelOf[Num]) drawAdapters(seed uint64) {
	m.eachLowRank(func(r *lowRank[Num]) {
		for _, p := range r.parts {
			rng, bound := rand.New(rand.NewPCG(seed, uint64(adapterStream+p.a.stream))), 1/math.Sqrt(float64(r.in))
			for i := range p.a.Data {
				p.a.Data[i] = Num((2*rng.Float64() - 1) * bound)
			}
		}
	})
}

func (m *ModelOf[Num]) eachLowRank(do func(r *lowRank[Num])) {
	for i := range m.layers {
		l := &m.layers[i]
		all := []*lowRank[Num]{l.qkvLow, l.oLow}
		for _, e := range l.experts {
			all = append(all, e.guLow, e.downLow)
		}
		for _, r := range all {
			if r != nil {
				do(r)
			}
		}
	}
}

// lowWidths are the numbers a row keeps for adapters in one layer; of experts
// the most of any.
type lowWidths struct{ qkv, o, gu, down int }

func (l *layerParams[Num]) lowWidths() lowWidths {
	w := lowWidths{qkv: l.qkvLow.width(), o: l.oLow.width()}
	for _, e := range l.experts {
		w.gu, w.down = max(w.gu, e.guLow.width()), max(w.down, e.downLow.width())
	}
	return w
}

// strideLowRanks gives all adapters of a layer's experts the stride of the widest.
func (l *layerParams[Num]) strideLowRanks() {
	w := l.lowWidths()
	stride := func(r *lowRank[Num], ld int) {
		if r != nil {
			r.ld = ld
		}
	}
	stride(l.qkvLow, w.qkv)
	stride(l.oLow, w.o)
	for _, e := range l.experts {
		stride(e.guLow, w.gu)
		stride(e.downLow, w.down)
	}
}

// panelLen is the floats of the packed adapters, in either direction.
func (r *lowRank[Num]) panelLen(f kernels[Num]) int {
	if r == nil {
		return 0
	}
	n := max(f.PanelLen(r.in, r.width()), f.PanelLen(r.width(), r.in))
	for _, p := range r.parts {
		n += max(f.PanelLen(r.rank, p.out), f.PanelLen(p.out, r.rank))
	}
	return n
}

// packForward lists what turns the adapters into panels for forward: A first,
// then every B.
func (r *lowRank[Num]) packForward(p *PassOf[Num], panels []Num) []packJob[Num] {
	if r == nil {
		return nil
	}
	jobs := []packJob[Num]{{dst: panels, src: r.as(p.m), k: r.in, n: r.width(), transpose: true}}
	at := p.kern.PanelLen(r.in, r.width())
	for _, part := range r.parts {
		jobs = append(jobs, packJob[Num]{dst: panels[at:], src: p.m.joined(part.b), k: r.rank, n: part.out, transpose: true})
		at += p.kern.PanelLen(r.rank, part.out)
	}
	return jobs
}

// packBackward is packForward for the way back.
func (r *lowRank[Num]) packBackward(p *PassOf[Num], panels []Num) []packJob[Num] {
	if r == nil {
		return nil
	}
	jobs := []packJob[Num]{{dst: panels, src: r.as(p.m), k: r.width(), n: r.in}}
	at := p.kern.PanelLen(r.width(), r.in)
	for _, part := range r.parts {
		jobs = append(jobs, packJob[Num]{dst: panels[at:], src: p.m.joined(part.b), k: part.out, n: r.rank})
		at += p.kern.PanelLen(part.out, r.rank)
	}
	return jobs
}

// scaleRows multiplies n rows by s.
func (r *lowRank[Num]) scaleRows(f kernels[Num], n int, u []Num) {
	for i := range n {
		row := u[i*r.ld : i*r.ld+r.width()]
		f.Scale(row, r.scale, row)
	}
}

// as is A of all adapters.
func (r *lowRank[Num]) as(m *ModelOf[Num]) matrix[Num] {
	var parts [maxJoined]*ParamOf[Num]
	for i, p := range r.parts {
		parts[i] = p.a
	}
	return m.joined(parts[:len(r.parts)]...)
}

// packHere packs matrices on the calling goroutine.
func (p *PassOf[Num]) packHere(w *worker[Num], jobs []packJob[Num]) {
	for _, j := range jobs {
		p.packAll(w, j)
	}
}

// forward adds s·B·A·x to n rows of y and leaves u = s·A·x, which the gradient
// of B is made of, in rows from row on.
func (r *lowRank[Num]) forward(f kernels[Num], panels []Num, n int, x []Num, ldx int, u []Num, row int, y []Num, ldy int) {
	if r == nil || n == 0 {
		return
	}
	u = u[row*r.ld:]
	f.Mul(n, r.width(), r.in, x, ldx, panels, u, r.ld, false)
	r.scaleRows(f, n, u)
	at := f.PanelLen(r.in, r.width())
	for i, p := range r.parts {
		f.Mul(n, p.out, r.rank, u[i*r.rank:], r.ld, panels[at:], y[p.at:], ldy, true)
		at += f.PanelLen(r.rank, p.out)
	}
}

// backward leaves v = s·Bᵀ·dy, which the gradient of A is made of, in rows from
// row on.
func (r *lowRank[Num]) backward(f kernels[Num], panels []Num, n int, dy []Num, ldy int, v []Num, row int) {
	if r == nil || n == 0 {
		return
	}
	v = v[row*r.ld:]
	at := f.PanelLen(r.width(), r.in)
	for i, p := range r.parts {
		f.Mul(n, r.rank, p.out, dy[p.at:], ldy, panels[at:], v[i*r.rank:], r.ld, false)
		at += f.PanelLen(p.out, r.rank)
	}
	r.scaleRows(f, n, v)
}

// input adds Aᵀ·v, the adapters' part of the input gradient, to n rows of dx.
func (r *lowRank[Num]) input(f kernels[Num], panels []Num, n int, v []Num, row int, dx []Num, ldx int) {
	if r == nil || n == 0 {
		return
	}
	f.Mul(n, r.in, r.width(), v[row*r.ld:], r.ld, panels, dx, ldx, true)
}

// gradJobs lists the gradients of the adapters: of the As dA = vᵀ·x and of each
// B dB = dyᵀ·u. The job is that of the matrices, its a dy and its b x, and u and v
// are read from row on.
func (r *lowRank[Num]) gradJobs(p *PassOf[Num], j gradJob[Num], u, v []Num, row int) {
	if r == nil || j.k == 0 {
		return
	}
	u, v = u[row*r.ld:], v[row*r.ld:]
	forA := j
	forA.at = r.parts[0].a.offset
	forA.dst, forA.m, forA.n, forA.a, forA.lda = p.flatGrad(r.parts[0].a, r.width()*r.in), r.width(), r.in, v, r.ld
	p.jobs = append(p.jobs, forA)
	for i, part := range r.parts {
		p.jobs = append(p.jobs, gradJob[Num]{dst: part.b.Grad, at: part.b.offset, m: part.out, n: r.rank, k: j.k, a: j.a[part.at:], lda: j.lda, b: u[i*r.rank:], ldb: r.ld})
	}
}

// lowActs are what adapters keep of a layer for its gradients: going forward u =
// s·A·x, going back v = s·Bᵀ·dy.
type lowActs[Num Float] struct {
	in, out  []Num // of q, k, v and of o, by row
	gu, down []Num // of gate, up and of down, by slot
}

// lowPacks are packed adapters: of q, k, v and of o, or of gate, up and of down.
type lowPacks[Num Float] struct{ in, out []Num }

// sizeLowInput prepares what a layer keeps of attention's adapters for so many
// rows.
func (p *PassOf[Num]) sizeLowInput(l, rows int) {
	w := p.m.layers[l].lowWidths()
	grow(&p.acts(l).low.in, rows*w.qkv)
	grow(&p.acts(l).low.out, rows*w.o)
}

// sizeLowPacks prepares the panels of attention's adapters.
func (p *PassOf[Num]) sizeLowPacks(l int) {
	lp := &p.m.layers[l]
	grow(&p.packLow.in, max(len(p.packLow.in), lp.qkvLow.panelLen(p.kern)))
	grow(&p.packLow.out, max(len(p.packLow.out), lp.oLow.panelLen(p.kern)))
}

// sizeLowExperts does the same for the work of a layer's experts.
func (p *PassOf[Num]) sizeLowExperts(l int, low *lowActs[Num]) {
	lp, slots := &p.m.layers[l], p.acts(l).work.slots()
	widths := lp.lowWidths()
	p.growSlots(&low.gu, slots*widths.gu)
	p.growSlots(&low.down, slots*widths.down)
	in, out := 0, 0
	for i := range lp.experts {
		in, out = max(in, lp.experts[i].guLow.panelLen(p.kern)), max(out, lp.experts[i].downLow.panelLen(p.kern))
	}
	for i := range p.work {
		grow(&p.work[i].packLow.in, in)
		grow(&p.work[i].packLow.out, out)
	}
}

// sizeLowBackward prepares v of attention's adapters, which all layers share.
func (p *PassOf[Num]) sizeLowBackward() {
	in, out := 0, 0
	for i := range p.m.layers {
		w := p.m.layers[i].lowWidths()
		in, out = max(in, w.qkv), max(out, w.o)
	}
	grow(&p.dlow.in, p.T*in)
	grow(&p.dlow.out, p.T*out)
}
