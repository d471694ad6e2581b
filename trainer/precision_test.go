package trainer

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/swerm/swerm/moe"
)

func roundedConfig(precision string) *Config {
	c := testConfig()
	c.Precision = precision
	return c
}

// TestRoundedTraining: a training of rounded products starts where that of whole
// ones does, goes another way, learns, and ends with the same bytes after it was
// killed and with another number of threads.
func TestRoundedTraining(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	whole := t.TempDir()
	mustRun(t, testSetup(t, testConfig(), data, whole))
	for _, precision := range []string{PrecisionBF16, PrecisionBF16x3} {
		dir := t.TempDir()
		tr := mustRun(t, testSetup(t, roundedConfig(precision), data, dir))
		first, usual := *linesOf(t, dir)[0].Loss, *linesOf(t, whole)[0].Loss
		if first == usual || math.Abs(first-usual) > 1e-2 {
			t.Errorf("%s: the first loss is %v, of whole products %v", precision, first, usual)
		}
		if tr.st.Precision != precision || tr.st.KernelFamily != kernelFamily(precision) {
			t.Errorf("%+v", tr.st)
		}
		want := files(t, tr)
		s := testSetup(t, roundedConfig(precision), data, t.TempDir())
		if _, err := runUntil(context.Background(), s, &killer{6, func() { panic(killed{}) }}); err == nil {
			t.Fatal("not killed")
		}
		s.threads = 1
		sameFiles(t, precision+" killed", files(t, mustRun(t, s)), want)
	}
}

func TestRoundedTrainingLearns(t *testing.T) {
	c := roundedConfig(PrecisionBF16)
	c.Steps, c.Batch.Sequences, c.CheckpointEvery = 60, 16, 0
	dir := t.TempDir()
	mustRun(t, testSetup(t, c, markerCorpus(t, 240, 60), dir))
	lines := linesOf(t, dir)
	if first, last := *lines[0].Loss, *lines[59].Loss; last > first/2 {
		t.Errorf("loss went from %v to %v", first, last)
	}
}

// TestRoundedLayouts: ranks train rounded products as one process does, to
// rounding, overlapped and recomputed too.
func TestRoundedLayouts(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision, c.Steps, c.Eval.Every = PrecisionBF16x3, 3, 0 })
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	c.cfg.Ranks.Overlap, c.cfg.Memory.Recompute = true, RecomputeLayer
	for _, l := range [][2]int{{2, 1}, {2, 2}, {4, 2}} {
		got := trainOn(t, c, localWorld(t, l[0]), l[1], t.TempDir())
		for i, line := range got.lines {
			if a, b := *line.Loss, *want.lines[i].Loss; !(math.Abs(a-b) <= 1e-4) {
				t.Errorf("%s step %d: loss %v, alone %v", fmt.Sprint(l), i, a, b)
			}
		}
	}
}

// TestRoundedForecast: panels of two parts are counted.
func TestRoundedForecast(t *testing.T) {
	setting := Setting{Shape: forecastConfig(RecomputeNone).NewShape(256), Ranks: 1, EP: 1, Threads: 1, Length: 512, Rate: 1e9, Bandwidth: 1e9}
	var buffers [2]int64
	for i, precision := range []string{PrecisionFP32, PrecisionBF16x3} {
		cfg := forecastConfig(RecomputeNone)
		cfg.Precision = precision
		f, err := NewForecast(cfg, setting)
		if err != nil {
			t.Fatal(err)
		}
		buffers[i] = f.Memory.Buffers
	}
	if buffers[1] <= buffers[0] {
		t.Errorf("%d bytes of buffers, in fp32 %d", buffers[1], buffers[0])
	}
}

// TestProductsOfPrecision: each name of the config is a precision of the network.
func TestProductsOfPrecision(t *testing.T) {
	for name, want := range map[string]moe.Precision{PrecisionFP32: moe.FP32, PrecisionFP64: moe.FP32, PrecisionBF16: moe.BF16, PrecisionBF16x3: moe.BF16x3} {
		c := roundedConfig(name)
		if err := c.Validate(); err != nil || c.products() != want {
			t.Errorf("%s: %v, %v", name, c.products(), err)
		}
	}
}
