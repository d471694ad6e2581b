package metrics

// Within is AUC over pairs that share a stratum (a policy, a source): the wins
// of all strata over the pairs of all strata, which is the mean of the strata's
// own AUC weighted by their number of pairs. A model that only knows which
// policy is strong gets 0.5 here, and may get much more from the pooled AUC.
type Within struct {
	strata []*Ranked
	rows   [][]int32 // row of the caller for each row of a stratum
}

// NewWithin sorts each stratum on its own. Strata are numbered from 0, as
// [GroupBy] numbers them.
func NewWithin(score []float64, resolved []bool, stratum []int32) (*Within, error) {
	if err := checkLengths(len(score), len(resolved), len(stratum)); err != nil {
		return nil, err
	}
	if err := checkFinite(score); err != nil {
		return nil, err
	}
	w := &Within{}
	for i, g := range stratum {
		for int(g) >= len(w.rows) {
			w.rows = append(w.rows, nil)
		}
		w.rows[g] = append(w.rows[g], int32(i))
	}
	for _, rows := range w.rows {
		s := make([]float64, len(rows))
		y := make([]bool, len(rows))
		for j, i := range rows {
			s[j], y[j] = score[i], resolved[i]
		}
		w.strata = append(w.strata, rankRows(ascending(s), y))
	}
	return w, nil
}

// AUC is the pair-weighted mean over strata; ok is false when no stratum holds
// both classes.
func (w *Within) AUC() (v float64, ok bool) {
	var won, pairs int64
	for _, r := range w.strata {
		a, b := r.wins(nil, nil)
		won, pairs = won+a, pairs+b
	}
	return share(won, pairs)
}

// Stratum returns the rows of one stratum in order, for its own AUC and size.
func (w *Within) Stratum(g int) *Ranked { return w.strata[g] }

// Len is the number of strata.
func (w *Within) Len() int { return len(w.strata) }

// Resampled is [Within.AUC] as a function of how often each cluster was drawn.
func (w *Within) Resampled(cluster []int32) Statistic {
	local := make([][]int32, len(w.rows))
	for g, rows := range w.rows {
		local[g] = make([]int32, len(rows))
		for j, i := range rows {
			local[g][j] = cluster[i]
		}
	}
	return func(times []int32) (float64, bool) {
		var won, pairs int64
		for g, r := range w.strata {
			a, b := r.wins(local[g], times)
			won, pairs = won+a, pairs+b
		}
		return share(won, pairs)
	}
}
