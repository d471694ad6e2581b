package trainer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe"
)

func adaptersConfig() *Config {
	c := testConfig()
	c.LoRA = LoRA{Rank: 4, Alpha: 8, Targets: []string{moe.KindAttention, moe.KindExperts}}
	c.Optimizer.LR = 1e-2
	return c
}

// A run of adapters that is killed ends with the same bytes, and its
// checkpoints hold nothing of the model but adapters.
func TestAdaptersResumeBitForBit(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	want := files(t, mustRun(t, testSetup(t, adaptersConfig(), data, t.TempDir())))
	if want["state/adapter.safetensors"] == "" || want["state/optimizer.safetensors"] == "" || want["model.safetensors"] != "" {
		t.Fatalf("%d files", len(want))
	}
	for _, at := range []int64{4, 6} {
		s := testSetup(t, adaptersConfig(), data, t.TempDir())
		if _, err := runUntil(context.Background(), s, &killer{at, func() { panic(killed{}) }}); err == nil {
			t.Fatal("not killed")
		}
		s.threads = 1
		sameFiles(t, fmt.Sprint("killed at ", at), files(t, mustRun(t, s)), want)
	}
}

// A frozen run that is killed ends with the same bytes too.
func TestFrozenResumeBitForBit(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	config := func() *Config {
		c := testConfig()
		c.Freeze = []string{moe.KindRouter, "k_proj", "layers 0"}
		return c
	}
	whole := mustRun(t, testSetup(t, config(), data, t.TempDir()))
	want := files(t, whole)
	s := testSetup(t, config(), data, t.TempDir())
	if _, err := runUntil(context.Background(), s, &killer{6, func() { panic(killed{}) }}); err == nil {
		t.Fatal("not killed")
	}
	sameFiles(t, "killed", files(t, mustRun(t, s)), want)

	drawn, err := moe.New(s.from.shape, s.from.seed)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range modelOf(whole).Params() {
		frozen := strings.Contains(p.Name, "layers.0.") || strings.Contains(p.Name, ".mlp.gate.") || strings.Contains(p.Name, "k_proj")
		if same := slices.Equal(p.Data, drawn.Params()[i].Data); same != frozen {
			t.Errorf("%s: frozen %v, unchanged %v", p.Name, frozen, same)
		}
	}
}

func TestAdaptersLearn(t *testing.T) {
	c := adaptersConfig()
	c.Steps, c.Batch.Sequences, c.CheckpointEvery = 60, 16, 0
	c.LoRA.Rank, c.LoRA.Alpha = 8, 32
	dir := t.TempDir()
	mustRun(t, testSetup(t, c, markerCorpus(t, 240, 60), dir))
	lines := linesOf(t, dir)
	if first, last := *lines[0].Loss, *lines[59].Loss; last > first/2 {
		t.Errorf("loss went from %v to %v", first, last)
	}
}

// Adapters do not go on over other weights than they were trained over.
func TestAdaptersOverOtherWeights(t *testing.T) {
	data := markerCorpus(t, 20, 0)
	s := testSetup(t, adaptersConfig(), data, t.TempDir())
	if _, err := runUntil(context.Background(), s, &killer{6, func() { panic(killed{}) }}); err == nil {
		t.Fatal("not killed")
	}
	s.from.seed++
	if _, err := open(s); !errors.Is(err, ErrBase) {
		t.Errorf("error %v", err)
	}
}

// What is published is a plain model with the scores of the adapted one.
func TestPublishedAdapters(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	c := adaptersConfig()
	c.Precision, c.Steps = PrecisionFP64, 6
	s := testSetup(t, c, data, t.TempDir())
	tr := mustRun(t, s)
	dir := t.TempDir()
	if err := publishAdapters(c, s.from, tr.chosen(), dir); err != nil {
		t.Fatal(err)
	}
	merged, err := moe.LoadShard[float64](dir, moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	e := tr.net.engine.(*engineOf[float64])
	b := moe.Batch{IDs: []int32{4, 7, 11, 3, 9, 30}, Offsets: []int32{0, 4, 6}}
	want, err := e.scorer.Verdict(b, s.head)
	if err != nil {
		t.Fatal(err)
	}
	got, err := merged.NewPass(moe.Options{}).Verdict(b, s.head)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		for _, d := range []float64{got[i].Yes/want[i].Yes - 1, got[i].No/want[i].No - 1} {
			if !(d > -1e-12 && d < 1e-12) {
				t.Errorf("merged %+v, adapted %+v", got[i], want[i])
			}
		}
	}
	if found, _ := filepath.Glob(filepath.Join(dir, adapterDir, "adapter_*")); len(found) != 2 {
		t.Errorf("adapter: %q", found)
	}
}

// TestTrainedBytes: gradients and moments are those of what trains.
func TestTrainedBytes(t *testing.T) {
	bytes := func(change func(*Config)) (parameters, gradients, optimizer int64) {
		c := testConfig()
		change(c)
		tr, err := open(testSetup(t, c, markerCorpus(t, 8, 0), t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		defer tr.journal.close()
		tune := c.tuning()
		all, trained, err := tune.Count(tr.net.config())
		if err != nil {
			t.Fatal(err)
		}
		p, g, o := tr.net.bytes()
		if p != 4*all || g != 4*trained || o != 8*trained {
			t.Errorf("%d, %d and %d bytes; counted %d numbers, %d that train", p, g, o, all, trained)
		}
		return p, g, o
	}
	p, g, o := bytes(func(*Config) {})
	if g != p || o != 2*p {
		t.Errorf("%d, %d, %d bytes where all trains", p, g, o)
	}
	fp, fg, fo := bytes(func(c *Config) { c.Freeze = []string{moe.KindExperts} })
	if fp != p || fg >= g/2 || fo != 2*fg {
		t.Errorf("%d, %d, %d bytes with experts frozen", fp, fg, fo)
	}
	ap, ag, ao := bytes(func(c *Config) { c.LoRA.Rank = 2 })
	if ap != p+ag || ag > p/10 || ao != 2*ag {
		t.Errorf("%d, %d, %d bytes with adapters", ap, ag, ao)
	}
}
