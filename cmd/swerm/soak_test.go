package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
)

// soakKills is how many runs are struck for each choice of workers.
const soakKills = 20

// TestSoakKills kills real processes at random moments, every stage at least
// once: twenty runs with changing numbers of workers, twenty with one worker
// and twenty with four. Some runs are killed several times. Then every stage
// again with Ctrl-C.
func TestSoakKills(t *testing.T) {
	testpath.Soak(t)
	binary := build(t)
	t.Run("mixed workers", func(t *testing.T) {
		k := newKiller(t, binary, 1, []int{0, 1, 2, 4})
		k.soak(k.struck(soakKills), os.Kill)
		k.noticesDamage()
		k.noticesOtherWork()
	})
	for _, workers := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			k := newKiller(t, binary, uint64(10+workers), []int{workers})
			k.soak(k.struck(soakKills), os.Kill)
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		k := newKiller(t, binary, 20, []int{0, 1, 4})
		k.soak(killStages, os.Interrupt)
	})
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "swerm")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// struck lists n stages to strike: each once, then any.
func (k *killer) struck(n int) []string {
	stages := slices.Clone(killStages)
	for len(stages) < n {
		stages = append(stages, k.anyStage())
	}
	return stages
}

// anyStage chooses a stage by the time that it takes.
func (k *killer) anyStage() string {
	at := k.rng.Float64()
	sum := 0.0
	for _, took := range k.took {
		sum += took.Seconds()
	}
	for _, stage := range killStages {
		if at -= k.took[stage].Seconds() / sum; at <= 0 {
			return stage
		}
	}
	return "train"
}

// soak strikes one run inside each of the stages, half of them again at any
// moment while they go on, lets them end and compares.
func (k *killer) soak(stages []string, signal os.Signal) {
	for _, stage := range stages {
		dir := k.hitIn(stage, signal)
		again := 0
		for k.rng.IntN(2) == 0 && k.strike(dir, "", signal, 0.9) {
			again++
		}
		k.other += again
		k.through(dir)
		k.same(dir, fmt.Sprintf("after a %s inside %s and %d more", signal, stage, again))
		if err := os.RemoveAll(dir); err != nil {
			k.t.Fatal(err)
		}
	}
	for _, stage := range killStages {
		if k.hits[stage] == 0 {
			k.t.Errorf("nothing was struck inside %s", stage)
		}
	}
	k.t.Logf("%s inside stages: %v; %d more at any moment; a run takes %v", signal, k.hits, k.other, k.total)
}

// noticesOtherWork goes on after a kill with another seed: what comes out is
// whole, but not the same, and must not pass.
func (k *killer) noticesOtherWork() {
	k.t.Helper()
	dir := k.hitIn("train", os.Kill)
	other := *k
	other.settings = []string{"train.seed=2"}
	other.through(dir)
	if cmp.Equal(k.want, contents(k.t, dir)) {
		k.t.Error("a run that went on with another seed passes for the same")
	}
}
