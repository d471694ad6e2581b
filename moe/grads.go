package moe

import "slices"

// Weight gradients are products over all tokens, dW = dYᵀ·X. They are cut into
// tiles of dW, never over tokens, so that each element is one sum in the order
// of tokens; a tile packs X in steps of gradDepth rows. The more rows of dW a
// tile has, the more use is made of what it packed, and the fewer goroutines find
// work: rows are halved from gradTileMost until there are gradTiles for each, or
// gradTileLeast are left.
const (
	gradDepth     = 512
	gradTileMost  = 1024
	gradTileLeast = 256
	gradTileN     = 256
	gradTiles     = 8
)

// gradJob adds aᵀ·b to dst: a is k×m and b k×n, both row-major. With rows, row
// i of b is b[rows[i]].
type gradJob[Num Float] struct {
	dst     []Num
	m, n, k int
	a       []Num
	lda     int
	b       []Num
	ldb     int
	rows    []int32
	whole   bool // a product that is never rounded
	at      int  // of dst in the gradients of the model
	fresh   bool // dst is written, not added to
}

// gradTile is a part of one job.
type gradTile struct{ job, m0, n0, m int }

// outputJobs lists the weight gradients of a layer from its experts up to its
// attention output. They must run before dx moves on to the layer's input.
func (p *PassOf[Num]) outputJobs(l int) {
	a, lp := p.acts(l), &p.m.layers[l]
	p.jobs = p.jobs[:0]
	p.addJob(gradJob[Num]{m: p.D, n: p.HC, k: p.T, a: p.dx, lda: p.D, b: a.o, ldb: p.HC}, lp.o)
	lp.oLow.gradJobs(p, gradJob[Num]{k: p.T, a: p.dx, lda: p.D, b: a.o, ldb: p.HC}, a.low.out, p.dlow.out, 0)
	if lp.router != nil {
		p.addJob(gradJob[Num]{m: p.E, n: p.D, k: p.T, a: p.dlogits, lda: p.E, b: p.h2, ldb: p.D, whole: true}, lp.router)
	}
	w := &a.work
	for e := range lp.experts {
		lo, hi := w.off[e], w.off[e+1]
		if lo == hi {
			continue
		}
		ep := &lp.experts[e]
		gu := gradJob[Num]{m: 2 * a.F, n: p.D, k: hi - lo, a: a.gu[lo*a.ldF:], lda: a.ldF, b: w.src, ldb: w.ld, rows: w.row[lo:hi]}
		down := gradJob[Num]{m: p.D, n: a.F, k: hi - lo, a: p.dyp[lo*p.D:], lda: p.D, b: p.hw[lo*a.F:], ldb: a.F}
		p.addJob(gu, ep.gate, ep.up)
		p.addJob(down, ep.down)
		ep.guLow.gradJobs(p, gu, a.low.gu, p.dlow.gu, lo)
		ep.downLow.gradJobs(p, down, a.low.down, p.dlow.down, lo)
	}
}

// inputJob lists the gradient of q, k and v. It must run before the layer below
// takes the memory of dqkv and h1.
func (p *PassOf[Num]) inputJob(l int) {
	lp := &p.m.layers[l]
	p.jobs = p.jobs[:0]
	j := gradJob[Num]{m: p.W, n: p.D, k: p.T, a: p.dqkv, lda: p.ldW, b: p.h1, ldb: p.D}
	p.addJob(j, lp.q, lp.k, lp.v)
	lp.qkvLow.gradJobs(p, j, p.acts(l).low.in, p.dlow.in, 0)
}

// addJob lists the gradient of matrices whose outputs lie side by side in the
// rows of a, and which lie back to back themselves: as one product where all of
// them train.
func (p *PassOf[Num]) addJob(j gradJob[Num], matrices ...*ParamOf[Num]) {
	if !slices.ContainsFunc(matrices, func(w *ParamOf[Num]) bool { return w.Grad == nil }) {
		j.dst, j.at = p.flatGrad(matrices[0], j.m*j.n), matrices[0].offset
		p.jobs = append(p.jobs, j)
		return
	}
	for at, i := 0, 0; i < len(matrices); i++ {
		w, part := matrices[i], j
		part.dst, part.at, part.m, part.a = w.Grad, w.offset, w.Shape[0], j.a[min(at, len(j.a)):]
		if w.Grad != nil {
			p.jobs = append(p.jobs, part)
		}
		at += w.Shape[0]
	}
}

func (p *PassOf[Num]) flatGrad(first *ParamOf[Num], n int) []Num {
	return p.m.grad[first.offset : first.offset+n]
}

// runJobs computes the listed gradients, the largest tiles first.
func (p *PassOf[Num]) runJobs() {
	tiles := p.tiles[:0]
	for most := gradTileMost; ; most /= 2 {
		tiles = p.cutJobs(tiles[:0], most)
		if len(tiles) >= gradTiles*p.threads || most == gradTileLeast {
			break
		}
	}
	cost := func(t gradTile) int {
		j := &p.jobs[t.job]
		return j.k * t.m * min(gradTileN, j.n-t.n0)
	}
	slices.SortStableFunc(tiles, func(a, b gradTile) int { return cost(b) - cost(a) })
	p.tiles = tiles
	p.each(len(tiles), func(w *worker[Num], i int) { p.gradTile(w, tiles[i]) })
}

// cutJobs appends the tiles of all jobs, of at most so many rows.
func (p *PassOf[Num]) cutJobs(tiles []gradTile, most int) []gradTile {
	for i := range p.jobs {
		j := &p.jobs[i]
		for m0 := 0; m0 < j.m; m0 += most {
			for n0 := 0; n0 < j.n; n0 += gradTileN {
				tiles = append(tiles, gradTile{i, m0, n0, min(most, j.m-m0)})
			}
		}
	}
	return tiles
}

func (p *PassOf[Num]) gradTile(w *worker[Num], t gradTile) {
	j := &p.jobs[t.job]
	f := p.products(j.whole)
	n := min(gradTileN, j.n-t.n0)
	for k0 := 0; k0 < j.k; k0 += gradDepth {
		k := min(gradDepth, j.k-k0)
		if j.rows != nil {
			f.PackGather(w.pack, j.b[t.n0:], j.ldb, j.rows[k0:k0+k], n)
		} else {
			f.Pack(w.pack, j.b[k0*j.ldb+t.n0:], j.ldb, k, n)
		}
		f.MulT(t.m, n, k, j.a[k0*j.lda+t.m0:], j.lda, w.pack, j.dst[t.m0*j.n+t.n0:], j.n, k0 > 0 || !j.fresh, w.left)
	}
}
