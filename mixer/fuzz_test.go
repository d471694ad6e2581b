package mixer

import (
	"context"
	"errors"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// FuzzPlan feeds configs: each is refused, answered or shown to be infeasible,
// and an answer is exact.
func FuzzPlan(f *testing.F) {
	f.Add("2:1", 0.5, 0.5, int64(10), int64(3), int64(0), true)
	f.Add("0.4", 1/3.0, 2/3.0, int64(0), int64(2), int64(7), false)
	f.Add("1:0", 5e-324, 1.0, int64(59), int64(0), int64(0), false)
	f.Add("0.0000001:9999999", 0.9999999, 0.0000001, int64(20), int64(1), int64(21), true)
	rows := wide(12, 5)
	rows[3].Verdict = pipeline.VerdictFlaky
	rows[9].TrajectoryID = rows[8].TrajectoryID
	f.Fuzz(func(t *testing.T, ratio string, a, b float64, total, limit, second int64, exact bool) {
		c := &MixConfig{Cells: CellsNear, Ratio: ratio, CapPerTask: limit, Total: total,
			Policies: map[string]float64{"claude": a, Others: b}, Sources: map[string]float64{"swe-gym": b, "swe-smith": a}}
		if exact {
			c.Cells = CellsExact
		}
		if second > 0 {
			c.Total, c.Scales = 0, []int64{total, second}
		}
		p, err := NewPlan(context.Background(), rows, c, nil)
		if e := (*InfeasibleError)(nil); errors.As(err, &e) {
			if e.Error() == "" || len(e.Binding) == 0 || e.Largest >= e.Total && !e.Nested {
				t.Errorf("says nothing: %+v", e)
			}
			return
		}
		if err != nil {
			if c.Validate() == nil {
				t.Errorf("valid, but: %v", err)
			}
			return
		}
		checkPlan(t, rows, c, p)
	})
}

// FuzzPattern compares star patterns with the plain recursive definition.
func FuzzPattern(f *testing.F) {
	f.Add("a*b*c", "aXbYc")
	f.Add("*", "")
	f.Add("ab*ba", "aba")
	f.Fuzz(func(t *testing.T, text, s string) {
		stars := 0
		for _, r := range []byte(text) {
			if r == '*' {
				stars++
			}
		}
		if stars == 0 || stars > maxPatternStars || len(text) > 24 || len(s) > 24 {
			return
		}
		r := newRules([]HoldOut{{Split: "test", Tasks: []string{text}}})
		got := r.match(&pipeline.Selection{TaskID: s}) == 0
		if want := matches(text, s); got != want {
			t.Errorf("%q on %q: %v, want %v", text, s, got, want)
		}
	})
}

func matches(p, s string) bool {
	if p == "" {
		return s == ""
	}
	if p[0] == '*' {
		return matches(p[1:], s) || s != "" && matches(p, s[1:])
	}
	return s != "" && s[0] == p[0] && matches(p[1:], s[1:])
}
