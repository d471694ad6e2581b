package report

import (
	"bytes"
	"context"
	"image/png"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// scale writes a checkpoint of so many rows and its evaluation.
func (w *world) scale(name string, rows int64, auc float64) {
	w.t.Helper()
	texts := slices.Repeat([]string{"YES or NO"}, 20)
	tok, err := tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.TrainOptions{VocabSize: 280})
	w.must(err)
	c, err := contract.New(tok, contract.Options{MaxTokens: 1024})
	w.must(err)
	card := contract.Checkpoint{Contract: *c, Objective: "two_way", Head: "two_way", Precision: "fp32", KernelFamily: "avx2", TrainedOn: map[string][]string{"train": {"00"}}}
	w.artifact("checkpoint_"+name, pipeline.KindCheckpoint, "train", nil, nil, func(dir string) {
		w.must(card.Save(dir))
		w.file(dir, "summary.json", map[string]any{"counts": pipeline.Counts{In: rows + 70, Out: rows + 64}, "dev": map[string]any{"sequences": 64}})
	})
	ev := w.ev
	ev.AUC, ev.ScoredBy = ref(auc), &judge.ScoredBy{Checkpoint: keyOf("checkpoint_" + name)}
	w.artifact("evaluation_"+name, pipeline.KindReport, "evaluate", judge.EvalConfig{}, nil, func(dir string) { w.file(dir, judge.EvaluationFile, ev) })
}

func (w *world) runScale(checkpoints, evaluations []string) (*Scale, error) {
	s := ScaleStage()
	t := &pipeline.Task{Stage: s, Config: s.NewConfig(), Out: w.uri("scale"), Key: keyOf("scale"), Workers: 1, Log: slog.New(slog.DiscardHandler), Progress: pipeline.NoProgress{}}
	for _, name := range checkpoints {
		t.Inputs = append(t.Inputs, pipeline.Input{Port: portCheckpoint, URI: w.uri("checkpoint_" + name), Kind: pipeline.KindCheckpoint, Key: keyOf(name)})
	}
	for _, name := range evaluations {
		t.Inputs = append(t.Inputs, pipeline.Input{Port: portEvaluation, URI: w.uri("evaluation_" + name), Kind: pipeline.KindReport, Key: keyOf(name)})
	}
	if err := s.Run(context.Background(), t); err != nil {
		return nil, err
	}
	return t.Result.(*Scale), nil
}

func TestScaleOrdersByTrainingRows(t *testing.T) {
	w := newWorld(t)
	w.scale("large", 4000, 0.83)
	w.scale("small", 250, 0.61)
	s, err := w.runScale([]string{"large", "small"}, []string{"large", "small"})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Points) != 2 || s.Points[0].Rows != 250 || *s.Points[0].AUC != 0.61 || s.Points[1].Rows != 4000 || *s.Points[1].AUC != 0.83 {
		t.Errorf("points %+v", s.Points)
	}
	if text := s.Table(); !strings.Contains(text, "| 4,000 | 0.830 |") {
		t.Errorf("table:\n%s", text)
	}
	if text := s.Table(); !strings.Contains(text, "| 95\u00a0% interval |") {
		t.Errorf("table names no level:\n%s", text)
	}
	image, err := os.ReadFile(filepath.Join(w.uri("scale"), ScaleFigureFile))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(image)); err != nil || c.Width < 2000 {
		t.Errorf("figure: %+v, %v", c, err)
	}
}

func TestScaleRefuses(t *testing.T) {
	w := newWorld(t)
	w.scale("a", 250, 0.6)
	w.scale("same", 250, 0.7)
	w.scale("b", 1000, 0.7)
	w.scale("none", 0, 0.5)
	judged := func(name string, cfg judge.EvalConfig, level float64, parents ...dataset.Parent) {
		ev := w.ev
		ev.AUC, ev.ScoredBy, ev.Intervals = ref(0.7), &judge.ScoredBy{Checkpoint: keyOf("checkpoint_b")}, maps.Clone(w.ev.Intervals)
		in := ev.Intervals["auc"]
		in.Level = level
		ev.Intervals["auc"] = in
		w.artifact("evaluation_"+name, pipeline.KindReport, "evaluate", cfg, parents, func(dir string) { w.file(dir, judge.EvaluationFile, ev) })
	}
	judged("view", judge.EvalConfig{}, 0.95, dataset.Parent{Port: "view", Key: keyOf("other"), Kind: pipeline.KindView, URI: "x"})
	judged("labels", judge.EvalConfig{}, 0.95, dataset.Parent{Port: "labels", Key: keyOf("other"), Kind: pipeline.KindLabels, URI: "x"})
	judged("split", judge.EvalConfig{Split: "other"}, 0.95)
	judged("level", judge.EvalConfig{}, 0.9)
	w.ev.N++
	w.scale("other", 4000, 0.8)
	for _, c := range []struct {
		name                     string
		checkpoints, evaluations []string
		want                     string
	}{
		{"one scale", []string{"a"}, []string{"a"}, "give two or more"},
		{"a strange checkpoint", []string{"a"}, []string{"a", "b"}, "not among the checkpoints"},
		{"equal scales", []string{"a", "same"}, []string{"a", "same"}, "trained on 250 rows"},
		{"other rows", []string{"a", "other"}, []string{"a", "other"}, "the same rows"},
		{"another view", []string{"a", "b"}, []string{"a", "view"}, "another view than"},
		{"other labels", []string{"a", "b"}, []string{"a", "labels"}, "other labels than"},
		{"another split", []string{"a", "b"}, []string{"a", "split"}, "another split than"},
		{"another level", []string{"a", "b"}, []string{"a", "level"}, "another level than"},
		{"no training rows", []string{"a", "none"}, []string{"a", "none"}, "trained on 0 rows"},
	} {
		if _, err := w.runScale(c.checkpoints, c.evaluations); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
