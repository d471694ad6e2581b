package moe

// Work is what a training step computes, in floating-point operations of
// products, and what it sends between ranks.
type Work struct {
	Products  float64 // with weights
	Attention float64 // between positions
	Exchanged float64 // bytes that a rank sends to the others for their experts
}

// Work counts a micro-batch, forward and backward: of the backward pass what
// frozen tensors leave of it.
func (p Plan) Work() (Work, error) {
	s, err := newSizes[float32](p)
	if err != nil {
		return Work{}, err
	}
	w := Work{}
	for l := range s.mlp {
		s.attentionWork(&w, l)
		s.expertWork(&w, l)
	}
	if p.NextToken || p.Head.Full {
		rows := float64(s.T)
		if !p.NextToken {
			rows = float64(len(p.Lengths))
		}
		times := 3.0 // logits, and backward the logits again and what they read
		if !s.m.head.Frozen {
			times++
		}
		w.Products += 2 * rows * float64(s.D*s.V) * times
	}
	return w, nil
}

// Trained counts the numbers that train and that this rank keeps: in tensors that
// every rank has, and in its experts.
func (p Plan) Trained() (dense, experts int64, err error) {
	s, err := newSizes[float32](p)
	if err != nil {
		return 0, 0, err
	}
	return int64(s.m.denseLen), int64(s.m.trainLen - s.m.denseLen), nil
}

// again is 1 where a layer's forward pass is computed twice.
func (s *sizes[Num]) again(l int) float64 {
	return count(s.Recompute && l < s.dims.L-1 && s.reaches(l))
}

func count(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// attentionWork counts q, k, v, o, the router and attention of a layer. A matrix
// has a product forward, one backward where the pass goes on below it, and one
// where it trains.
func (s *sizes[Num]) attentionWork(w *Work, l int) {
	lp, m, T, twice := &s.m.layers[l], s.mlp[l], float64(s.T), 1+s.again(l)
	output, input := s.m.reaches(l, flightOutput), s.m.reaches(l, flightInput)
	below := input && (l > 0 && s.reaches(l-1) || l == 0 && s.m.reach >= s.m.depthOf(-1, 0) || anyTrains(lp.norm1))
	dense := func(n int, back bool, matrix *ParamOf[Num]) {
		w.Products += 2 * T * float64(n) * (twice + count(back) + count(anyTrains(matrix)))
	}
	dense(s.D*s.HC, below, lp.q)
	dense(s.D*s.GC, below, lp.k)
	dense(s.D*s.GC, below, lp.v)
	dense(s.D*s.HC, input, lp.o)
	w.Products += 2 * T * float64(s.D*s.HC) * count(s.live.outputAgain(l))
	if m.routed {
		dense(s.D*m.E, output, lp.router)
	}
	w.Products += 2 * T * (lp.qkvLow.work() + lp.oLow.work()) * (twice + 2*count(output))
	pairs := 0.0
	for _, n := range s.Lengths {
		pairs += float64(n) * float64(n+1) / 2
	}
	// Backward has five products where forward has two.
	w.Attention += 2 * pairs * float64(s.HC) * (2*twice + 5*count(input))
}

// expertWork counts the experts of a layer and their exchange. Every expert is
// taken to train as the first of the shard does.
func (s *sizes[Num]) expertWork(w *Work, l int) {
	m, e, again := s.mlp[l], s.m.layers[l].experts[0], s.again(l)
	slots, reached, output := float64(s.live.slots(l)), s.reaches(l), s.m.reaches(l, flightOutput)
	matrix := 2 * slots * float64(s.D*m.F)
	w.Products += matrix * (3 + 2*again + count(reached) + 2*count(output) +
		count(anyTrains(e.gate)) + count(anyTrains(e.up)) + count(anyTrains(e.down)))
	w.Products += 2 * slots * (e.guLow.work() + e.downLow.work()) * (1 + again + 2*count(reached))
	if of := s.Shard.Of; of > 1 && m.routed {
		width := 4.0
		if s.BF16Wire {
			width = 2
		}
		times := 2 + again + count(reached) + count(output)
		w.Exchanged += width * slots * float64(s.D+1) * times * float64(of-1) / float64(of)
	}
}

// work is the products of a row with adapters, in multiplications.
func (r *lowRank[Num]) work() float64 {
	if r == nil {
		return 0
	}
	n := r.in * r.width()
	for _, p := range r.parts {
		n += r.rank * p.out
	}
	return float64(n)
}
