package trainer

import (
	"maps"
	"math"
	"testing"

	"github.com/swerm/swerm/trainer/comm"
)

// bf16Bound is how far the losses of 20 steps may be from those in fp32: the
// case's losses are near 0.7, and bfloat16 has 8 bits.
const bf16Bound = 1e-2

// Tokens and gradients in bfloat16 on the wire train nearly the same model, in
// fewer bytes, with the optimizer in slices too.
func TestBF16Wire(t *testing.T) {
	notUnderRace(t)
	for _, l := range []ranksShape{{2, 1}, {1, 2}, {2, 2}} {
		run := func(wire, shard string) ([]Line, map[string]string, int64) {
			c := layoutCase(func(c *Config) { c.Precision, c.Ranks.Wire, c.Ranks.ShardOptimizer = PrecisionFP32, wire, shard })
			dir := t.TempDir()
			trainings, errs := runEach(t, c, localWorld(t, l.dp*l.ep), l.ep, dir, undisturbed)
			for _, err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			var sent int64
			for _, op := range trainings[0].layout.traffic() {
				sent += op.BytesSent
			}
			return linesOf(t, dir), weightsOf(t, trainings[0].chosen(), dir), sent
		}
		want, exact, whole := run(WireFP32, ShardOff)
		got, rounded, half := run(WireBF16, ShardOff)
		for i, line := range got {
			if far := math.Abs(*line.Loss - *want[i].Loss); !(far <= bf16Bound) {
				t.Errorf("dp %d ep %d: the loss of step %d is off by %v", l.dp, l.ep, i+1, far)
			}
		}
		if maps.Equal(exact, rounded) {
			t.Errorf("dp %d ep %d: nothing was rounded", l.dp, l.ep)
		}
		if half > whole*2/3 {
			t.Errorf("dp %d ep %d: %d bytes sent, %d in fp32", l.dp, l.ep, half, whole)
		}
		if again, _, _ := run(WireBF16, ShardOn); len(again) != len(got) || math.Abs(*again[0].GradNorm-*got[0].GradNorm) > 1e-2**got[0].GradNorm {
			t.Errorf("dp %d ep %d: slices have another gradient norm: %v and %v", l.dp, l.ep, *again[0].GradNorm, *got[0].GradNorm)
		}
	}
}

// Ranks that hold the same tensors have the same bits at the end.
func TestBF16WireKeepsReplicasEqual(t *testing.T) {
	for _, shard := range []string{ShardOn, ShardOff} {
		c := layoutCase(func(c *Config) {
			c.Precision, c.Steps, c.Ranks.Wire, c.Ranks.ShardOptimizer = PrecisionFP32, 4, WireBF16, shard
		})
		trainings, errs := runEach(t, c, localWorld(t, 3), 1, t.TempDir(), undisturbed)
		first := map[string]string{}
		for r, tr := range trainings {
			if errs[r] != nil {
				t.Fatal(errs[r])
			}
			for _, p := range modelOf(tr).Params() {
				bits := string(comm.Bytes(p.Data))
				if r == 0 {
					first[p.Name] = bits
				} else if first[p.Name] != bits {
					t.Fatalf("shard %s: rank %d has another %s", shard, r, p.Name)
				}
			}
		}
	}
}
