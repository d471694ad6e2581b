package mixer

import "errors"

// scanned is up to which total the largest one is found by trying each.
// Larger ones are halved towards: what can be met is met by smaller totals
// too, but for single rows of rounding. So the totals above are looked at as
// well: many of them for a class or cell that has too few rows, which is
// quickly seen, and a few in full.
const (
	scanned = 128
	looks   = 512
	tries   = 8
)

// largest finds the largest total up to most that can be met; 0 when none can.
func (b *builder) largest(most int64) (int64, error) {
	most = min(most, b.ceiling())
	if most > scanned {
		best, err := b.halve(most)
		if best > 0 || err != nil {
			return best, err
		}
		most = scanned
	}
	for n := most; n > 0; n-- {
		ok, err := b.feasible(n)
		if ok || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// ceiling is a total above which some class alone falls short: mostly the
// answer itself.
func (b *builder) ceiling() int64 {
	in := b.inStock()
	most := in.underCap[dimensions+1][0]
	for d := range b.pool.dims {
		for c, share := range b.pool.dims[d].shares {
			if f, _ := share.Float64(); f > 0 {
				most = min(most, int64(float64(in.underCap[d][c]+1)/f)+1)
			}
		}
	}
	return most
}

// halve gallops down from most and then halves the gap.
func (b *builder) halve(most int64) (best int64, err error) {
	low, high := int64(0), most+1 // low can be met, high cannot
	for n, step := most, int64(1); n > 0; n, step = n-step, 2*step {
		ok, err := b.feasible(n)
		if err != nil {
			return 0, err
		}
		if ok {
			low = n
			break
		}
		high = n
	}
	for high-low > 1 {
		mid := (low + high) / 2
		ok, err := b.feasible(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			low = mid
		} else {
			high = mid
		}
	}
	best = low
	for n, left := low+1, tries; n <= min(low+looks, most) && left > 0; n++ {
		if b.tooFew(n) {
			continue
		}
		left--
		ok, err := b.feasible(n)
		if err != nil {
			return 0, err
		}
		if ok {
			best = n
		}
	}
	return best, nil
}

// tooFew reports whether some class, or with exact cells some cell, has fewer
// rows under the cap than a total asks of it.
func (b *builder) tooFew(total int64) bool {
	want, in := b.pool.wants(total, nil), b.inStock()
	asked := want[:]
	if b.exact {
		asked = append(asked, b.pool.table(want))
	}
	for g, counts := range asked {
		for c, n := range counts {
			if n > in.underCap[g][c] {
				return true
			}
		}
	}
	return total > in.underCap[dimensions+1][0]
}

// feasible tells whether a total can be met, without choosing rows.
func (b *builder) feasible(total int64) (bool, error) {
	if b.tooFew(total) {
		return false, nil
	}
	want := b.pool.wants(total, nil)
	if b.whole == nil {
		b.whole, _ = b.pool.problem(b.pool.rows, nil, total, want)
		b.whole.lanes = b.whole.makeLanes()
	}
	p := *b.whole
	p.Total, p.Want = total, want
	if b.exact {
		p.Table, p.Exact = b.pool.table(want), true
	}
	_, err := b.solver.Solve(b.ctx, &p)
	if unmet := (*Unmet)(nil); errors.As(err, &unmet) {
		return false, nil
	}
	return err == nil, err
}
