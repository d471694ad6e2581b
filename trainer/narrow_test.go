package trainer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
)

func narrowConfig() *Config {
	c := testConfig()
	c.Weights = WeightsBF16
	return c
}

// TestNarrowResumesBitForBit: a run with weights in bfloat16 that is killed, and goes
// on with another number of threads, ends with the same bytes; its checkpoints hold
// bfloat16.
func TestNarrowResumesBitForBit(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	whole := mustRun(t, testSetup(t, narrowConfig(), data, t.TempDir()))
	want := files(t, whole)
	for _, at := range []int64{4, 6} {
		s := testSetup(t, narrowConfig(), data, t.TempDir())
		if _, err := runUntil(context.Background(), s, &killer{at, func() { panic(killed{}) }}); err == nil {
			t.Fatal("not killed")
		}
		s.threads = 1
		sameFiles(t, fmt.Sprint("killed at ", at), files(t, mustRun(t, s)), want)
	}
	c := narrowConfig()
	c.CheckpointAsync = false
	sameFiles(t, "written between steps", files(t, mustRun(t, testSetup(t, c, data, t.TempDir()))), want)
	c = narrowConfig()
	c.Seed++ // of rounding and of the rest
	if other := files(t, mustRun(t, testSetup(t, c, data, t.TempDir()))); other["model.safetensors"] == want["model.safetensors"] {
		t.Error("another seed ends alike")
	}

	set, err := safetensors.OpenDir(whole.chosen())
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for _, name := range set.Names() {
		if tensor, _ := set.Lookup(name); tensor.DType != safetensors.BF16 {
			t.Errorf("%s is %s", name, tensor.DType)
		}
	}
	if text := want["config.json"]; !strings.Contains(text, `"bfloat16"`) {
		t.Errorf("config.json says %s", text)
	}
	if _, err := moe.Load(whole.chosen()); err != nil {
		t.Error(err)
	}
}

// TestNarrowSlices: ranks that divide the optimizer's work, with and without experts
// divided, end with the bytes of ranks that each do all of it.
func TestNarrowSlices(t *testing.T) {
	for _, l := range []ranksShape{{2, 1}, {3, 1}, {2, 2}} {
		ended := map[string]map[string]string{}
		for _, sliced := range []string{ShardOff, ShardOn} {
			c := narrowConfig()
			c.Steps = 6
			c.Ranks.ShardOptimizer = sliced
			trainings, errs := runEach(t, caseOf{cfg: c, train: 20, dev: 4}, localWorld(t, l.dp*l.ep), l.ep, t.TempDir(), undisturbed)
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			ended[sliced] = files(t, trainings[0])
			for name := range ended[sliced] {
				if strings.HasPrefix(name, stateDir) { // pieces of moments
					delete(ended[sliced], name)
				}
			}
		}
		sameFiles(t, fmt.Sprintf("%+v", l), ended[ShardOn], ended[ShardOff])
	}
}

// TestNarrowResumesAtAnotherLayout: a checkpoint of bfloat16 goes on at any layout,
// and the run learns on.
func TestNarrowResumesAtAnotherLayout(t *testing.T) {
	resumesElsewhere(t, narrowConfig(), 2, 2)
}

// resumesElsewhere interrupts a run of two ranks that share experts, and one of some
// ranks that hold all, and lets it end at the last layout: it learns on.
func resumesElsewhere(t *testing.T, cfg *Config, second, last int) {
	t.Helper()
	c := caseOf{cfg: cfg, train: 60, dev: 0}
	c.cfg.Steps, c.cfg.CheckpointEvery = 60, 7
	dir := t.TempDir()
	interruptAt(t, c, ranksShape{1, 2}, dir, 9)
	interruptAt(t, c, ranksShape{second, 1}, dir, 16)
	trainings, errs := runEach(t, c, localWorld(t, last), 2, dir, undisturbed)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(t, trainings[0].dir)
	if began, ended := *lines[0].Loss, *lines[59].Loss; !(ended < began/2) {
		t.Errorf("loss went from %v to %v", began, ended)
	}
}

// TestNarrowMemory: weights take two bytes, and a forecast says so.
func TestNarrowMemory(t *testing.T) {
	c := narrowConfig()
	c.Steps, c.CheckpointEvery = 1, 0
	tr := mustRun(t, testSetup(t, c, markerCorpus(t, 8, 2), t.TempDir()))
	p, g, o := tr.net.bytes()
	shape := tr.net.config()
	vectors := int64(0)
	for _, q := range modelOf(tr).Params() {
		vectors += int64(len(q.Data))
	}
	if n := shape.NumParams(); p != 2*n+4*vectors || g != 4*n || o != 8*n || vectors > n/50 {
		t.Errorf("%d, %d and %d bytes for %d numbers, %d in vectors", p, g, o, n, vectors)
	}
	got := tr.net.engine.memory()
	f, err := NewForecast(c, Setting{Shape: shape, Ranks: 1, EP: 1, Threads: 2, Rate: 1e9, Bandwidth: 1e9})
	if err != nil {
		t.Fatal(err)
	}
	if f.Memory.Weights != got.Weights || f.Memory.Gradients != got.Gradients || f.Memory.Moments != got.Moments {
		t.Errorf("%+v, predicted %+v", got, f.Memory)
	}
}

// TestNarrowRefuses: what weights in bfloat16 are not for is named.
func TestNarrowRefuses(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"precision fp64":        func(c *Config) { c.Precision = PrecisionFP64 },
		"adapters train":        func(c *Config) { c.LoRA.Rank = 2 },
		"ema.decay":             func(c *Config) { c.EMA.Decay = 0.9 },
		`weights "fp8" is none`: func(c *Config) { c.Weights = "fp8" },
	} {
		c := narrowConfig()
		change(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
