package baseline

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Names lists the baselines in the order reports show them.
func Names() []string {
	return []string{"constant", "length", "turns", "patch_size", "exit_status", "numbers", "tfidf"}
}

// maxStatuses bounds the one-hot columns of the exit status; rarer ones share
// one column.
const maxStatuses = 16

// A Scorer gives p(resolved) for one trajectory's features.
type Scorer func(f *Features) float64

// Fit fits one baseline of Names on labelled rows; y[i] is 1 for resolved and
// 0 for unresolved.
func Fit(name string, rows []Features, y []float64) (Scorer, error) {
	if len(rows) == 0 || len(rows) != len(y) {
		return nil, fmt.Errorf("baseline %s: %d rows and %d targets", name, len(rows), len(y))
	}
	score, err := fit(name, rows, y)
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", name, err)
	}
	return score, nil
}

func fit(name string, rows []Features, y []float64) (Scorer, error) {
	switch name {
	case "constant":
		var s float64
		for _, v := range y {
			s += v
		}
		rate := s / float64(len(y))
		return func(*Features) float64 { return rate }, nil
	case "length":
		return fitColumns(rows, y, func(f *Features) []float64 { return []float64{math.Log1p(f.Bytes)} })
	case "turns":
		return fitColumns(rows, y, func(f *Features) []float64 { return []float64{math.Log1p(f.Turns)} })
	case "patch_size":
		return fitColumns(rows, y, patchColumns)
	case "exit_status":
		return fitColumns(rows, y, statusColumns(rows))
	case "numbers":
		status := statusColumns(rows)
		return fitColumns(rows, y, func(f *Features) []float64 {
			cols := append([]float64{math.Log1p(f.Bytes), math.Log1p(f.Turns)}, patchColumns(f)...)
			return append(cols, status(f)...)
		})
	case "tfidf":
		m, err := fitTFIDF(rows, y)
		if err != nil {
			return nil, err
		}
		return m.score, nil
	}
	return nil, fmt.Errorf("no such baseline; there are %v", Names())
}

func fitColumns(rows []Features, y []float64, columns func(*Features) []float64) (Scorer, error) {
	x := make([][]float64, len(rows))
	for i := range rows {
		x[i] = columns(&rows[i])
	}
	m, err := fitLogistic(x, y)
	if err != nil {
		return nil, err
	}
	return func(f *Features) float64 { return m.score(columns(f)) }, nil
}

// patchColumns tells an absent patch from a small one.
func patchColumns(f *Features) []float64 {
	empty := 0.0
	if f.PatchBytes == 0 {
		empty = 1
	}
	return []float64{math.Log1p(f.PatchBytes), empty}
}

// statusColumns one-hot encodes the statuses most frequent in the rows.
func statusColumns(rows []Features) func(*Features) []float64 {
	count := map[string]int{}
	for i := range rows {
		count[rows[i].ExitStatus]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), maxStatuses)]
	return func(f *Features) []float64 {
		cols := make([]float64, len(names)+1)
		i := slices.Index(names, f.ExitStatus)
		if i < 0 {
			i = len(names)
		}
		cols[i] = 1
		return cols
	}
}
