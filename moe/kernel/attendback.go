package kernel

// AttentionGradWork is of each sequence K, K transposed and V transposed,
// packed, and the gradients of keys and values of each head before those that
// share them are added up.
func (f blocked[T]) AttentionGradWork(h, g, c int, lengths []int) int {
	n := 0
	for _, t := range lengths {
		n += g*f.gradPanels(c, t) + 2*t*h*c
	}
	return n
}

// gradPanels is the packed operands of one key head.
func (f blocked[T]) gradPanels(c, n int) int { return 2*f.PanelLen(c, n) + f.PanelLen(n, c) }

// attendingBack is a way back with its memory laid out.
type attendingBack[T float32 | float64] struct {
	*AttentionGradOf[T]
	f     blocked[T]
	first []int // where in Work the memory of each span begins
}

func (f blocked[T]) AttendBackward(a *AttentionGradOf[T], each Each) {
	b, at := &attendingBack[T]{AttentionGradOf: a, f: f}, 0
	for _, s := range a.Spans {
		b.first = append(b.first, at)
		at += a.G*f.gradPanels(a.C, s.N) + 2*s.N*a.H*a.C
	}
	n := f.AttentionScratch(a.C)
	each(len(a.Spans)*a.G, func(_, i int) { b.pack(i/a.G, i%a.G) })
	each(len(a.Spans)*a.H, func(worker, i int) { b.span(a.Scratch[worker*n:(worker+1)*n], i/a.H, i%a.H) })
	each(len(a.Spans)*a.G, func(_, i int) { b.sumGroup(i/a.G, i%a.G) })
}

// heads are the gradients of keys and values of a span, [N, H·C].
func (b *attendingBack[T]) heads(span int) (dk, dv []T) {
	n := b.Spans[span].N
	all := b.Work[b.first[span]+b.G*b.f.gradPanels(b.C, n):]
	return all[:n*b.H*b.C], all[n*b.H*b.C : 2*n*b.H*b.C]
}

// operands are the panels of a span and key head: K transposed, V transposed
// and K.
func (b *attendingBack[T]) operands(span, g int) (kt, vt, k []T) {
	size := b.f.gradPanels(b.C, b.Spans[span].N)
	all, n := b.Work[b.first[span]+g*size:][:size], b.f.PanelLen(b.C, b.Spans[span].N)
	return all[:n], all[n : 2*n], all[2*n:]
}

func (b *attendingBack[T]) pack(span, g int) {
	s, f := b.Spans[span], b.f
	kt, vt, k := b.operands(span, g)
	keys, values := b.K[s.Row*b.LDK+g*b.C:], b.V[s.Row*b.LDV+g*b.C:]
	f.PackT(kt, keys, b.LDK, b.C, s.N)
	f.PackT(vt, values, b.LDV, b.C, s.N)
	f.Pack(k, keys, b.LDK, s.N, b.C)
}

// sumGroup adds up the gradients of the heads that share key head g.
func (b *attendingBack[T]) sumGroup(span, g int) {
	s, hc := b.Spans[span], b.H*b.C
	dk, dv := b.heads(span)
	for t := range s.N {
		for h := g * b.H / b.G; h < (g+1)*b.H/b.G; h++ {
			at, out := t*hc+h*b.C, (s.Row+t)*b.LDD+g*b.C
			if h == g*b.H/b.G {
				copy(b.DK[out:out+b.C], dk[at:])
				copy(b.DV[out:out+b.C], dv[at:])
				continue
			}
			b.f.AddScaled(b.DK[out:out+b.C], 1, dk[at:at+b.C])
			b.f.AddScaled(b.DV[out:out+b.C], 1, dv[at:at+b.C])
		}
	}
}

// attendingSpan is one unit of the way back: a head of a sequence.
type attendingSpan[T float32 | float64] struct {
	*attendingBack[T]
	s         Span
	head      int
	kt, vt, k []T
	scores    []T // probabilities of a block of queries against one of keys
	dp        []T // and the gradients of its scores
	delta     []T // Σ do·o of each query
}

// span walks blocks of queries and for each the blocks of keys before it.
func (b *attendingBack[T]) span(scratch []T, span, head int) {
	const ld = gradKeyBlock + scorePad
	f, s, hc := b.f, b.Spans[span], b.H*b.C
	u := &attendingSpan[T]{attendingBack: b, s: s, head: head}
	u.kt, u.vt, u.k = b.operands(span, head*b.G/b.H)
	u.scores, scratch = scratch[:QueryBlock*ld], scratch[QueryBlock*ld:]
	u.dp, scratch = scratch[:QueryBlock*ld], scratch[QueryBlock*ld:]
	u.delta, scratch = scratch[:QueryBlock], scratch[QueryBlock:]
	dk, dv := b.heads(span)
	dk, dv = dk[head*b.C:], dv[head*b.C:]
	for t := range s.N {
		clear(dk[t*hc : t*hc+b.C])
		clear(dv[t*hc : t*hc+b.C])
	}
	for q0 := 0; q0 < s.N; q0 += QueryBlock {
		n := min(QueryBlock, s.N-q0)
		at := (s.Row+q0)*hc + head*b.C
		packQ, packDO := scratch, scratch[f.PanelLen(n, b.C):]
		f.Pack(packQ, b.Q[at:], hc, n, b.C)
		f.Pack(packDO, b.DO[at:], hc, n, b.C)
		for i := range n {
			u.delta[i] = f.Dot(b.DO[at+i*hc:][:b.C], b.O[at+i*hc:][:b.C])
		}
		for k0 := 0; k0 < q0+n; k0 += gradKeyBlock {
			keys := min(gradKeyBlock, q0+n-k0)
			u.block(q0, n, k0, keys)
			f.MulT(keys, b.C, n, u.scores, ld, packDO, dv[k0*hc:], hc, true, nil)
			f.MulT(keys, b.C, n, u.dp, ld, packQ, dk[k0*hc:], hc, true, nil)
		}
	}
}

// block computes the probabilities and the gradients of the scores for queries
// q0..q0+n and keys k0..k0+keys, and adds to dq.
func (u *attendingSpan[T]) block(q0, n, k0, keys int) {
	const ld = gradKeyBlock + scorePad
	f, hc, step := u.f, u.H*u.C, u.f.Align()
	for i0 := 0; i0 < n; i0 += step {
		rows := min(step, n-i0)
		t := u.s.Row + q0 + i0
		// Keys that the last query of this strip sees.
		see := min(keys, q0+i0+rows-k0)
		sc, dp := u.scores[i0*ld:], u.dp[i0*ld:]
		if see <= 0 {
			clear(sc[:(rows-1)*ld+keys])
			clear(dp[:(rows-1)*ld+keys])
			continue
		}
		at := t*hc + u.head*u.C
		f.Mul(rows, see, u.C, u.Q[at:], hc, u.kt[f.PanelLen(u.C, k0):], sc, ld, false)
		f.Mul(rows, see, u.C, u.DO[at:], hc, u.vt[f.PanelLen(u.C, k0):], dp, ld, false)
		for i := range rows {
			u.row(sc[i*ld:(i+1)*ld], dp[i*ld:(i+1)*ld], t+i, i0+i, min(see, q0+i0+i+1-k0), keys)
		}
		f.MulPart(rows, u.C, k0, k0+see, dp, ld, u.k, u.s.N, u.DQ[t*u.LDD+u.head*u.C:], u.LDD, k0 > 0)
	}
}

// row turns the scores of query i of a block, row t of the batch, into
// probabilities, of which so many of keys are valid.
func (u *attendingSpan[T]) row(s, dp []T, t, i, valid, keys int) {
	if valid <= 0 {
		clear(s[:keys])
		clear(dp[:keys])
		return
	}
	m := maskTail(s, valid, keys)
	maskTail(dp, valid, keys)
	u.f.SoftmaxBackward(s[:m], dp[:m], scoreScale[T](u.C), u.LSE[t*u.H+u.head], u.delta[i])
}
