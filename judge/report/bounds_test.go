package report

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/metrics"
)

// TestNumbersOutOfBoundsAreRefused holds that a number without its meaning is
// an error that names it, and no place on paper.
func TestNumbersOutOfBoundsAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*world){
		"auc is 7, which is no share":       func(w *world) { w.ev.AUC = ref(7) },
		"5 of 2 runs":                       func(w *world) { w.ev.N, w.ev.Positives = 2, 5 },
		"the interval of rm@2":              func(w *world) { w.ev.Intervals["rm@2"] = metrics.Interval{Low: ref(-3), High: ref(0)} },
		"the interval of auc ":              func(w *world) { w.ev.Intervals["auc"] = metrics.Interval{Low: ref(0.9), High: ref(0.1)} },
		"the AUC of baseline tfidf":         func(w *world) { w.ev.Baselines["tfidf"] = judge.SystemFigures{AUC: ref(1e308)} },
		"a choice among 4":                  func(w *world) { w.ev.PassAt["4"] = ref(-1) },
		"bin 2 of the reliability":          func(w *world) { w.ev.Reliability[2].MeanScore = ref(2) },
		"histograms of 20 and 19 bins":      func(w *world) { w.curves.Scores.Unresolved = w.curves.Scores.Unresolved[1:] },
		"histograms of 20 and 20 bins":      func(w *world) { w.curves.Scores.Resolved[3] = -1 },
		`curve "tfidf" has 3 and 2 points`:  func(w *world) { roc(w, "tfidf").Hits = []float64{0, 1} },
		`curve "tfidf": point 1 is outside`: func(w *world) { roc(w, "tfidf").Hits[1] = 1e300 },
	} {
		w := newWorld(t)
		spoil(w)
		w.evaluate()
		_, err := gather(context.Background(), w.task("none", portEvaluation+"=evaluation"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), portEvaluation+": ") {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
	m := mixture{Scales: []mixtureScale{{Cells: []mixtureRow{{Policy: "p", Observed: math.MinInt64}}}}}
	if err := m.check(); err == nil || !strings.HasPrefix(err.Error(), "p: ") {
		t.Errorf("a mixture of fewer than no runs: %v", err)
	}
}

func roc(w *world, name string) *judge.ROC {
	for i := range w.curves.ROC {
		if w.curves.ROC[i].Name == name {
			return &w.curves.ROC[i]
		}
	}
	w.t.Fatalf("no curve of %s", name)
	return nil
}
