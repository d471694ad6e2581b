package kernel

import "math"

// PageLen is the numbers of one key head in a page: its keys and its values,
// row by row.
func (Reference) PageLen(c, depth int) int { return 2 * c * depth }

// AttentionScratch is 0: what it needs it allocates.
func (Reference) AttentionScratch(int) int { return 0 }

// AttentionGradWork is 0.
func (Reference) AttentionGradWork(_, _, _ int, _ []int) int { return 0 }

// Attend computes attention as its formula reads: all scores of a query, their
// softmax, and the mean of the values.
func (f Reference) Attend(a *AttentionOf[float64], each Each) {
	each(len(a.Keep), func(_, i int) {
		r := a.Keep[i]
		for j := range r.N * a.G {
			g, pos, row := j%a.G, r.Pos+j/a.G, r.Row+j/a.G
			k, v := f.place(a, r.Seq, pos, g)
			copy(k, a.K[row*a.LDK+g*a.C:][:a.C])
			copy(v, a.V[row*a.LDV+g*a.C:][:a.C])
		}
	})
	for _, s := range a.Share {
		for j := range s.N * a.G {
			pos := s.Block*KeyBlock + j/a.G
			k, v := f.place(a, s.To, pos, j%a.G)
			fromK, fromV := f.place(a, s.From, pos, j%a.G)
			copy(k, fromK)
			copy(v, fromV)
		}
	}
	each(len(a.Queries), func(_, i int) {
		for j := range a.Queries[i].N {
			f.attend(a, &a.Queries[i], j)
		}
	})
}

// place is where the key and the value of a position lie.
func (f Reference) place(a *AttentionOf[float64], seq, pos, g int) (k, v []float64) {
	p := a.Cache.pages(seq)[pos/KeyBlock]
	head, at := a.Cache.head(p, g, f.PageLen(a.C, p.Depth)), pos%KeyBlock*a.C
	values := head[p.Depth*a.C:]
	return head[at : at+a.C], values[at : at+a.C]
}

// attend answers query i of a unit.
func (f Reference) attend(a *AttentionOf[float64], u *Queries, i int) {
	hc, g := a.H*a.C, a.group(u.Head)
	q := a.Q[(u.Row+i)*hc+u.Head*a.C:][:a.C]
	p := make([]float64, u.Pos+i+1)
	for j := range p {
		k, _ := f.place(a, u.Seq, j, g)
		p[j] = f.Dot(q, k) * scoreScale[float64](a.C)
	}
	lse := softmax(p)
	a.LSE[(u.Out+i)*a.H+u.Head] = lse
	o := a.O[(u.Out+i)*hc+u.Head*a.C:][:a.C]
	clear(o)
	for j, w := range p {
		_, v := f.place(a, u.Seq, j, g)
		f.AddScaled(o, w, v)
	}
}

// softmax turns scores into probabilities and returns their log-sum-exp.
func softmax(s []float64) float64 {
	top, sum := Reference{}.Max(s), 0.0
	for i := range s {
		s[i] = math.Exp(s[i] - top)
		sum += s[i]
	}
	for i := range s {
		s[i] /= sum
	}
	return top + math.Log(sum)
}

// AttendBackward computes the gradients from matrices of sequence by sequence.
func (f Reference) AttendBackward(a *AttentionGradOf[float64], each Each) {
	// Heads that share a key head add to the same gradients, one after the other.
	each(len(a.Spans)*a.G, func(_, i int) {
		s, g := a.Spans[i/a.G], i%a.G
		for t := s.Row; t < s.Row+s.N; t++ {
			clear(a.DK[t*a.LDD+g*a.C:][:a.C])
			clear(a.DV[t*a.LDD+g*a.C:][:a.C])
		}
		for h := g * a.H / a.G; h < (g+1)*a.H/a.G; h++ {
			f.headBackward(a, s, h, g)
		}
	})
}

// headBackward forms P and dP of one head, then dS = P∘(dP − Σ P∘dP)/√C.
func (f Reference) headBackward(a *AttentionGradOf[float64], s Span, h, g int) {
	n, scale := s.N, scoreScale[float64](a.C)
	q := func(m []float64, i int) []float64 { return m[(s.Row+i)*a.H*a.C+h*a.C:][:a.C] }
	kv := func(m []float64, ld, j int) []float64 { return m[(s.Row+j)*ld+g*a.C:][:a.C] }
	p, ds := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		row, dp := p[i*n:i*n+i+1], ds[i*n:i*n+i+1]
		for j := range row {
			row[j] = math.Exp(f.Dot(q(a.Q, i), kv(a.K, a.LDK, j))*scale - a.LSE[(s.Row+i)*a.H+h])
			dp[j] = f.Dot(q(a.DO, i), kv(a.V, a.LDV, j))
		}
		mean := f.Dot(row, dp)
		for j := range dp {
			dp[j] = row[j] * (dp[j] - mean) * scale
		}
	}
	for i := range n {
		dq := a.DQ[(s.Row+i)*a.LDD+h*a.C:][:a.C]
		clear(dq)
		for j := range i + 1 {
			f.AddScaled(dq, ds[i*n+j], kv(a.K, a.LDK, j))
			f.AddScaled(kv(a.DK, a.LDD, j), ds[i*n+j], q(a.Q, i))
			f.AddScaled(kv(a.DV, a.LDD, j), p[i*n+j], q(a.DO, i))
		}
	}
}
