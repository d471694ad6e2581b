package trainer

import (
	"fmt"
	"reflect"
	"testing"
)

// TestRecomputeChangesNoBit: what is computed again is the same, alone and
// where ranks exchange tokens again.
func TestRecomputeChangesNoBit(t *testing.T) {
	data := markerCorpus(t, 40, 8)
	var want map[string]string
	for _, recompute := range []string{RecomputeNone, RecomputeLayer} {
		cfg := testConfig()
		cfg.Memory.Recompute = recompute
		got := files(t, mustRun(t, testSetup(t, cfg, data, t.TempDir())))
		if want == nil {
			want = got
		}
		sameFiles(t, "recompute "+recompute, got, want)
	}
	for name, c := range map[string]caseOf{"few": layoutCases["few"], "text": layoutCases["text"]} {
		for _, layout := range [][2]int{{2, 2}, {4, 2}} {
			var want outcome
			for _, recompute := range []string{RecomputeNone, RecomputeLayer} {
				cfg := *c.cfg
				cfg.Precision, cfg.Steps, cfg.Eval.Every, cfg.Memory.Recompute = PrecisionFP32, 4, 0, recompute
				got := trainOn(t, caseOf{cfg: &cfg, train: 12, dev: 3}, localWorld(t, layout[0]), layout[1], t.TempDir())
				if recompute == RecomputeNone {
					want = got
				} else if !reflect.DeepEqual(got, want) {
					t.Errorf("%s on %s: other bits with recompute", name, fmt.Sprint(layout))
				}
			}
		}
	}
}
