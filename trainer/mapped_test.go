package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
)

// baseShape is the network of testConfig, or one without experts.
func baseShape(dense bool) moe.Config {
	cfg := testConfig()
	shape := cfg.Model.shape(testVocab, 64)
	if dense {
		shape.Dense, shape.IntermediateSize = true, 48
		shape.NumExperts, shape.NumExpertsPerTok, shape.MoeIntermediateSize, shape.NormTopKProb = 0, 0, 0, false
	}
	return shape
}

// baseOn writes a network to train adapters over.
func baseOn(t *testing.T, shape moe.Config, dtype string) origin {
	t.Helper()
	from := origin{dir: t.TempDir(), shape: shape, seed: 11}
	err := moe.Merge[float32](moe.Base{Config: shape, Seed: 3}, moe.Tuning{}, nil, from.dir, moe.SaveOptions{DType: dtype, ShardBytes: 20000})
	if err != nil {
		t.Fatal(err)
	}
	return from
}

// overBase is a training of adapters over a base that is in its files or copied.
func overBase(in, recompute string) *Config {
	c := adaptersConfig()
	c.LoRA.Targets = []string{moe.KindAttention, "gate_proj", "up_proj", "down_proj"}
	c.Memory = Memory{Recompute: recompute, WeightsIn: in}
	return c
}

// TestAdaptersOverFiles: adapters over a base that stays in its files, of any type,
// end with the bytes of those over a copy, also where they are killed on the way;
// and what is published is the same.
func TestAdaptersOverFiles(t *testing.T) {
	data := markerCorpus(t, 40, 8)
	for _, dense := range []bool{false, true} {
		for _, dtype := range []string{"F32", "BF16", "F16"} {
			t.Run(fmt.Sprintf("dense %v/%s", dense, dtype), func(t *testing.T) {
				from := baseOn(t, baseShape(dense), dtype)
				end := func(c *Config, step int64) (map[string]string, map[string]string, *training) {
					s := testSetup(t, c, data, t.TempDir())
					s.from = from
					if step > 0 {
						if _, err := runUntil(context.Background(), s, &killer{step, func() { panic(killed{}) }}); err == nil {
							t.Fatal("not killed")
						}
						s.threads = 1
					}
					tr := mustRun(t, s)
					out := t.TempDir()
					if err := publishAdapters(c, from, tr.chosen(), out); err != nil {
						t.Fatal(err)
					}
					return files(t, tr), tree(t, out), tr
				}
				want, published, copied := end(overBase(WeightsInMemory, RecomputeNone), 0)
				got, same, there := end(overBase(WeightsInFile, RecomputeNone), 0)
				sameFiles(t, "from files", got, want)
				sameFiles(t, "published", same, published)
				got, same, _ = end(overBase(WeightsInFile, RecomputeLayer), 6)
				sameFiles(t, "from files, killed, computed again", got, want)
				sameFiles(t, "published, killed", same, published)

				tune := there.cfg.tuningOver(from.dir)
				all, trained, err := tune.Count(from.shape)
				if err != nil {
					t.Fatal(err)
				}
				p, g, o := there.net.bytes()
				whole, _, _ := copied.net.bytes()
				if p != 4*all || g != 4*trained || o != 8*trained || p > whole/2 {
					t.Errorf("%d, %d and %d bytes; counted %d numbers, %d that train; with a copy %d", p, g, o, all, trained, whole)
				}
				if err := errors.Join(there.net.close(), there.net.close()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// tree reads all files below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAdaptersOverFilesOfRanks: the same for ranks that divide sequences, experts
// and moments.
func TestAdaptersOverFilesOfRanks(t *testing.T) {
	from := baseOn(t, baseShape(false), "BF16")
	for _, l := range []ranksShape{{2, 1}, {1, 2}, {2, 2}} {
		ended := map[string]map[string]string{}
		for _, in := range []string{WeightsInFile, WeightsInMemory} {
			dir, world := t.TempDir(), localWorld(t, l.dp*l.ep)
			setups := make([]setup, len(world))
			for r := range world {
				setups[r] = testSetup(t, overBase(in, RecomputeNone), markerCorpus(t, 20, 4), dir)
				setups[r].from, setups[r].threads, setups[r].ranks = from, 1, Ranks{World: world[r], EP: l.ep}
			}
			lead := make([]*training, len(world))
			err := eachRank(len(world), func(r int) (err error) {
				if lead[r], err = open(setups[r]); err == nil {
					err = lead[r].run(context.Background())
				}
				setups[r].ranks.giveUp(err)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			ended[in] = files(t, lead[0])
		}
		sameFiles(t, fmt.Sprintf("%+v", l), ended[WeightsInFile], ended[WeightsInMemory])
	}
}

// TestBaseThatChanges: a base that is cut, or written to, under the adapters ends
// the run with an error that names the file; one that was replaced is not merged
// with what was trained over another.
func TestBaseThatChanges(t *testing.T) {
	data := markerCorpus(t, 40, 8)
	first := func(t *testing.T, from origin) string {
		paths, err := filepath.Glob(filepath.Join(from.dir, "model-*1-of-*.safetensors"))
		if err != nil || len(paths) == 0 {
			t.Fatal(paths, err)
		}
		return paths[0]
	}
	for name, change := range map[string]func(path string) error{
		"cut": func(path string) error { return os.Truncate(path, 100) },
		"written": func(path string) error {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			raw[len(raw)-1] ^= 0x40
			return os.WriteFile(path, raw, 0o600)
		},
	} {
		from := baseOn(t, baseShape(false), "BF16")
		s := testSetup(t, overBase(WeightsInFile, RecomputeNone), data, t.TempDir())
		s.from = from
		_, err := runUntil(context.Background(), s, &killer{4, func() {
			if err := change(first(t, from)); err != nil {
				t.Fatal(err)
			}
		}})
		if !errors.Is(err, moe.ErrChanged) || !strings.Contains(err.Error(), first(t, from)) || !strings.Contains(err.Error(), "step 5") {
			t.Errorf("%s: %v", name, err)
		}
	}

	from := baseOn(t, baseShape(false), "BF16")
	s := testSetup(t, overBase(WeightsInFile, RecomputeNone), data, t.TempDir())
	s.from = from
	tr, err := runUntil(context.Background(), s, &killer{4, func() {
		if err := moe.Convert(from.dir, from.dir, moe.SaveOptions{DType: string(safetensors.F32), ShardBytes: 20000}); err != nil {
			t.Fatal(err)
		}
	}})
	if err != nil {
		t.Fatalf("replaced by renames: %v", err)
	}
	if err := from.under(tr.st); !errors.Is(err, ErrBase) {
		t.Errorf("replaced: %v", err)
	}
}

// TestForecastOverFiles: what a forecast counts of the model is what there is.
func TestForecastOverFiles(t *testing.T) {
	from := baseOn(t, baseShape(false), "BF16")
	for _, in := range []string{WeightsInFile, WeightsInMemory} {
		cfg := overBase(in, RecomputeNone)
		cfg.Steps, cfg.CheckpointEvery = 1, 0
		s := testSetup(t, cfg, markerCorpus(t, 8, 2), t.TempDir())
		s.from = from
		got := mustRun(t, s).net.engine.memory()
		f, err := NewForecast(cfg, Setting{Shape: from.shape, Files: true, Ranks: 1, EP: 1, Threads: 2, Rate: 1e9, Bandwidth: 1e9})
		if err != nil {
			t.Fatal(err)
		}
		if f.Memory.Weights != got.Weights || f.Memory.Gradients != got.Gradients || f.Memory.Moments != got.Moments {
			t.Errorf("weights in %s: %+v, predicted %+v", in, got, f.Memory)
		}
	}
}
