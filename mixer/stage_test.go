package mixer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

const testKey = "0123456789abcdef0123456789abcdef"

// writeAll publishes rows as a dataset.
func writeAll[T dataset.Row](t testing.TB, uri string, kind pipeline.Kind, parents []dataset.Parent, rows []*T) pipeline.Input {
	t.Helper()
	ctx := context.Background()
	w, err := dataset.Create[T](ctx, uri, dataset.Spec{Kind: kind, Stage: "test", StageVersion: 1, Config: struct{}{}, Key: testKey, Parents: parents})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if err := w.Add(r, dataset.Cursor{Row: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return pipeline.Input{URI: uri, Kind: kind, Key: testKey}
}

// onDisk writes a pool as trajectories and labels. Every tenth has no label
// and every eleventh none that is a score.
func onDisk(t testing.TB, dir string, rows []pipeline.Selection) (set, labels pipeline.Input) {
	t.Helper()
	var ts []*pipeline.Trajectory
	var ls []*pipeline.Label
	for i, r := range rows {
		content := "text that no mixer reads"
		ts = append(ts, &pipeline.Trajectory{ID: r.TrajectoryID, TaskID: r.TaskID, Repo: r.Repo, Source: r.Source, Policy: r.Policy,
			Scaffold: "mini", Messages: []pipeline.Message{{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: &content}},
			Origin: pipeline.Origin{URI: "a.jsonl", Row: int64(i), ContentHash: "00", Format: "test", Version: "1"}})
		v := r.Verdict
		if i%11 == 0 {
			v = pipeline.VerdictInfra
		}
		if i%10 != 0 {
			ls = append(ls, &pipeline.Label{TrajectoryID: r.TrajectoryID, Verdict: v, Reason: "tests", Rules: "r", RulesVersion: "1"})
		}
	}
	set = writeAll(t, filepath.Join(dir, "set"), pipeline.KindTrajectories, nil, ts)
	set.Port = "dataset"
	labels = writeAll(t, filepath.Join(dir, "labels"), pipeline.KindLabels, nil, ls)
	labels.Port = "labels"
	return set, labels
}

func task(s *pipeline.Stage, c pipeline.Config, out string, workers int, in ...pipeline.Input) *pipeline.Task {
	return &pipeline.Task{Stage: s, Config: c, Inputs: in, Out: out, Key: testKey, Workers: workers, Progress: pipeline.NoProgress{}}
}

func readBack(t testing.TB, uri string) (*dataset.Dataset, []pipeline.Selection) {
	t.Helper()
	ctx := context.Background()
	if r, err := dataset.Verify(ctx, uri); err != nil || !r.OK() {
		t.Fatalf("verify: %+v, %v", r, err)
	}
	d, err := dataset.OpenKind(ctx, uri, pipeline.KindView)
	if err != nil {
		t.Fatal(err)
	}
	var rows []pipeline.Selection
	for l, err := range dataset.Read[pipeline.Selection](ctx, d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, *l.Value)
	}
	return d, rows
}

func TestSplitThenMix(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	pool := repos(120, 10)
	set, labels := onDisk(t, dir, pool)

	split := task(SplitStage(), SplitStage().NewConfig(), filepath.Join(dir, "split"), 1, set, labels)
	if err := split.Stage.Run(ctx, split); err != nil {
		t.Fatal(err)
	}
	d, rows := readBack(t, split.Out)
	if c := d.Manifest.Counts; c.In != 1200 || c.Out != 1200 {
		t.Errorf("split: %v", c)
	}
	report := split.Result.(*SplitReport)
	if n := report.Splits[0].Verdicts[pipeline.VerdictUnknown]; n == 0 {
		t.Error("rows without a label did not show as unknown")
	}
	view := pipeline.Input{Port: "view", URI: split.Out, Kind: pipeline.KindView, Key: testKey}

	config := func() *MixConfig {
		c := MixStage().NewConfig().(*MixConfig)
		c.Split, c.Scales, c.Ratio, c.CapPerTask = pipeline.SplitTrain, []int64{30, 120}, "1:1", 3
		c.Policies = map[string]float64{"claude": 0.5, "qwen": 0.5}
		return c
	}
	mix := task(MixStage(), config(), filepath.Join(dir, "mix"), 1, view, set)
	preview, err := PreviewMix(ctx, mix)
	if err != nil {
		t.Fatal(err)
	}
	if err := mix.Stage.Run(ctx, mix); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(preview, mix.Result); diff != "" {
		t.Errorf("a dry run shows other figures:\n%s", diff)
	}
	d, mixed := readBack(t, mix.Out)
	counts := d.Manifest.Counts
	if counts.In != int64(len(rows)) || counts.Out != 120 {
		t.Errorf("mix: %v", counts)
	}
	for _, reason := range []pipeline.DropReason{pipeline.DropOtherSplit, pipeline.DropNoVerdict, pipeline.DropFiltered, pipeline.DropNotSelected, pipeline.DropTaskCap} {
		if counts.Dropped[reason] == 0 {
			t.Errorf("nothing was dropped as %s: %v", reason, counts)
		}
	}
	scales := map[int64]int{}
	byPlace := map[string]bool{}
	for _, r := range rows {
		byPlace[fmt.Sprint(r.TrajectoryID, r.Part, r.Row, r.Split)] = true
	}
	for _, r := range mixed {
		scales[r.Scale]++
		if !byPlace[fmt.Sprint(r.TrajectoryID, r.Part, r.Row, r.Split)] {
			t.Fatalf("%+v is no row of the split", r)
		}
	}
	if diff := cmp.Diff(map[int64]int{30: 30, 120: 90}, scales); diff != "" {
		t.Errorf("scales:\n%s", diff)
	}

	again := task(MixStage(), config(), filepath.Join(dir, "again"), 4, view, set)
	if err := again.Stage.Run(ctx, again); err != nil {
		t.Fatal(err)
	}
	d2, _ := readBack(t, again.Out)
	if diff := cmp.Diff(d.Manifest.Parts, d2.Manifest.Parts); diff != "" {
		t.Errorf("four workers write other bytes:\n%s", diff)
	}
}

// TestMixCarriesOtherSplits holds that a mixed view can stand in for the split:
// its training rows are the mixture, the others are all there.
func TestMixCarriesOtherSplits(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	set, labels := onDisk(t, dir, repos(30, 4))
	split := task(SplitStage(), SplitStage().NewConfig(), filepath.Join(dir, "split"), 1, set, labels)
	if err := split.Stage.Run(ctx, split); err != nil {
		t.Fatal(err)
	}
	c := MixStage().NewConfig().(*MixConfig)
	c.Split, c.Scales, c.Carry = pipeline.SplitTrain, []int64{5, 20}, []string{pipeline.SplitDev, pipeline.SplitTest}
	mix := task(MixStage(), c, filepath.Join(dir, "mix"), 1, pipeline.Input{Port: "view", URI: split.Out, Kind: pipeline.KindView, Key: testKey})
	if err := mix.Stage.Run(ctx, mix); err != nil {
		t.Fatal(err)
	}
	_, all := readBack(t, split.Out)
	want := map[string]int{pipeline.SplitTrain: 20}
	for _, r := range all {
		if r.Split != pipeline.SplitTrain {
			want[r.Split]++
		}
	}
	got := map[string]int{}
	_, mixed := readBack(t, mix.Out)
	for _, r := range mixed {
		got[r.Split]++
		if (r.Scale == 0) != (r.Split != pipeline.SplitTrain) {
			t.Errorf("a row of %s has scale %d", r.Split, r.Scale)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows by split:\n%s", diff)
	}
	if n := mix.Result.(*Report).Carried; n != int64(want[pipeline.SplitDev]+want[pipeline.SplitTest]) {
		t.Errorf("%d rows carried, want %v", n, want)
	}
	c.Carry = []string{pipeline.SplitTrain}
	if c.Validate() == nil {
		t.Error("the mixed split itself can be carried")
	}
}

func TestMixNeedsVerdicts(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	set, labels := onDisk(t, dir, repos(30, 4))
	c := MixStage().NewConfig()
	mix := task(MixStage(), c, filepath.Join(dir, "mix"), 1, set)
	if err := mix.Stage.Run(ctx, mix); err == nil || !strings.Contains(err.Error(), "give labels") {
		t.Errorf("without labels: %v", err)
	}
	// Straight from a dataset, with labels, no split: all that has a verdict.
	mix = task(MixStage(), c, filepath.Join(dir, "all"), 1, set, labels)
	if err := mix.Stage.Run(ctx, mix); err != nil {
		t.Fatal(err)
	}
	d, _ := readBack(t, mix.Out)
	if got := d.Manifest.Counts; got.Dropped[pipeline.DropNoLabel] != 12 || got.Dropped[pipeline.DropNoVerdict] != 9 || got.Out != 99 {
		t.Errorf("counts %v", got)
	}
	// An infeasible mixture writes nothing and says why.
	far := MixStage().NewConfig().(*MixConfig)
	far.Total = 1000
	mix = task(MixStage(), far, filepath.Join(dir, "far"), 1, set, labels)
	var e *InfeasibleError
	if err := mix.Stage.Run(ctx, mix); !errors.As(err, &e) || e.Largest != 99 || mix.Result != any(e) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(mix.Out); err == nil {
		t.Error("something was written")
	}
	far.Split, far.Total = pipeline.SplitTrain, 5
	if err := mix.Stage.Run(ctx, mix); err == nil || !strings.Contains(err.Error(), "stage split") {
		t.Errorf("split of a dataset: %v", err)
	}
}

func TestViewOfAnotherDatasetIsRefused(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	set, labels := onDisk(t, dir, repos(30, 4))
	split := task(SplitStage(), SplitStage().NewConfig(), filepath.Join(dir, "split"), 1, set)
	if err := split.Stage.Run(ctx, split); err != nil {
		t.Fatal(err)
	}
	other, _ := onDisk(t, filepath.Join(dir, "other"), repos(31, 4))
	view := pipeline.Input{Port: "view", URI: split.Out, Kind: pipeline.KindView, Key: testKey}
	mix := task(MixStage(), MixStage().NewConfig(), filepath.Join(dir, "mix"), 1, view, other, labels)
	if err := mix.Stage.Run(ctx, mix); err == nil || !strings.Contains(err.Error(), "view of another dataset") {
		t.Errorf("got %v", err)
	}
}

// Two labels that contradict each other are no verdict.
func TestContradictingLabels(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	pool := repos(5, 4)
	set, _ := onDisk(t, dir, pool)
	var ls []*pipeline.Label
	for i, r := range pool {
		ls = append(ls, &pipeline.Label{TrajectoryID: r.TrajectoryID, Verdict: pipeline.VerdictResolved, Reason: "tests", Rules: "r", RulesVersion: "1"})
		if i < 3 {
			second := *ls[len(ls)-1]
			if i < 2 {
				second.Verdict = pipeline.VerdictUnresolved
			}
			ls = append(ls, &second)
		}
	}
	labels := writeAll(t, filepath.Join(dir, "two"), pipeline.KindLabels, nil, ls)
	labels.Port = "labels"
	mix := task(MixStage(), MixStage().NewConfig(), filepath.Join(dir, "mix"), 1, set, labels)
	if err := mix.Stage.Run(ctx, mix); err != nil {
		t.Fatal(err)
	}
	d, _ := readBack(t, mix.Out)
	if c := d.Manifest.Counts; c.Dropped[pipeline.DropNoVerdict] != 2 || c.Out != 18 {
		t.Errorf("counts %v", c)
	}
}

func BenchmarkMixStage(b *testing.B) {
	dir := b.TempDir()
	ctx := context.Background()
	const n = 10_000
	set, labels := onDisk(b, dir, wide(n/10, 10))
	b.SetBytes(n * rowBytes)
	for i := 0; b.Loop(); i++ {
		c := benchPlan(n / 5)
		c.Split = ""
		mix := task(MixStage(), c, filepath.Join(dir, fmt.Sprint("mix", i)), 2, set, labels)
		if err := mix.Stage.Run(ctx, mix); err != nil {
			b.Fatal(err)
		}
	}
}
