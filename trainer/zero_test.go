package trainer

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe"
)

// With the optimizer in slices every line and every weight has the bits that
// it has without, in both precisions and over both transports.
func TestSlicesChangeNoBit(t *testing.T) {
	for _, precision := range []string{PrecisionFP32, PrecisionFP64} {
		for name, world := range map[string]worldOf{"local": localWorld, "unix": unixWorld} {
			for _, l := range []ranksShape{{2, 1}, {3, 1}, {2, 2}} {
				t.Run(fmt.Sprintf("%s/%s/dp %d ep %d", precision, name, l.dp, l.ep), func(t *testing.T) {
					run := func(shard string) map[string]string {
						c := layoutCase(func(c *Config) {
							c.Precision, c.Steps, c.Optimizer.ClipNorm, c.Ranks.ShardOptimizer = precision, 6, 0.5, shard
						})
						dir := t.TempDir()
						trainings, errs := runEach(t, c, world(t, l.dp*l.ep), l.ep, dir, undisturbed)
						for _, err := range errs {
							if err != nil {
								t.Fatal(err)
							}
						}
						return weightsOf(t, trainings[0].chosen(), dir)
					}
					if whole, sliced := run(ShardOff), run(ShardOn); !maps.Equal(whole, sliced) {
						t.Errorf("files differ")
					}
				})
			}
		}
	}
}

// weightsOf are the bytes of a run's lines and of its weights.
func weightsOf(t *testing.T, checkpoint, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(checkpoint, "*.safetensors"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no weights: ", err)
	}
	for _, path := range append(paths, filepath.Join(dir, metricsName)) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(raw)
	}
	return files
}

// Moments in slices are read at any other layout, and so are whole ones.
func TestSlicesResumeAtAnotherLayout(t *testing.T) {
	notUnderRace(t)
	c := layoutCase(nil)
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	dir := t.TempDir()
	for _, s := range []struct {
		step   int64
		layout ranksShape
		shard  string
	}{{4, ranksShape{4, 1}, ShardOn}, {8, ranksShape{1, 2}, ShardOn}, {11, ranksShape{1, 1}, ShardAuto}, {14, ranksShape{2, 1}, ShardOff}, {17, ranksShape{2, 2}, ShardOn}} {
		part := layoutCase(func(c *Config) { c.Ranks.ShardOptimizer = s.shard })
		interruptAt(t, part, s.layout, dir, s.step)
	}
	got := trainOn(t, c, localWorld(t, 3), 1, dir)
	if far := got.distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// Each rank keeps its share of the moments, and together they keep each once.
func TestSlicesShareMemory(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Steps = 1 })
	trainings, _ := runEach(t, c, localWorld(t, 4), 2, t.TempDir(), undisturbed)
	total := int64(0)
	for _, tr := range trainings {
		_, _, optimizer := tr.net.bytes()
		total += optimizer
	}
	shape := trainings[0].net.config()
	if want := 16 * shape.NumParams(); total != want { // two float64 each
		t.Errorf("the ranks keep %d bytes of moments, want %d", total, want)
	}
}

// A tensor of which a piece is missing is an error, not zeros.
func TestMissingPieceOfMoments(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Steps = 2 })
	dir := t.TempDir()
	trainings, errs := runEach(t, c, localWorld(t, 2), 1, dir, undisturbed)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	from := trainings[0].chosen()
	paths, _ := filepath.Glob(filepath.Join(from, stateDir, momentsPrefix+"-slice-*"))
	if len(paths) != 2 {
		t.Fatalf("%q", paths)
	}
	if err := os.Remove(paths[1]); err != nil {
		t.Fatal(err)
	}
	e := trainings[0].net.engine.(*engineOf[float64])
	e.opt = e.model.NewOptState()
	if err := e.loadMoments(from); err == nil {
		t.Error("half of the moments are enough")
	}
}

// Blocks of the norm that lie across slices are put together where they begin.
func TestCross(t *testing.T) {
	block := moe.NormBlock(1<<30, 0).Hi
	n := 3*block + 5
	for _, size := range []int{1, 2, 3, 7} {
		var parts []moe.Slice
		for r := range size {
			parts = append(parts, moe.Slice{Lo: n * r / size, Hi: n * (r + 1) / size})
		}
		seen := make([]int, n)
		for r, own := range parts {
			covered := own
			for _, later := range parts[r+1:] {
				c := cross(n, own, later)
				for i := c.Lo; i < c.Hi; i++ {
					if i != covered.Hi {
						t.Fatalf("%d ranks: number %d follows %d", size, i, covered.Hi)
					}
					covered.Hi++
				}
			}
			for i := range moe.NormBlocks(n) {
				if b := moe.NormBlock(n, i); b.Lo >= own.Lo && b.Lo < own.Hi {
					if b.Hi > covered.Hi {
						t.Fatalf("%d ranks: block %d ends at %d, rank %d has all up to %d", size, i, b.Hi, r, covered.Hi)
					}
					for k := b.Lo; k < b.Hi; k++ {
						seen[k]++
					}
				}
			}
		}
		if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			t.Errorf("%d ranks: a number counts %d to %d times", size, slices.Min(seen), slices.Max(seen))
		}
	}
}
