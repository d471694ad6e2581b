package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/trainer/comm"
)

// shelfFiles reads every checkpoint of a training, by name within its shelf.
func shelfFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, workDir, "*step-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob(filepath.Join(dir, workDir, "*step-*", stateDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, deeper...) {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // the directory state
		}
		rel, _ := filepath.Rel(filepath.Join(dir, workDir), path)
		all[rel] = string(b)
	}
	return all
}

// A checkpoint that is written while steps go on holds the step that it was
// begun after, to the byte, and so do the best and the last ones kept.
func TestAsyncCheckpointsHoldTheirStep(t *testing.T) {
	for _, l := range []ranksShape{{1, 1}, {2, 2}} {
		made := map[bool]map[string]string{}
		for _, async := range []bool{false, true} {
			c := layoutCase(func(c *Config) {
				c.Precision, c.Steps, c.CheckpointEvery, c.KeepCheckpoints = PrecisionFP32, 9, 1, 100
				c.CheckpointAsync = async
			})
			dir := t.TempDir()
			trainOn(t, c, localWorld(t, l.dp*l.ep), l.ep, dir)
			made[async] = shelfFiles(t, dir)
		}
		if n := len(made[false]); n < 9*4 {
			t.Fatalf("%d files in nine checkpoints", n)
		}
		sameFiles(t, fmt.Sprintf("dp %d ep %d", l.dp, l.ep), made[true], made[false])
	}
}

// Which checkpoints stay does not depend on how they are written.
func TestAsyncCheckpointsArePruned(t *testing.T) {
	for _, async := range []bool{false, true} {
		c := layoutCase(func(c *Config) {
			c.Precision, c.Steps, c.CheckpointEvery, c.KeepCheckpoints = PrecisionFP32, 12, 2, 2
			c.Eval = Eval{Every: 3, Keep: KeepBest, By: ByLoss, Patience: 2}
			c.Optimizer.LR = 0 // the first evaluation stays the best
			c.CheckpointAsync = async
		})
		dir := t.TempDir()
		trainOn(t, c, localWorld(t, 2), 2, dir)
		steps, err := shelf{filepath.Join(dir, workDir)}.steps()
		if err != nil || fmt.Sprint(steps) != "[3 8 9]" {
			t.Errorf("async %v keeps steps %v, error %v", async, steps, err)
		}
	}
}

// A process that dies when all parts of a checkpoint are written, and nobody
// committed them, leaves none; the run ends as if it had never stopped.
func TestUncommittedCheckpointIsNone(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision, c.CheckpointEvery, c.Steps = PrecisionFP32, 3, 8 })
	const ranks, ep = 2, 2
	calm := t.TempDir()
	trainOn(t, c, localWorld(t, ranks), ep, calm)
	dir, world := t.TempDir(), localWorld(t, ranks)
	err := eachRank(ranks, func(r int) error {
		s := testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), dir)
		s.ranks, s.threads = Ranks{World: world[r], EP: ep}, 1
		tr, err := open(s)
		if err != nil {
			return err
		}
		defer tr.journal.close()
		for tr.st.Step < 7 {
			line, err := tr.step()
			if err != nil {
				return err
			}
			if err := tr.finish(context.Background(), line); err != nil {
				return err
			}
			if tr.st.Step == 3 {
				if err := tr.saver.settle(); err != nil {
					return err
				}
			}
		}
		return tr.saver.wait() // of step 6, begun and never agreed upon
	})
	if err != nil {
		t.Fatal(err)
	}
	temp := shelf{filepath.Join(dir, workDir)}.temp(6)
	for _, name := range []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"} {
		if _, err := os.Stat(filepath.Join(temp, name)); err != nil {
			t.Fatalf("the part was not written: %v", err)
		}
	}
	s := testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), dir)
	tr, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	tr.journal.close()
	if tr.st.Step != 3 {
		t.Errorf("it goes on from step %d", tr.st.Step)
	}
	if _, err := os.Stat(temp); err == nil {
		t.Error("the half checkpoint is still there")
	}
	trainOn(t, c, localWorld(t, ranks), ep, dir)
	sameFiles(t, "after", shelfFiles(t, dir), shelfFiles(t, calm))
	if got, want := fmt.Sprint(readAll(t, dir)), fmt.Sprint(readAll(t, calm)); got != want {
		t.Errorf("metrics are\n%s\nwant\n%s", got, want)
	}
}

func readAll(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, metricsName))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A checkpoint that cannot be written ends the run on every rank, some steps
// later, with the step that it is of.
func TestAsyncCheckpointFails(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision, c.CheckpointEvery = PrecisionFP32, 4 })
	dir := t.TempDir()
	_, errs := runEach(t, c, localWorld(t, 2), 2, dir, func(r int, tr *training) context.Context {
		if r == 1 {
			tr.net.engine = unwritable{tr.net.engine}
		}
		return context.Background()
	})
	var lost *comm.RankError
	if !errors.As(errs[0], &lost) || lost.Rank != 1 {
		t.Errorf("the other rank: %v", errs[0])
	}
	if errs[1] == nil || !strings.Contains(errs[1].Error(), "checkpoint of step 4") {
		t.Errorf("the rank that failed: %v", errs[1])
	}
}

// unwritable is an engine whose parts belong where no directory is.
type unwritable struct{ engine }

func (u unwritable) parts() []part {
	parts := u.engine.parts()
	for i := range parts {
		parts[i].path = filepath.Join("nowhere", parts[i].path)
	}
	return parts
}
