package metrics

import (
	"errors"
	"fmt"
	"math"
)

// ErrOneClass is returned by fits that need both outcomes when only one is there.
var ErrOneClass = errors.New("metrics: only one class is present")

// ErrSeparable is returned by [FitPlatt] when a threshold splits the outcomes
// without error, so that no finite slope is the most likely one.
var ErrSeparable = errors.New("metrics: the classes are separable, no finite fit exists")

// A ValueError is a score that is not a number of the kind asked for.
type ValueError struct {
	Row   int
	Value float64
	Want  string
}

// Error names the row, the value and what was wanted.
func (e *ValueError) Error() string {
	return fmt.Sprintf("metrics: row %d: score %v is not %s", e.Row, e.Value, e.Want)
}

// Optional turns a (value, ok) pair into a pointer that JSON writes as null
// where there is no value.
func Optional(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

// GroupBy numbers equal keys in order of first appearance: index[i] is the
// number of keys[i] and names[n] the key numbered n.
func GroupBy[K comparable](keys []K) (index []int32, names []K) {
	seen := make(map[K]int32, len(keys)/4+1)
	index = make([]int32, len(keys))
	for i, k := range keys {
		n, ok := seen[k]
		if !ok {
			n = int32(len(names))
			seen[k] = n
			names = append(names, k)
		}
		index[i] = n
	}
	return index, names
}

func checkLengths(n int, others ...int) error {
	for _, m := range others {
		if m != n {
			return fmt.Errorf("metrics: %d scores and a column of %d", n, m)
		}
	}
	if n > maxRows {
		return fmt.Errorf("metrics: %d rows, at most %d", n, maxRows)
	}
	return nil
}

// maxRows keeps twice the product of the two classes inside an int64, and row
// numbers with a flag inside 32 bits.
const maxRows = 1 << 30

func checkFinite(score []float64) error {
	for i, s := range score {
		// s-s is 0 exactly when s is finite.
		if s-s != 0 {
			return &ValueError{Row: i, Value: s, Want: "a finite number"}
		}
	}
	return nil
}

func checkProbability(p []float64) error {
	for i, s := range p {
		if !(s >= 0 && s <= 1) {
			return &ValueError{Row: i, Value: s, Want: "a probability in [0,1]"}
		}
	}
	return nil
}

func isNaN(v float64) bool { return math.IsNaN(v) }
