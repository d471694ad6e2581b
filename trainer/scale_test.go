package trainer

import (
	"math"
	"testing"

	"github.com/swerm/swerm/trainer/scale"
)

// What is predicted on paper is what a run keeps and sends: parameters and
// moments exactly, dispatch as far as the router is even.
func TestScaleIsWhatARunDoes(t *testing.T) {
	c := layoutCase(func(c *Config) {
		c.Precision, c.Steps, c.Eval.Every, c.Model.Layers, c.Model.Hidden = PrecisionFP32, 4, 0, 4, 64
	})
	c.dev = 0
	l := ranksShape{2, 2}
	trainings, errs := runEach(t, c, localWorld(t, l.dp*l.ep), l.ep, t.TempDir(), undisturbed)
	var moments, sent, tokens float64
	for r, tr := range trainings {
		if errs[r] != nil {
			t.Fatal(errs[r])
		}
		shape := tr.net.config()
		p := scale.Predict(&shape, scale.Layout{DP: l.dp, EP: l.ep}, scale.Step{Sequences: 1, Length: 1, Micro: 1, Wire: 4}, scale.Rates{Flops: 1, Link: 1, Memory: 1})
		parameters, _, optimizer := tr.net.bytes()
		if float64(parameters) != p.Weights {
			t.Errorf("rank %d keeps %d bytes of weights, %v on paper", r, parameters, p.Weights)
		}
		moments += float64(optimizer) / p.Moments / float64(len(trainings))
		for _, op := range tr.layout.traffic() {
			if op.Op == opDispatch {
				sent += float64(op.BytesSent) / p.DispatchPerToken
			}
		}
		tokens = float64(tr.st.Tokens) // of all ranks
	}
	if math.Abs(moments-1) > 1e-9 {
		t.Errorf("moments are %v of those on paper", moments)
	}
	if ratio := sent / tokens; ratio < 0.8 || ratio > 1.25 {
		t.Errorf("%v times the dispatch on paper", ratio)
	}
}
