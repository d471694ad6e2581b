package moe

import "math"

// route turns a row of router logits into probabilities and chooses the top K,
// in descending order; of equal ones the expert of lower index comes first. With
// a bias the choice and its order are those of probability plus bias, and where
// the choice is forced it is what chosen holds. It returns the log-sum-exp of the
// logits. A row with a logit that is not finite is NaN: of −∞ the softmax would
// make a zero, and nobody would hear of it.
func (p *PassOf[Num]) route(probs, bias, weights []Num, chosen []int32, forced bool) Num {
	f := p.kern
	if !finite(f.SumSquares(probs)) {
		for e := range probs {
			probs[e] = Num(math.NaN())
		}
	}
	top := f.Max(probs)
	sum := f.ExpSum(probs, probs, 1, top)
	f.Scale(probs, 1/sum, probs)
	if !forced {
		choose(probs, bias, weights, chosen)
	}
	total := Num(0)
	for j := range chosen {
		weights[j] = probs[chosen[j]]
		total += weights[j]
	}
	if p.m.cfg.NormTopKProb {
		for j := range weights {
			weights[j] /= total
		}
	}
	return top + Num(math.Log(float64(sum)))
}

// choose finds the top experts of a row; weights is its scratch.
func choose[Num Float](probs, bias, weights []Num, chosen []int32) {
	for j := range chosen {
		chosen[j], weights[j] = -1, Num(math.Inf(-1))
	}
	for e, v := range probs {
		if len(bias) > 0 {
			v += bias[e]
		}
		// Insert into the short sorted list; most experts fail the first test.
		if v <= weights[len(weights)-1] {
			continue
		}
		j := len(weights) - 1
		for ; j > 0 && v > weights[j-1]; j-- {
			weights[j], chosen[j] = weights[j-1], chosen[j-1]
		}
		weights[j], chosen[j] = v, int32(e)
	}
	for j := range chosen {
		if chosen[j] < 0 { // a NaN compares false; the head will report it
			chosen[j] = int32(j)
		}
	}
}

// countLoad adds the assignments of some rows to the load of a layer.
func (p *PassOf[Num]) countLoad(l, rows int) {
	a, load := p.acts(l), p.loads[l]
	if !a.routed {
		return
	}
	for _, e := range a.topI[:rows*a.K] {
		load[e]++
	}
}

// dispatch gives every assignment a slot, grouped by expert and in the order
// of rows within one. With lastRows only the last row of each sequence gets
// slots.
func (p *PassOf[Num]) dispatch(a *acts[Num], rows int, lastRows bool) {
	off, fill := a.off, growInts(&p.slotsFill, a.E)
	clear(off)
	for i := range a.rowS {
		a.rowS[i] = -1
	}
	n := rows
	if lastRows {
		n = len(p.spans)
	}
	row := func(i int) int {
		if lastRows {
			return int(p.last[i])
		}
		return i
	}
	for i := range n {
		for _, e := range a.topI[row(i)*a.K : (row(i)+1)*a.K] {
			off[e+1]++
		}
	}
	for e := range a.E {
		off[e+1] += off[e]
		fill[e] = off[e]
	}
	for i := range n {
		r := row(i)
		for j, e := range a.topI[r*a.K : (r+1)*a.K] {
			s := fill[e]
			fill[e]++
			a.slotR[s], a.slotW[s] = int32(r), a.topW[r*a.K+j]
			a.rowS[r*a.K+j] = int32(s)
		}
	}
}

// auxLoss computes the load-balancing loss of every sequence: with n = L·T
// rows pooled over the layers that have experts, E·Σ_e (assignments to e)/n · (Σ probabilities of e)/n.
func (p *PassOf[Num]) auxLoss() {
	if !p.o.Train {
		p.aux = p.aux[:0]
		return
	}
	growInts(&p.aux, len(p.spans))
	grow(&p.auxGrad, len(p.spans)*p.E)
	p.each(len(p.spans), func(_ *worker[Num], i int) { p.aux[i] = p.auxOf(i) })
}

// auxOf computes the loss of sequence i and leaves in auxGrad its derivative
// with respect to each probability; the counts carry no gradient.
func (p *PassOf[Num]) auxOf(i int) float64 {
	s := p.spans[i]
	if p.sparse == 0 {
		return 0
	}
	n := float64(p.sparse * s.n)
	grad := p.auxGrad[i*p.E : (i+1)*p.E]
	clear(grad)
	for l := range p.L {
		if !p.mlp[l].routed {
			continue
		}
		for _, e := range p.acts(l).topI[s.lo*p.K : (s.lo+s.n)*p.K] {
			grad[e]++
		}
	}
	aux := 0.0
	for l := range p.L {
		if !p.mlp[l].routed {
			continue
		}
		probs := p.acts(l).probs[s.lo*p.E : (s.lo+s.n)*p.E]
		for e := range grad {
			sum := 0.0
			for at := e; at < len(probs); at += p.E {
				sum += float64(probs[at])
			}
			aux += float64(grad[e]) / n * sum / n
		}
	}
	for e := range grad {
		grad[e] = Num(float64(p.E) * float64(grad[e]) / n / n)
	}
	return aux * float64(p.E)
}
