package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/metrics"
)

// What is drawn comes from files that anyone may have written. A number
// outside its meaning is refused here, before it becomes a place on paper.

// maxCount is what a float64 counts exactly.
const maxCount = 1 << 53

// bounded holds of a number between two others and of one that is absent; not
// of NaN.
func bounded(v *float64, lo, hi float64) bool { return v == nil || *v >= lo && *v <= hi }

func share(v *float64) bool { return bounded(v, 0, 1) }

func countable[N int | int64](list ...N) bool {
	return !slices.ContainsFunc(list, func(n N) bool { return n < 0 || int64(n) > maxCount })
}

// isShare says which intervals are of shares; the others are differences or
// losses, which are written and not drawn.
func isShare(name string) bool {
	kind, _, _ := strings.Cut(name, "@")
	return slices.Contains([]string{"auc", "auc_within_policy", "ece", "brier", "rm", "pass", "random"}, kind)
}

func checkInterval(in metrics.Interval) bool {
	return share(in.Value) && share(in.Low) && share(in.High) && (in.Low == nil || in.High == nil || *in.Low <= *in.High)
}

func checkEvaluation(ev *judge.Evaluation) error {
	if !countable(ev.N, ev.Positives, ev.Tasks) || ev.Positives > ev.N {
		return fmt.Errorf("%d of %d runs of %d tasks are resolved", ev.Positives, ev.N, ev.Tasks)
	}
	for name, v := range map[string]*float64{"auc": ev.AUC, "auc_within_policy": ev.AUCWithinPolicy, "ece": ev.ECE, "brier": ev.Brier,
		"coverage": ev.Coverage, "tokens_read_share": ev.TokensReadShare} {
		if !share(v) {
			return fmt.Errorf("%s is %g, which is no share", name, *v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ev.Intervals)) {
		if isShare(name) && !checkInterval(ev.Intervals[name]) {
			return fmt.Errorf("the interval of %s is no interval of a share", clean(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ev.Baselines)) {
		if b := ev.Baselines[name]; !share(b.AUC) || !checkInterval(b.Interval) {
			return fmt.Errorf("the AUC of baseline %s is no share", clean(name))
		}
	}
	for _, at := range []map[string]*float64{ev.RMAt, ev.RMStrictAt, ev.PassAt, ev.RandomAt} {
		for k, v := range at {
			if !share(v) {
				return fmt.Errorf("a choice among %s is resolved with %g, which is no share", clean(k), *v)
			}
		}
	}
	for i, b := range ev.Reliability {
		if !share(&b.Low) || !share(&b.High) || b.Low >= b.High || !share(b.MeanScore) || !share(b.ResolvedRate) || !countable(b.Count) {
			return fmt.Errorf("bin %d of the reliability is no bin", i)
		}
	}
	return nil
}

// checkCurves refuses curves that cannot be drawn.
func checkCurves(c *judge.Curves) error {
	up, down := c.Scores.Resolved, c.Scores.Unresolved
	if len(up) != len(down) || !countable(up...) || !countable(down...) {
		return fmt.Errorf("histograms of %d and %d bins", len(up), len(down))
	}
	for _, roc := range c.ROC {
		if len(roc.Hits) != len(roc.FalseAlarms) || len(roc.Hits) < 2 {
			return fmt.Errorf("curve %q has %d and %d points", clean(roc.Name), len(roc.FalseAlarms), len(roc.Hits))
		}
		for i := range roc.Hits {
			if !share(&roc.Hits[i]) || !share(&roc.FalseAlarms[i]) {
				return fmt.Errorf("curve %q: point %d is outside the square", clean(roc.Name), i)
			}
		}
	}
	return nil
}

func (m *mixture) check() error {
	for _, s := range m.Scales {
		for _, r := range slices.Concat(s.Classes, s.Cells) {
			if !countable(r.Requested, r.Observed, r.Available, r.UnderCap) {
				return fmt.Errorf("%s: %d of %d taken, %d there", r.name(), r.Observed, r.Requested, r.Available)
			}
		}
	}
	return nil
}
