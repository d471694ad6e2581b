package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// A run may stop anywhere and go on at another layout.
func TestResumeAtAnotherLayout(t *testing.T) {
	notUnderRace(t)
	for what, change := range map[string]func(c *Config){
		"all": func(*Config) {},
		"frozen": func(c *Config) {
			c.Freeze = []string{moe.KindEmbeddings, "q_proj", "model.layers.1.mlp.experts.[12].*"}
		},
		"adapters": func(c *Config) {
			c.LoRA = LoRA{Rank: 2, Alpha: 4, Targets: []string{moe.KindAttention, moe.KindExperts}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			resumeAtOtherLayouts(t, layoutCase(func(c *Config) { c.CheckpointEvery = 7; change(c) }))
		})
	}
}

func resumeAtOtherLayouts(t *testing.T, c caseOf) {
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	dir := t.TempDir()
	for _, s := range []struct {
		step   int64
		layout ranksShape
	}{{5, ranksShape{1, 4}}, {9, ranksShape{2, 1}}, {12, ranksShape{1, 1}}, {16, ranksShape{1, 3}}} {
		interruptAt(t, c, s.layout, dir, s.step)
	}
	got := trainOn(t, c, localWorld(t, 4), 2, dir)
	if far := got.distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// interruptAt trains until a step of one rank ends, when that rank is told to
// stop; all do, and leave a checkpoint.
func interruptAt(t *testing.T, c caseOf, l ranksShape, dir string, step int64) {
	t.Helper()
	world := localWorld(t, l.dp*l.ep)
	trainings, errs := runEach(t, c, world, l.ep, dir, func(r int, tr *training) context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		if r == len(world)-1 {
			tr.progress = &killer{step, cancel}
		}
		return ctx
	})
	for r, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("rank %d: %v", r, err)
		}
		if at := trainings[r].st.Step; at != step {
			t.Errorf("rank %d stopped at step %d, want %d", r, at, step)
		}
	}
}

// A rank that fails in the middle ends the others, with its name and reason,
// and the run goes on from its last checkpoint.
func TestFailedRankEndsAll(t *testing.T) {
	notUnderRace(t)
	c := layoutCase(func(c *Config) { c.CheckpointEvery = 4 })
	world, dir := comm.Local(4, comm.Limits{Stall: 20 * time.Second}), t.TempDir()
	broken := errors.New("the disk is gone")
	_, errs := runEach(t, c, world, 2, dir, func(r int, tr *training) context.Context {
		if r == 2 {
			tr.progress = &killer{10, func() { world[2].Abort(broken) }}
		}
		return context.Background()
	})
	for r, err := range errs {
		var lost *comm.RankError
		if r == 2 {
			if !errors.Is(err, broken) {
				t.Errorf("the failed rank: %v", err)
			}
		} else if !errors.As(err, &lost) || lost.Rank != 2 {
			t.Errorf("rank %d: %v", r, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, workDir, stepPrefix+"000000008")); err != nil {
		t.Errorf("the checkpoint of step 8: %v", err)
	}
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	got := trainOn(t, c, localWorld(t, 3), 3, dir)
	if far := got.distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// A number that is not finite on one rank stops all, at the same step, with
// that rank's name; skipped, it leaves every rank's weights alone.
func TestNonFiniteOnOneRank(t *testing.T) {
	for _, policy := range []string{NonFiniteStop, NonFiniteSkip} {
		c := layoutCase(func(c *Config) { c.OnNonFinite, c.Precision, c.Steps = policy, PrecisionFP32, 3 })
		trainings, errs := runEach(t, c, localWorld(t, 4), 2, t.TempDir(), func(r int, tr *training) context.Context {
			if r == 3 {
				modelOf(tr).Params()[1].Data[0] = float32(math.NaN())
			}
			return context.Background()
		})
		for r, err := range errs {
			var bad *NonFiniteError
			if policy == NonFiniteStop && (!errors.As(err, &bad) || bad.Step != 1 || bad.What != "loss" || bad.Rank != 3) {
				t.Errorf("rank %d: %v", r, err)
			}
			if policy == NonFiniteSkip && (err != nil || trainings[r].st.SkippedSteps != 3 || trainings[r].st.Updates != 0) {
				t.Errorf("rank %d: %v, %+v", r, err, trainings[r].st)
			}
		}
	}
}

func TestBalance(t *testing.T) {
	load := expertLoad{{5, 5, 5, 5}, {20, 0, 0, 0}, {10, 10, 0, 0}}
	b := load.balance()
	for l, want := range [][2]float64{{1, 1}, {0, 4}, {0.5, 2}} {
		if math.Abs(b.Entropy[l]-want[0]) > 1e-12 || math.Abs(b.Peak[l]-want[1]) > 1e-12 {
			t.Errorf("layer %d: entropy %v, peak %v, want %v", l, b.Entropy[l], b.Peak[l], want)
		}
	}
	if (expertLoad{{0, 0}}).balance() != nil {
		t.Error("no token has a balance")
	}
}

func TestShare(t *testing.T) {
	parts := share([]int32{5, 9, 1, 9, 3, 3}, 3)
	seen, most := map[int32]bool{}, int64(0)
	for _, part := range parts {
		var tokens int64
		for i, at := range part {
			if seen[at] || i > 0 && part[i-1] > at {
				t.Errorf("parts %v", parts)
			}
			seen[at] = true
			tokens += int64([]int32{5, 9, 1, 9, 3, 3}[at])
		}
		most = max(most, tokens)
	}
	if len(seen) != 6 || most != 11 {
		t.Errorf("parts %v, the longest has %d tokens", parts, most)
	}
}

func TestLayoutIsChecked(t *testing.T) {
	for _, c := range []struct{ n, ep, experts int }{{3, 2, 4}, {4, 4, 2}, {2, 2, 0}} {
		if _, err := newLayout(Ranks{World: comm.Local(c.n, comm.Limits{})[0], EP: c.ep}, c.experts); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
