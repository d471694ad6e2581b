package moe

import (
	"math"

	"github.com/swerm/swerm/moe/kernel"
)

// The head multiplies a few rows with the whole vocabulary in chunks of
// columns, and keeps per row only a running maximum, a sum and the logit of
// the target. Backward multiplies each chunk again.
const (
	vocabStep   = 512     // columns whose exponentials are summed together
	vocabFloats = 4 << 20 // bound on rows × columns of one chunk's logits
)

// vocab is the state of the head.
type vocab[Num Float] struct {
	rows     []int32   // [N] rows of the last layer that the head reads
	xf       []Num     // [N,D] their hidden states
	rf       []Num     // [N] of the final norm
	hn       []Num     // [N,D] normed
	dhn      []Num     // [N,D]
	target   []int32   // [N] next token; empty for verdicts
	top      []Num     // [N] running maximum
	sum      []float64 // [N] running sum of exponentials
	logit    []Num     // [N] logit of the target
	coef     []Num     // [N] gradient of the row's log-sum-exp
	logits   []Num     // [N, chunk]
	packT    []Num
	packN    []Num
	identity []int32  // scratch for rows
	verdict  [2][]Num // [D] rows of the head that are YES and NO
	skip     [2]int32 // columns that are not part of the sum, or −1
}

// hidden gathers and norms the rows that the head reads.
func (p *PassOf[Num]) hidden(rows []int32) {
	p.rows = append(p.rows[:0], rows...)
	n := len(rows)
	grow(&p.xf, n*p.D)
	grow(&p.rf, n)
	grow(&p.hn, n*p.D)
	a := p.acts(p.L - 1)
	p.eachStripe(n, func(_ *worker[Num], lo, hi int) {
		for i := lo; i < hi; i++ {
			x := p.xf[i*p.D : (i+1)*p.D]
			if r := int(rows[i]); p.want == allRows && !p.o.Train {
				copy(x, p.stream[r*p.D:(r+1)*p.D])
			} else {
				p.combine(x, a, r)
			}
			p.rf[i] = p.kern.RMSNorm(p.hn[i*p.D:(i+1)*p.D], x, p.m.norm.Data, p.eps)
		}
	})
}

// verdictHead computes the logits of each sequence.
func (p *PassOf[Num]) verdictHead(h Head) []LogitsOf[Num] {
	rows := p.last
	if !p.o.Train { // the last layer was computed for these rows alone
		rows = growInts(&p.identity, len(p.spans))
		for i := range rows {
			rows[i] = int32(i)
		}
	}
	p.hidden(rows)
	out := make([]LogitsOf[Num], len(rows))
	p.readVerdict(h)
	for i := range out {
		hn := p.hn[i*p.D : (i+1)*p.D]
		out[i].Yes, out[i].No = p.kern.Dot(hn, p.verdict[0]), p.kern.Dot(hn, p.verdict[1])
	}
	if h.Full {
		p.target, p.skip = p.target[:0], [2]int32{h.Yes, h.No}
		p.logSumExp()
		for i := range out {
			out[i].Rest = Num(p.rowLSE(i))
		}
	}
	return out
}

// readVerdict gets the two rows of the head that are the verdict.
func (p *PassOf[Num]) readVerdict(h Head) {
	for i := range p.verdict {
		grow(&p.verdict[i], p.D)
	}
	p.reading(p.m.head.away, func() {
		for i, id := range [2]int32{h.Yes, h.No} {
			p.m.head.read(p.verdict[i], int(id)*p.D)
		}
	})
}

func (p *PassOf[Num]) headGrad(id int32) []Num {
	return p.m.head.Grad[int(id)*p.D : (int(id)+1)*p.D]
}

// verdictBackward starts the backward pass: gradients of the head's rows and
// dx at the last positions.
func (p *PassOf[Num]) verdictBackward(d []LogitsOf[Num]) {
	f, h := p.kern, p.head
	n := len(d)
	clear(grow(&p.dhn, n*p.D))
	for i, g := range d {
		hn, dhn := p.hn[i*p.D:(i+1)*p.D], p.dhn[i*p.D:(i+1)*p.D]
		f.AddScaled(dhn, g.Yes, p.verdict[0])
		f.AddScaled(dhn, g.No, p.verdict[1])
		if p.m.head.Grad != nil {
			f.AddScaled(p.headGrad(h.Yes), g.Yes, hn)
			f.AddScaled(p.headGrad(h.No), g.No, hn)
		}
	}
	if h.Full {
		coef := grow(&p.coef, n)
		for i := range d {
			coef[i] = d[i].Rest
		}
		p.vocabBackward()
	}
	p.hiddenBackward()
}

// nextTokenHead returns per sequence the sum of −log p of its next tokens.
func (p *PassOf[Num]) nextTokenHead() []float64 {
	rows, target := p.identity[:0], p.target[:0]
	for _, s := range p.spans {
		for t := s.lo; t < s.lo+s.n-1; t++ {
			rows, target = append(rows, int32(t)), append(target, p.ids[t+1])
		}
	}
	p.identity, p.target = rows, target
	p.hidden(rows)
	p.skip = [2]int32{-1, -1}
	p.logSumExp()
	sums, i := make([]float64, len(p.spans)), 0
	for s, sp := range p.spans {
		for range sp.n - 1 {
			sums[s] += p.rowLSE(i) - float64(p.logit[i])
			i++
		}
	}
	return sums
}

func (p *PassOf[Num]) nextTokenBackward(weight []Num) {
	n := len(p.rows)
	coef := grow(&p.coef, n)
	for i, t := range p.rows {
		coef[i] = weight[p.seq[t]]
	}
	clear(grow(&p.dhn, n*p.D))
	p.vocabBackward()
	p.hiddenBackward()
}

// hiddenBackward takes dhn through the final norm into dx.
func (p *PassOf[Num]) hiddenBackward() {
	p.dx = p.leased(tenantDX, 0, true)
	clear(p.dx)
	n := len(p.rows)
	grow(&p.partial, stripes(n)*p.partialLen())
	p.eachStripe(n, func(_ *worker[Num], lo, hi int) {
		dw := p.partialRow(lo)[:p.D]
		for i := lo; i < hi; i++ {
			r := int(p.rows[i])
			p.kern.RMSNormBackward(p.dx[r*p.D:(r+1)*p.D], dw, p.dhn[i*p.D:(i+1)*p.D], p.xf[i*p.D:(i+1)*p.D], p.m.norm.Data, p.rf[i])
		}
	})
	if p.m.norm.Grad == nil {
		return
	}
	width := p.partialLen()
	for i := range stripes(n) {
		p.kern.AddScaled(p.m.norm.Grad, 1, p.partial[i*width:i*width+p.D])
	}
}

// chunk is the number of columns taken at a time for n rows: a multiple of
// vocabStep, so that the order of sums does not depend on n.
func (p *PassOf[Num]) chunk(n int) int {
	cols := vocabFloats / max(1, n) / vocabStep * vocabStep
	whole := (p.V + vocabStep - 1) / vocabStep * vocabStep
	return max(vocabStep, min(cols, whole))
}

// chunkLogits computes columns v0..v0+cols for row stripe lo..hi into the chunk.
func (p *PassOf[Num]) chunkLogits(lo, hi, v0, cols int) {
	f, ld := p.whole, spread(p.chunk(len(p.rows)))
	f.Mul(hi-lo, cols, p.D, p.hn[lo*p.D:], p.D, p.packT, p.logits[lo*ld:], ld, false)
}

// mask takes what the head does not count out of columns v0..v0+cols.
func (p *PassOf[Num]) mask(lo, hi, v0, cols, ld int) {
	for _, id := range p.skip {
		if at := int(id) - v0; id >= 0 && at >= 0 && at < cols {
			for i := lo; i < hi; i++ {
				p.logits[i*ld+at] = Num(maskedLogit)
			}
		}
	}
}

// maskedLogit has no weight beside any finite logit.
var maskedLogit = math.Inf(-1)

// logSumExp fills top, sum and, with targets, logit for every row.
func (p *PassOf[Num]) logSumExp() {
	n := len(p.rows)
	if n == 0 {
		return
	}
	grow(&p.top, n)
	growInts(&p.sum, n)
	grow(&p.logit, n)
	step := p.chunk(n)
	ld := spread(step)
	grow(&p.logits, n*ld)
	grow(&p.packT, p.whole.PanelLen(p.D, step))
	for i := range n {
		p.top[i], p.sum[i] = Num(maskedLogit), 0
	}
	for v0 := 0; v0 < p.V; v0 += step {
		cols := min(step, p.V-v0)
		p.packJobs(packJob[Num]{dst: p.packT, src: p.m.joined(p.m.head).from(v0), k: p.D, n: cols, transpose: true, whole: true})
		p.eachStripe(n, func(_ *worker[Num], lo, hi int) {
			p.chunkLogits(lo, hi, v0, cols)
			for i := lo; i < hi; i++ { // of −∞ the sum would keep nothing
				if !finite(p.kern.SumSquares(p.logits[i*ld : i*ld+cols])) {
					p.sum[i] = math.NaN()
				}
			}
			p.mask(lo, hi, v0, cols, ld)
			for i := lo; i < hi; i++ {
				p.accumulate(i, p.logits[i*ld:i*ld+cols], v0)
			}
		})
	}
}

// accumulate adds a row of a chunk's logits, which it destroys, to its sum.
func (p *PassOf[Num]) accumulate(i int, row []Num, v0 int) {
	if len(p.target) > 0 {
		if at := int(p.target[i]) - v0; at >= 0 && at < len(row) {
			p.logit[i] = row[at]
		}
	}
	for len(row) > 0 {
		part := row[:min(vocabStep, len(row))]
		row = row[len(part):]
		top := p.kern.Max(part)
		if top == Num(maskedLogit) {
			continue
		}
		if top > p.top[i] {
			p.sum[i] *= math.Exp(float64(p.top[i]) - float64(top))
			p.top[i] = top
		}
		p.sum[i] += float64(p.kern.ExpSum(part, part, 1, p.top[i]))
	}
}

// rowLSE is the log-sum-exp of row i.
func (p *PassOf[Num]) rowLSE(i int) float64 { return float64(p.top[i]) + math.Log(p.sum[i]) }

// vocabBackward adds to the head's gradient and to dhn the gradient of
// Σ_i coef[i]·(lse_i − logit of the target, where there are targets).
func (p *PassOf[Num]) vocabBackward() {
	n := len(p.rows)
	if n == 0 {
		return
	}
	f, step := p.whole, p.chunk(n)
	ld := spread(step)
	grow(&p.packN, f.PanelLen(step, p.D))
	for i := range p.work {
		grow(&p.work[i].left, kernel.ScratchLen)
	}
	for v0 := 0; v0 < p.V; v0 += step {
		cols := min(step, p.V-v0)
		weights := p.m.joined(p.m.head).from(v0)
		p.packJobs(
			packJob[Num]{dst: p.packT, src: weights, k: p.D, n: cols, transpose: true, whole: true},
			packJob[Num]{dst: p.packN, src: weights, k: cols, n: p.D, whole: true},
		)
		p.eachStripe(n, func(_ *worker[Num], lo, hi int) {
			p.chunkLogits(lo, hi, v0, cols)
			p.mask(lo, hi, v0, cols, ld)
			for i := lo; i < hi; i++ {
				p.logitGrad(i, p.logits[i*ld:i*ld+cols], v0)
			}
			f.Mul(hi-lo, p.D, cols, p.logits[lo*ld:], ld, p.packN, p.dhn[lo*p.D:], p.D, true)
		})
		if p.m.head.Grad == nil {
			continue
		}
		p.jobs = append(p.jobs[:0], gradJob[Num]{
			dst: p.m.head.Grad[v0*p.D : (v0+cols)*p.D], m: cols, n: p.D, k: n, a: p.logits, lda: ld, b: p.hn, ldb: p.D, whole: true,
		})
		p.runJobs()
	}
}

// logitGrad turns a row of logits into their gradients.
func (p *PassOf[Num]) logitGrad(i int, row []Num, v0 int) {
	c := p.coef[i]
	p.kern.ExpSum(row, row, 1, Num(p.rowLSE(i)))
	p.kern.Scale(row, c, row)
	if len(p.target) > 0 {
		if at := int(p.target[i]) - v0; at >= 0 && at < len(row) {
			row[at] -= c
		}
	}
}
