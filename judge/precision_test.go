package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// TestScorePrecision: scores of rounded products are near those of whole ones
// and say what they are; the usual ones say nothing, so that they keep their keys.
func TestScorePrecision(t *testing.T) {
	b := newBench(t)
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=ckpt", "tokens=tokens")
	b.must(err)
	want := scoresOf(b, "scores")
	for precision, bound := range map[Precision]float64{"bf16": 0.3, "bf16x3": 3e-3} {
		_, err := b.run(ScoreStage(), string(precision), func(c pipeline.Config) { c.(*ScoreConfig).Precision = precision }, "checkpoint=ckpt", "tokens=tokens")
		b.must(err)
		differ := 0
		for id, s := range scoresOf(b, string(precision)) {
			if (s.Score == nil) != (want[id].Score == nil) {
				t.Fatalf("%s: %s has %v, in fp32 %v", precision, id, s, want[id])
			}
			if s.Score == nil {
				continue
			}
			off := math.Abs(*s.LogitYes - *want[id].LogitYes)
			if off > 0 {
				differ++
			}
			if !(off <= bound) {
				t.Errorf("%s: %s has %v, in fp32 %v", precision, id, *s.LogitYes, *want[id].LogitYes)
			}
		}
		if differ == 0 {
			t.Errorf("%s: nothing was rounded", precision)
		}
	}
	config := func(name string) string {
		d, err := dataset.Open(context.Background(), b.uri(name))
		b.must(err)
		return string(d.Manifest.Config)
	}
	if c := config("bf16"); !strings.Contains(c, `"precision":"bf16"`) {
		t.Error(c)
	}
	if c := config("scores"); strings.Contains(c, "precision") {
		t.Error(c)
	}
	d, err := dataset.Open(context.Background(), b.uri("bf16"))
	b.must(err)
	from, err := provenance(d)
	b.must(err)
	if from.Precision != "bf16" {
		t.Errorf("%+v", from)
	}
}

func TestPrecisionIsChecked(t *testing.T) {
	c := ScoreStage().NewConfig().(*ScoreConfig)
	c.Precision = "fp16"
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "precision") {
		t.Error(err)
	}
	if err := ScoreIDs(context.Background(), "nowhere", nil, nil, IDsOptions{Precision: "fp16"}); err == nil || !strings.Contains(err.Error(), "precision") {
		t.Error(err)
	}
}

// TestScoreIDsPrecision: ids are scored in the precision that is asked for.
func TestScoreIDsPrecision(t *testing.T) {
	b := newBench(t)
	d, err := dataset.Open(context.Background(), b.uri("ckpt"))
	b.must(err)
	logit := func(p Precision) float64 {
		var out bytes.Buffer
		b.must(ScoreIDs(context.Background(), d.Path(""), strings.NewReader(`{"ids":[1,5,9,4]}`), &out, IDsOptions{Yes: 1, No: 2, Precision: p}))
		var s idsScore
		b.must(json.Unmarshal(out.Bytes(), &s))
		return *s.LogitYes
	}
	whole, named, rounded := logit(""), logit("fp32"), logit("bf16")
	if whole != named || whole == rounded || math.Abs(whole-rounded) > 0.3 {
		t.Error(whole, named, rounded)
	}
}
