package trainer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/safetensors"
)

// int8Config has experts and adapters large enough for moments in eight bits, of
// lengths that no rank's part is a multiple of.
func int8Config() *Config {
	c := testConfig()
	c.Model.MoEIntermediate = 131
	c.Optimizer.State = StateInt8
	return c
}

// int8Variants are what moments in eight bits meet.
var int8Variants = map[string]func(c *Config){
	"all":      func(*Config) {},
	"bfloat16": func(c *Config) { c.Weights = WeightsBF16 },
	"adapters": func(c *Config) {
		c.LoRA.Rank, c.LoRA.Targets = 40, []string{"experts", "attention"}
	},
	"frozen": func(c *Config) { c.Freeze = []string{"layers 0", "up_proj"} },
	"average": func(c *Config) {
		c.EMA.Decay, c.Optimizer.ClipNorm = 0.9, 0.1
	},
}

// TestInt8ResumesBitForBit: a run that is killed and goes on with another number of
// threads ends with the same bytes, whatever it trains.
func TestInt8ResumesBitForBit(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	for name, change := range int8Variants {
		t.Run(name, func(t *testing.T) {
			c := int8Config()
			change(c)
			want := files(t, mustRun(t, testSetup(t, c, data, t.TempDir())))
			s := testSetup(t, c, data, t.TempDir())
			if _, err := runUntil(context.Background(), s, &killer{6, func() { panic(killed{}) }}); err == nil {
				t.Fatal("not killed")
			}
			s.threads = 1
			sameFiles(t, "killed", files(t, mustRun(t, s)), want)
			c.CheckpointAsync = false
			sameFiles(t, "written between steps", files(t, mustRun(t, testSetup(t, c, data, t.TempDir()))), want)
		})
	}
}

// TestInt8Checkpoint: moments of large matrices are bytes with scales, the rest is in
// full, and the state says so.
func TestInt8Checkpoint(t *testing.T) {
	tr := mustRun(t, testSetup(t, int8Config(), markerCorpus(t, 20, 4), t.TempDir()))
	set, err := openMoments(tr.chosen())
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	const expert, norm = "model.layers.0.mlp.experts.1.up_proj.weight", "model.norm.weight"
	for name, want := range map[string]safetensors.DType{expert + ".m": safetensors.U8, expert + ".m.scales": safetensors.F32,
		expert + ".v": safetensors.U8, expert + ".v.scales": safetensors.F32, norm + ".m": safetensors.F32, norm + ".v": safetensors.F32} {
		if tensor, ok := set.Lookup(name); !ok || tensor.DType != want {
			t.Errorf("%s: %+v", name, tensor)
		}
	}
	if scales, _ := set.Lookup(expert + ".m.scales"); scales.Len() != (131*32+255)/256 {
		t.Errorf("%d scales", scales.Len())
	}
	if st, err := loadState(tr.chosen()); err != nil || st.Moments != momentsDynamic8 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestInt8Slices: ranks that divide the optimizer's work within blocks end with the
// bytes of ranks that each do all of it.
func TestInt8Slices(t *testing.T) {
	for name, change := range int8Variants {
		for _, l := range []ranksShape{{2, 1}, {3, 1}, {2, 2}} {
			t.Run(fmt.Sprint(name, l), func(t *testing.T) {
				ended := map[string]map[string]string{}
				for _, sliced := range []string{ShardOff, ShardOn} {
					c := int8Config()
					change(c)
					c.Steps = 6
					c.Ranks.ShardOptimizer = sliced
					trainings, errs := runEach(t, caseOf{cfg: c, train: 20, dev: 4}, localWorld(t, l.dp*l.ep), l.ep, t.TempDir(), undisturbed)
					if err := errors.Join(errs...); err != nil {
						t.Fatal(err)
					}
					ended[sliced] = files(t, trainings[0])
					for name := range ended[sliced] {
						if strings.HasPrefix(name, stateDir+"/"+momentsPrefix) { // pieces
							delete(ended[sliced], name)
						}
					}
				}
				sameFiles(t, name, ended[ShardOn], ended[ShardOff])
			})
		}
	}
}

// TestInt8ResumesAtAnotherLayout: pieces of blocks are put together at any layout, and
// the run learns on.
func TestInt8ResumesAtAnotherLayout(t *testing.T) {
	resumesElsewhere(t, int8Config(), 3, 4)
}

// TestInt8Learns: the loss falls as it does with moments in full.
func TestInt8Learns(t *testing.T) {
	data := markerCorpus(t, 60, 0)
	mean := func(state string) (sum float64) {
		c := int8Config()
		c.Optimizer.State, c.Steps, c.CheckpointEvery = state, 80, 0
		c.Data.DevSplit = ""
		lines := linesOf(t, mustRun(t, testSetup(t, c, data, t.TempDir())).dir)
		for _, l := range lines[40:] {
			sum += *l.Loss / 40
		}
		return sum
	}
	full, eight := mean(StateFP32), mean(StateInt8)
	t.Logf("mean loss of the last 40 steps: %.4f in full, %.4f in eight bits", full, eight)
	if full > 0.3 || eight > 1.1*full+0.02 {
		t.Errorf("%.4f in full, %.4f in eight bits", full, eight)
	}
}

// TestInt8Memory: moments take a byte, and a forecast says so, of one rank and of the
// one that has most of several.
func TestInt8Memory(t *testing.T) {
	c := int8Config()
	c.Steps, c.CheckpointEvery = 1, 0
	tr := mustRun(t, testSetup(t, c, markerCorpus(t, 8, 2), t.TempDir()))
	_, g, o := tr.net.bytes()
	got := tr.net.engine.memory()
	if got.Moments != o || o > g*11/10 {
		t.Errorf("moments take %d and %d bytes, gradients %d", got.Moments, o, g)
	}
	f, err := NewForecast(c, Setting{Shape: tr.net.config(), Ranks: 1, EP: 1, Threads: 2, Rate: 1e9, Bandwidth: 1e9})
	if err != nil || f.Memory.Moments != got.Moments {
		t.Errorf("%+v, predicted %+v, %v", got, f, err)
	}

	c.Ranks.ShardOptimizer = ShardOn
	trainings, errs := runEach(t, caseOf{cfg: c, train: 20, dev: 4}, localWorld(t, 4), 2, t.TempDir(), undisturbed)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for _, tr := range trainings {
		most = max(most, tr.net.engine.memory().Moments)
	}
	f, err = NewForecast(c, Setting{Shape: tr.net.config(), Ranks: 4, EP: 2, Threads: 2, Rate: 1e9, Bandwidth: 1e9})
	if err != nil || f.Memory.Moments < most || f.Memory.Moments > most*12/10 {
		t.Errorf("%d bytes on a rank, predicted %+v, %v", most, f.Memory, err)
	}
}

// TestInt8Refuses: what moments in eight bits are not for is named, and a run does not
// change what it keeps them in.
func TestInt8Refuses(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"precision fp64":               func(c *Config) { c.Precision = PrecisionFP64 },
		`optimizer.state "i8" is none`: func(c *Config) { c.Optimizer.State = "i8" },
	} {
		c := int8Config()
		change(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	data := markerCorpus(t, 20, 4)
	for from, to := range map[string]string{StateFP32: StateInt8, StateInt8: StateFP32} {
		c := int8Config()
		c.Optimizer.State = from
		s := testSetup(t, c, data, t.TempDir())
		if _, err := runUntil(context.Background(), s, &killer{6, func() { panic(killed{}) }}); err == nil {
			t.Fatal("not killed")
		}
		c.Optimizer.State = to
		if _, err := open(s); err == nil || !strings.Contains(err.Error(), "optimizer.state is "+to) {
			t.Errorf("from %s to %s: %v", from, to, err)
		}
	}
}
