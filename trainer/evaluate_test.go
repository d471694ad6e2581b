package trainer

import (
	"context"
	"math"
	"testing"

	"github.com/swerm/swerm/trainer/objective"
)

// The ECE of an evaluation is the mean gap of its bins, worked out by hand: 0.9
// twice with one resolved, 0.2 once, not resolved, and 1 exactly, in the last bin.
func TestDevECE(t *testing.T) {
	logit := func(p float64) objective.Logits { return objective.Logits{Yes: math.Log(p), No: math.Log(1 - p)} }
	logits := []objective.Logits{logit(0.9), logit(0.9), logit(0.2), {Yes: 800, No: 0}}
	dev := []sample{{target: 1}, {target: 0}, {target: 0}, {target: 1}}
	got := ece(margins(logits, dev))
	if want := (2*0.4 + 0.2 + 0) / 4; got == nil || math.Abs(*got-want) > 1e-12 {
		t.Errorf("got %v, want %v", number(got), want)
	}
	logits[2].Yes = math.Inf(1)
	if v := ece(margins(logits, dev)); v != nil {
		t.Errorf("of a logit that is not finite: %v", *v)
	}
	if v := ece(nil, nil); v != nil {
		t.Errorf("of nothing: %v", *v)
	}
}

func TestBetter(t *testing.T) {
	low, high := 0.2, 0.3
	for _, c := range []struct {
		by   string
		d    Dev
		best *float64
		want bool
	}{
		{ByECE, Dev{ECE: &low}, &high, true}, {ByECE, Dev{ECE: &high}, &low, false}, {ByECE, Dev{ECE: &low}, &low, false},
		{ByECE, Dev{AUC: &low, Loss: &low}, nil, false}, {ByECE, Dev{ECE: &high}, nil, true},
		{ByLoss, Dev{Loss: &low, ECE: &high}, &high, true}, {ByAUC, Dev{AUC: &low, ECE: &high}, &high, false}, {ByAUC, Dev{AUC: &high}, &low, true},
	} {
		if _, got := c.d.better(c.by, c.best); got != c.want {
			t.Errorf("by %s, %+v beats %v: %v", c.by, c.d, number(c.best), got)
		}
	}
}

// A run stops by its ECE and publishes the weights with the least.
func TestStopsByECE(t *testing.T) {
	cfg := testConfig()
	cfg.Steps, cfg.CheckpointEvery = 300, 0
	cfg.Optimizer.LR, cfg.Schedule.Kind = 1e-2, ScheduleConstant // it will be sure of itself soon
	cfg.Eval = Eval{Every: 4, Keep: KeepBest, By: ByECE, Patience: 4}
	data := markerCorpus(t, 24, 24)
	for i := range data.dev { // a third is wrong, so being sure is too
		if i%3 == 0 {
			data.dev[i].target = 1 - data.dev[i].target
		}
	}
	s := testSetup(t, cfg, data, t.TempDir())
	if _, err := runUntil(context.Background(), s, &killer{14, func() { panic(killed{}) }}); err == nil {
		t.Fatal("not killed")
	}
	tr := mustRun(t, s)
	if !tr.st.StoppedEarly || tr.st.Step == 300 || tr.st.BestStep == 0 || tr.st.Step != tr.st.BestStep+16 {
		t.Errorf("state %+v", tr.st)
	}
	least := math.Inf(1)
	for _, l := range linesOf(t, s.dir) {
		if l.Dev != nil {
			least = min(least, *l.Dev.ECE)
		}
	}
	if *tr.st.Best != least {
		t.Errorf("kept %v, the least is %v", *tr.st.Best, least)
	}
}
