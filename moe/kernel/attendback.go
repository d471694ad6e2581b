package kernel

// The way back walks the keys of a head block by block, and for each the
// queries that see it (FlashAttention-2, Dao, arXiv 2307.08691): the gradients of
// a block's keys and values stay in the cache while queries go by, and operands
// are packed for a block alone. An element of a gradient is still summed in the
// order of positions.

// AttentionGradWork is Σ do·o of each query, and the gradients of keys and
// values of each head but the first of those that share them.
func (f blocked[T]) AttentionGradWork(h, g, c int, lengths []int) int {
	n := 0
	for _, t := range lengths {
		n += gradWork(h, g, c, t)
	}
	return n
}

// gradWork is whole cache lines, and so is what lies before the gradients in it.
func gradWork(h, g, c, n int) int { return lines(n*h) + lines(2*n*(h-g)*c) }

// lines rounds numbers up to whole cache lines.
func lines(n int) int { return (n + 15) &^ 15 }

// attendingBack is a way back with its memory laid out.
type attendingBack[T float32 | float64] struct {
	*AttentionGradOf[T]
	f     blocked[T]
	first []int // where in Work the memory of each span begins
}

func (f blocked[T]) AttendBackward(a *AttentionGradOf[T], each Each) {
	b := &attendingBack[T]{AttentionGradOf: a, f: f}
	b.layOut(gradWork)
	b.eachHead(each, f.AttentionScratch(a.C), b.span)
}

// layOut divides Work among the spans, each of which takes so much.
func (b *attendingBack[T]) layOut(work func(h, g, c, n int) int) {
	at := 0
	for _, s := range b.Spans {
		b.first = append(b.first, at)
		at += work(b.H, b.G, b.C, s.N)
	}
}

// eachHead goes back through every head of every span, with so much scratch, and
// adds up what heads that share keys have of them.
func (b *attendingBack[T]) eachHead(each Each, scratch int, back func(scratch []T, span, head int)) {
	each(len(b.Spans)*b.H, func(worker, i int) { back(b.Scratch[worker*scratch:(worker+1)*scratch], i/b.H, i%b.H) })
	if b.H > b.G {
		each(len(b.Spans)*b.G, func(_, i int) { b.sumGroup(i/b.G, i%b.G) })
	}
}

// group is the key head of a head, and how many heads before it go with the
// same.
func (b *attendingBack[T]) group(head int) (g, place int) {
	per := b.H / b.G
	return head / per, head % per
}

// grads returns where the gradients of a head's keys and values go, from the
// first position of a span on: in place for the first of a group.
func (b *attendingBack[T]) grads(span, head int) (dk, dv []T, ld int) {
	s := b.Spans[span]
	g, place := b.group(head)
	if place == 0 {
		at := s.Row*b.LDD + g*b.C
		return b.DK[at:], b.DV[at:], b.LDD
	}
	size := s.N * b.C
	all := b.Work[b.first[span]+lines(s.N*b.H)+2*size*(head-g-1):]
	return all[:size], all[size : 2*size], b.C
}

// sumGroup adds to the gradients of the first head of a group those of the
// others.
func (b *attendingBack[T]) sumGroup(span, g int) {
	sumK, sumV, ld := b.grads(span, g*b.H/b.G)
	for h := g*b.H/b.G + 1; h < (g+1)*b.H/b.G; h++ {
		dk, dv, _ := b.grads(span, h)
		for t := range b.Spans[span].N {
			b.f.AddScaled(sumK[t*ld:t*ld+b.C], 1, dk[t*b.C:(t+1)*b.C])
			b.f.AddScaled(sumV[t*ld:t*ld+b.C], 1, dv[t*b.C:(t+1)*b.C])
		}
	}
}

// attendingSpan is one unit of the way back: a head of a sequence.
type attendingSpan[T float32 | float64] struct {
	*attendingBack[T]
	s         Span
	head, g   int
	kt, vt, k []T // a block of keys and values: K and V transposed, and K, packed
	q, do     []T // a block of queries, packed
	scores    []T // probabilities of a block of queries against one of keys
	dp        []T // and the gradients of its scores
	delta     []T // Σ do·o of each query
	dk, dv    []T
	ld        int // of dk and dv
}

// gradParts are the lengths of what an [attendingSpan] has in scratch.
func (f blocked[T]) gradParts(c int) [7]int {
	scores, queries, turned := QueryBlock*(gradKeyBlock+scorePad), f.PanelLen(QueryBlock, c), f.PanelLen(c, gradKeyBlock)
	return [7]int{scores, scores, queries, queries, turned, turned, f.PanelLen(gradKeyBlock, c)}
}

func (b *attendingBack[T]) span(scratch []T, span, head int) {
	f, s, hc := b.f, b.Spans[span], b.H*b.C
	u := &attendingSpan[T]{attendingBack: b, s: s, head: head}
	lengths := f.gradParts(b.C)
	var parts [len(lengths)][]T
	cut(parts[:], scratch, lengths[:]...)
	u.scores, u.dp, u.q, u.do, u.kt, u.vt, u.k = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]
	u.g, _ = b.group(head)
	u.dk, u.dv, u.ld = b.grads(span, head)
	u.delta = b.Work[b.first[span]+head*s.N:][:s.N]
	for i := range u.delta {
		at := (s.Row+i)*hc + head*b.C
		u.delta[i] = f.Dot(b.DO[at:at+b.C], b.O[at:at+b.C])
	}
	for k0 := 0; k0 < s.N; k0 += gradKeyBlock {
		u.keys(k0, min(gradKeyBlock, s.N-k0))
	}
}

// keys takes n keys from k0 on past the queries that see any of them.
func (u *attendingSpan[T]) keys(k0, n int) {
	const ld = gradKeyBlock + scorePad
	f, hc, row := u.f, u.H*u.C, u.s.Row+k0
	keys, values := u.K[row*u.LDK+u.g*u.C:], u.V[row*u.LDV+u.g*u.C:]
	f.PackT(u.kt, keys, u.LDK, u.C, n)
	f.PackT(u.vt, values, u.LDV, u.C, n)
	f.Pack(u.k, keys, u.LDK, n, u.C)
	dk, dv := u.dk[k0*u.ld:], u.dv[k0*u.ld:]
	for i := range n {
		clear(dk[i*u.ld : i*u.ld+u.C])
		clear(dv[i*u.ld : i*u.ld+u.C])
	}
	for q0 := k0 / QueryBlock * QueryBlock; q0 < u.s.N; q0 += QueryBlock {
		queries := min(QueryBlock, u.s.N-q0)
		seen := min(n, q0+queries-k0)
		at := (u.s.Row+q0)*hc + u.head*u.C
		f.Pack(u.q, u.Q[at:], hc, queries, u.C)
		f.Pack(u.do, u.DO[at:], hc, queries, u.C)
		u.block(q0, queries, k0, seen, n)
		f.MulT(seen, u.C, queries, u.scores, ld, u.do, dv, u.ld, true, nil)
		f.MulT(seen, u.C, queries, u.dp, ld, u.q, dk, u.ld, true, nil)
	}
}

// block computes the probabilities and the gradients of the scores for queries
// q0..q0+n and keys k0..k0+keys, of which there are so many packed, and adds to
// dq.
func (u *attendingSpan[T]) block(q0, n, k0, keys, packed int) {
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
		f.Mul(rows, see, u.C, u.Q[at:], hc, u.kt, sc, ld, false)
		f.Mul(rows, see, u.C, u.DO[at:], hc, u.vt, dp, ld, false)
		for i := range rows {
			u.row(sc[i*ld:(i+1)*ld], dp[i*ld:(i+1)*ld], q0+i0+i, min(see, q0+i0+i+1-k0), keys)
		}
		f.MulPart(rows, u.C, 0, see, dp, ld, u.k, packed, u.DQ[t*u.LDD+u.head*u.C:], u.LDD, k0 > 0)
	}
}

// row turns the scores of query q into probabilities, of which so many of keys
// are valid.
func (u *attendingSpan[T]) row(s, dp []T, q, valid, keys int) {
	if valid <= 0 {
		clear(s[:keys])
		clear(dp[:keys])
		return
	}
	m := maskTail(s, valid, keys)
	maskTail(dp, valid, keys)
	u.f.SoftmaxBackward(s[:m], dp[:m], scoreScale[T](u.C), u.LSE[(u.s.Row+q)*u.H+u.head], u.delta[q])
}
