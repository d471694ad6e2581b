package judge

import (
	"cmp"
	"slices"
)

// Curves are what figures show of the judged rows and the table of an
// [Evaluation] does not say. They are in the file [CurvesFile] of a report.
type Curves struct {
	// ROC has the model first, then the baselines in the order of the table.
	// It is empty where the rows have one verdict alone.
	ROC    []ROC     `json:"roc"`
	Scores Histogram `json:"scores"` // the model's probabilities
}

// An ROC is a curve of hit rate against false alarms. Point i is at
// (FalseAlarms[i], Hits[i]); from one to the next is a straight line, which
// for rows of equal score is the expectation over their orders.
type ROC struct {
	Name        string    `json:"name"` // "" is the model
	FalseAlarms []float64 `json:"false_alarms"`
	Hits        []float64 `json:"hits"`
}

// A Histogram counts probabilities by verdict in bins of equal width over
// [0, 1]. The last bin holds 1 too.
type Histogram struct {
	Resolved   []int64 `json:"resolved"`
	Unresolved []int64 `json:"unresolved"`
}

const (
	// scoreBins is fine enough to show two heaps and coarse enough for a
	// hundred rows.
	scoreBins = 20
	// curveStep is how far apart kept points of a curve are: less than a pixel
	// of a figure, and some 500 points for any number of rows.
	curveStep = 1.0 / 256
)

func curvesOf(c *columns, systems []system) *Curves {
	out := &Curves{ROC: []ROC{}, Scores: Histogram{make([]int64, scoreBins), make([]int64, scoreBins)}}
	for i, p := range c.p {
		bin := min(int(p*scoreBins), scoreBins-1)
		if c.resolved[i] {
			out.Scores.Resolved[bin]++
		} else {
			out.Scores.Unresolved[bin]++
		}
	}
	if !slices.Contains(c.resolved, true) || !slices.Contains(c.resolved, false) {
		return out
	}
	out.ROC = append(out.ROC, rocOf("", c.margin, c.resolved))
	for _, s := range systems {
		p := make([]float64, len(c.index))
		for j, row := range c.index {
			p[j] = s.p[row]
		}
		out.ROC = append(out.ROC, rocOf(s.name, p, c.resolved))
	}
	return out
}

// rocOf goes down the scores, equal ones at once. Both classes are present.
func rocOf(name string, score []float64, resolved []bool) ROC {
	order := make([]int32, len(score))
	positives := 0
	for i := range order {
		order[i] = int32(i)
		if resolved[i] {
			positives++
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(score[b], score[a]) })
	curve := ROC{Name: name, FalseAlarms: []float64{0}, Hits: []float64{0}}
	var hits, alarms int
	for i := 0; i < len(order); {
		from := score[order[i]]
		for ; i < len(order) && score[order[i]] == from; i++ {
			if resolved[order[i]] {
				hits++
			} else {
				alarms++
			}
		}
		x, y := float64(alarms)/float64(len(order)-positives), float64(hits)/float64(positives)
		last := len(curve.Hits) - 1
		if i == len(order) || x-curve.FalseAlarms[last]+y-curve.Hits[last] >= curveStep {
			curve.FalseAlarms, curve.Hits = append(curve.FalseAlarms, x), append(curve.Hits, y)
		}
	}
	return curve
}
