package metrics

import "math"

// Ranked is a set of scored outcomes in ascending order of score, sorted once
// and read by every rank metric and by all resamples of a bootstrap. It is
// safe for concurrent use.
type Ranked struct {
	// row is row<<1 | resolved, by score; inside a run of equal scores the
	// unresolved come first, so that one sweep counts each tie as a win and
	// ties is all that must be taken back.
	row  []uint32
	ends []int32 // end of each run of equal scores
	ties []int32 // runs that hold both outcomes
	pos  int
}

// NewRanked sorts scores with their outcomes. Scores may be any finite numbers.
func NewRanked(score []float64, resolved []bool) (*Ranked, error) {
	if err := checkLengths(len(score), len(resolved)); err != nil {
		return nil, err
	}
	if err := checkFinite(score); err != nil {
		return nil, err
	}
	return rankRows(ascending(score), resolved), nil
}

func rankRows(order []keyed, resolved []bool) *Ranked {
	r := &Ranked{row: make([]uint32, len(order)), ends: make([]int32, 0, len(order))}
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && order[to].key == order[from].key {
			to++
		}
		at := from
		for want := uint32(0); want < 2; want++ {
			for _, e := range order[from:to] {
				if bit(resolved[e.row]) == want {
					r.row[at] = e.row<<1 | want
					at++
				}
			}
		}
		if r.row[from]&1 != r.row[to-1]&1 {
			r.ties = append(r.ties, int32(len(r.ends)))
		}
		r.ends = append(r.ends, int32(to))
		from = to
	}
	for _, e := range r.row {
		r.pos += int(e & 1)
	}
	return r
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// Len is the number of rows, Positives the number of them resolved.
func (r *Ranked) Len() int       { return len(r.row) }
func (r *Ranked) Positives() int { return r.pos }

func (r *Ranked) run(i int32) []uint32 {
	from := int32(0)
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.row[from:r.ends[i]]
}

// AUC is the chance that a resolved row scores above an unresolved one, ties
// counting half (Mann-Whitney). ok is false without both classes.
func (r *Ranked) AUC() (v float64, ok bool) {
	won, pairs := r.wins(nil, nil)
	return share(won, pairs)
}

// wins returns twice the pairs won (ties are one) and twice the pairs. With
// cluster and times, row i counts times[cluster[i]] times. Integers keep it
// exact.
func (r *Ranked) wins(cluster, times []int32) (won, pairs int64) {
	if times == nil {
		var neg int64
		for _, e := range r.row {
			y := int64(e & 1)
			neg += 1 - y
			won += y * neg
		}
		won *= 2
		for _, t := range r.ties {
			p, n := countRun(r.run(t))
			won -= p * n
		}
		return won, 2 * int64(r.pos) * int64(len(r.row)-r.pos)
	}
	var neg, pos int64
	for _, e := range r.row {
		w := int64(times[cluster[e>>1]])
		if e&1 == 0 {
			neg += w
		} else {
			pos += w
			won += w * neg
		}
	}
	won *= 2
	for _, t := range r.ties {
		var p, n int64
		for _, e := range r.run(t) {
			w := int64(times[cluster[e>>1]])
			if e&1 == 0 {
				n += w
			} else {
				p += w
			}
		}
		won -= p * n
	}
	return won, 2 * pos * neg
}

func countRun(run []uint32) (pos, neg int64) {
	for _, e := range run {
		pos += int64(e & 1)
	}
	return pos, int64(len(run)) - pos
}

func share(part, whole int64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// AveragePrecision sums precision over the steps of recall from the highest
// score down, equal scores entering together, without interpolation. ok is
// false without a resolved row.
func (r *Ranked) AveragePrecision() (v float64, ok bool) {
	return r.averagePrecision(nil, nil)
}

func (r *Ranked) averagePrecision(cluster, times []int32) (v float64, ok bool) {
	var tp, n int64
	var sum float64
	for i := len(r.ends) - 1; i >= 0; i-- {
		var gained, met int64
		for _, e := range r.run(int32(i)) {
			w := int64(1)
			if times != nil {
				w = int64(times[cluster[e>>1]])
			}
			met += w
			gained += w * int64(e&1)
		}
		n += met
		tp += gained
		if gained > 0 {
			sum += float64(gained) * float64(tp) / float64(n)
		}
	}
	if tp == 0 {
		return 0, false
	}
	return sum / float64(tp), true
}

// tiedPairs sums t(t-1)/2 over the runs of equal scores.
func (r *Ranked) tiedPairs() (n float64) {
	from := int32(0)
	for _, end := range r.ends {
		t := float64(end - from)
		n += t * (t - 1) / 2
		from = end
	}
	return n
}

// KendallTauB is Kendall's rank correlation of score and outcome, corrected
// for ties in both. ok is false when either is constant.
func (r *Ranked) KendallTauB() (v float64, ok bool) {
	won, pairs := r.wins(nil, nil)
	n := float64(len(r.row))
	all := n * (n - 1) / 2
	pos, neg := float64(r.pos), n-float64(r.pos)
	free := (all - r.tiedPairs()) * (all - pos*(pos-1)/2 - neg*(neg-1)/2)
	if free <= 0 {
		return 0, false
	}
	// Of the mixed pairs, concordant minus discordant is twice the wins (ties
	// one half each) minus all of them.
	return (float64(won) - float64(pairs)/2) / math.Sqrt(free), true
}

// Spearman is the correlation of average ranks with the outcome. ok is false
// when either is constant.
func (r *Ranked) Spearman() (v float64, ok bool) {
	var m moments
	from := int32(0)
	for i, end := range r.ends {
		rank := float64(from+end+1) / 2 // mean of from+1 … end
		pos, neg := countRun(r.run(int32(i)))
		m.add(rank, 1, float64(pos))
		m.add(rank, 0, float64(neg))
		from = end
	}
	centre := m.sx / m.n
	var c moments // a second sweep about the mean keeps the digits
	from = 0
	for i, end := range r.ends {
		rank := float64(from+end+1)/2 - centre
		pos, neg := countRun(r.run(int32(i)))
		c.add(rank, 1, float64(pos))
		c.add(rank, 0, float64(neg))
		from = end
	}
	return c.correlation()
}

// PointBiserial is the correlation of score and outcome. ok is false when
// either is constant. It sums in row order.
func PointBiserial(score []float64, resolved []bool) (v float64, ok bool, err error) {
	if err := checkLengths(len(score), len(resolved)); err != nil {
		return 0, false, err
	}
	if err := checkFinite(score); err != nil {
		return 0, false, err
	}
	var mean float64
	for _, s := range score {
		mean += s / float64(len(score))
	}
	var m moments
	for i, s := range score {
		m.add(s-mean, float64(bit(resolved[i])), 1)
	}
	v, ok = m.correlation()
	return v, ok, nil
}

type moments struct{ n, sx, sy, sxx, syy, sxy float64 }

func (m *moments) add(x, y, w float64) {
	m.n += w
	m.sx += w * x
	m.sy += w * y
	m.sxx += w * x * x
	m.syy += w * y * y
	m.sxy += w * x * y
}

func (m *moments) correlation() (float64, bool) {
	vx := m.sxx - m.sx*m.sx/m.n
	vy := m.syy - m.sy*m.sy/m.n
	if !(vx > 0 && vy > 0) {
		return 0, false
	}
	return max(-1, min(1, (m.sxy-m.sx*m.sy/m.n)/math.Sqrt(vx*vy))), true
}

// AUC sorts and returns [Ranked.AUC]; nil without both classes.
func AUC(score []float64, resolved []bool) (*float64, error) {
	r, err := NewRanked(score, resolved)
	if err != nil {
		return nil, err
	}
	return Optional(r.AUC()), nil
}
