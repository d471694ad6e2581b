package agent_test

import (
	"context"
	"testing"

	"github.com/swerm/swerm/microgym/agent"
	"github.com/swerm/swerm/microgym/task"
)

// BenchmarkRun is one attempt of every policy at a prepared task; bytes are
// those of the transcripts.
func BenchmarkRun(b *testing.B) {
	ctx := context.Background()
	tk, err := task.Generate(ctx, task.Options{Seed: 3}, 0)
	if err != nil {
		b.Fatal(err)
	}
	menu, err := agent.Prepare(ctx, tk, 1)
	if err != nil {
		b.Fatal(err)
	}
	policies := agent.Policies()
	attempts := func(rollout int) (bytes int64) {
		for _, p := range policies {
			e, err := menu.Run(ctx, p, rollout)
			if err != nil {
				b.Fatal(err)
			}
			bytes += e.Trajectory.TextBytes()
		}
		return bytes
	}
	b.SetBytes(attempts(0))
	for n := 0; b.Loop(); n++ {
		attempts(n % 64)
	}
	b.ReportMetric(float64(len(policies)*b.N)/b.Elapsed().Seconds(), "runs/s")
}

// BenchmarkPrepare draws and tests the menu of a task.
func BenchmarkPrepare(b *testing.B) {
	ctx := context.Background()
	tk, err := task.Generate(ctx, task.Options{Seed: 3}, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(tk.Files[tk.Site.Path])))
	for seed := uint64(0); b.Loop(); seed++ {
		if _, err := agent.Prepare(ctx, tk, seed); err != nil {
			b.Fatal(err)
		}
	}
}
