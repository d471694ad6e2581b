package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
)

func averageCase(publish bool) caseOf {
	c := layoutCase(func(c *Config) {
		c.Steps, c.CheckpointEvery, c.KeepCheckpoints = 12, 1, 100
		c.Eval.Every = 6
		c.EMA = EMA{Decay: 0.8, Publish: publish}
	})
	c.train, c.dev = 30, 8
	return c
}

// weightsAt reads the weights of a checkpoint's model files.
func weightsAt(t *testing.T, dir string) map[string][]float64 {
	t.Helper()
	m, err := moe.LoadShard[float64](dir, moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float64{}
	for _, p := range m.Params() {
		all[p.Name] = p.Data
	}
	return all
}

// stateAt reads the tensors of a state file.
func stateAt(t *testing.T, dir, name string) map[string][]float64 {
	t.Helper()
	f, err := safetensors.Open(filepath.Join(dir, stateDir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][]float64{}
	for _, tensor := range f.Tensors() {
		all[tensor.Name] = make([]float64, tensor.Len())
		if err := f.ReadFloat64(tensor.Name, all[tensor.Name]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func farthest(t *testing.T, a, b map[string][]float64) (far float64) {
	t.Helper()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d tensors", len(a), len(b))
	}
	for name := range a {
		for i, v := range a[name] {
			far = max(far, math.Abs(v-b[name][i]))
		}
	}
	return far
}

// The average is that of the weights after every step, by its definition; the
// training itself does not notice it; and what is evaluated is what is published.
func TestAverageOfWeights(t *testing.T) {
	notUnderRace(t)
	plain := averageCase(false)
	plain.cfg.EMA = EMA{}
	calm := trainOnKept(t, plain)
	m, err := moe.NewShard[float64](plain.cfg.Model.shape(testVocab, 64), plain.cfg.Seed, moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{}
	for _, p := range m.Params() {
		want[p.Name] = p.Data
	}
	for step := range plain.cfg.Steps {
		decay := min(0.8, float64(2+step)/float64(11+step))
		for name, w := range weightsAt(t, calm.shelf.path(step+1)) {
			for i, v := range w {
				want[name][i] = decay*want[name][i] + (1-decay)*v
			}
		}
	}
	last := weightsAt(t, calm.chosen())
	if farthest(t, want, last) < 1e-4 {
		t.Fatal("the average is the last weights: nothing would be compared")
	}
	calmLines := linesOf(t, calm.dir)
	for _, publish := range []bool{true, false} {
		tr := trainOnKept(t, averageCase(publish))
		model, weights, mean := weightsAt(t, tr.chosen()), map[string][]float64(nil), map[string][]float64(nil)
		if publish {
			mean, weights = model, stateAt(t, tr.chosen(), "weights.safetensors")
		} else {
			weights, mean = model, stateAt(t, tr.chosen(), "average.safetensors")
		}
		if far := farthest(t, weights, last); far != 0 {
			t.Errorf("publish %v: the training is off by %v", publish, far)
		}
		if far := farthest(t, mean, want); !(far < 1e-13) {
			t.Errorf("publish %v: the average is off by %v", publish, far)
		}
		lines := linesOf(t, tr.dir)
		for i := range lines {
			if *lines[i].Loss != *calmLines[i].Loss {
				t.Errorf("publish %v: step %d has another loss", publish, i+1)
			}
		}
		dev, other := lines[11].Dev, calmLines[11].Dev
		if same := *dev.Loss == *other.Loss; same == publish {
			t.Errorf("publish %v: dev loss %v, without an average %v", publish, *dev.Loss, *other.Loss)
		}
		if again := devOf(t, tr); *again.Loss != *dev.Loss {
			t.Errorf("publish %v: the published model has dev loss %v, the journal says %v", publish, *again.Loss, *dev.Loss)
		}
	}
}

func trainOnKept(t *testing.T, c caseOf) *training {
	t.Helper()
	return mustRun(t, testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), t.TempDir()))
}

// devOf evaluates the published weights of a training as a training of their
// own would.
func devOf(t *testing.T, tr *training) *Dev {
	t.Helper()
	cfg := *tr.cfg
	cfg.EMA = EMA{}
	s := testSetup(t, &cfg, tr.data, t.TempDir())
	s.from.dir = tr.chosen()
	other, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	defer other.journal.close()
	dev, err := other.net.evaluate(context.Background(), other.data.dev)
	if err != nil {
		t.Fatal(err)
	}
	return dev
}

// A run with an average that is killed or interrupted ends with the same bytes,
// in both precisions.
func TestAverageResumesBitForBit(t *testing.T) {
	for _, publish := range []bool{true, false} {
		for _, precision := range []string{PrecisionFP32, PrecisionFP64} {
			if testing.Short() && precision == PrecisionFP64 {
				continue
			}
			c := averageCase(publish)
			if precision == PrecisionFP32 { // one of adapters, one of the model
				c.cfg.LoRA.Rank, c.cfg.Freeze = 2, []string{"layers 0"}
			}
			c.cfg.Precision, c.cfg.CheckpointEvery, c.cfg.KeepCheckpoints = precision, 5, 1
			c.cfg.Eval.Keep, c.cfg.Eval.By = KeepBest, ByLoss
			want := files(t, trainOnKept(t, c))
			s := testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), t.TempDir())
			if _, err := runUntil(context.Background(), s, &killer{7, func() { panic(killed{}) }}); err == nil {
				t.Fatal("not killed")
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if _, err := runUntil(ctx, s, &killer{9, cancel}); !errors.Is(err, context.Canceled) {
				t.Fatalf("not interrupted: %v", err)
			}
			sameFiles(t, fmt.Sprintf("publish %v, %s", publish, precision), files(t, mustRun(t, s)), want)
		}
	}
}

// A run with an average goes on at another layout, as one without does.
func TestAverageResumesAtAnotherLayout(t *testing.T) {
	notUnderRace(t)
	for _, publish := range []bool{true, false} {
		c := averageCase(publish)
		c.cfg.CheckpointEvery, c.cfg.KeepCheckpoints = 0, 2
		want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
		dir := t.TempDir()
		interruptAt(t, c, ranksShape{2, 2}, dir, 4)
		interruptAt(t, c, ranksShape{1, 1}, dir, 7)
		interruptAt(t, c, ranksShape{1, 3}, dir, 10)
		got := trainOn(t, c, localWorld(t, 2), 1, dir)
		if far := got.distance(t, want); !(far <= layoutBound) {
			t.Errorf("publish %v: off by %v", publish, far)
		}
	}
}
