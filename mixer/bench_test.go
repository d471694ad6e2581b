package mixer

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// benchPlan is a mixture as ablations draw it.
func benchPlan(total int64) *MixConfig {
	c := config()
	c.Split, c.Ratio, c.CapPerTask = "train", "2:1", 4
	c.Scales = []int64{total / 16, total / 4, total}
	c.Policies = map[string]float64{"claude": 0.3, "qwen": 0.4, "*": 0.3}
	c.Sources = map[string]float64{"swe-gym": 0.6, "swe-smith": 0.4}
	return c
}

// A row of a view is about 200 bytes in memory, which is what SetBytes counts.
const rowBytes = 200

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rows := wide(n/10, 10)
			c := benchPlan(int64(n / 5))
			b.SetBytes(int64(n * rowBytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewPlan(context.Background(), rows, c, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPlanSolved draws so much that the rows taken in order fall short
// and flows must complete them.
func BenchmarkPlanSolved(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rows := wide(n/10, 10)
			c := benchPlan(0)
			c.Scales = nil // the most there is
			p, err := NewPlan(context.Background(), rows, c, nil)
			if err != nil {
				b.Fatal(err)
			}
			c.Total = p.Report.Scales[0].Total
			b.SetBytes(int64(n * rowBytes))
			for b.Loop() {
				s := &counting{}
				if _, err := NewPlan(context.Background(), rows, c, s); err != nil {
					b.Fatal(err)
				}
				if s.calls == 0 {
					b.Fatal("the pool is too wide to need a solver")
				}
			}
		})
	}
}

// counting is FlowSolver, with the number of calls.
type counting struct{ calls int }

func (s *counting) Solve(ctx context.Context, p *Problem) (*Solution, error) {
	s.calls++
	return FlowSolver{}.Solve(ctx, p)
}

func BenchmarkPlanInfeasible(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rows := wide(n/10, 10)
			c := benchPlan(int64(n))
			b.SetBytes(int64(n * rowBytes))
			for b.Loop() {
				_, err := NewPlan(context.Background(), rows, c, nil)
				if e := (*InfeasibleError)(nil); !errors.As(err, &e) || e.Largest < int64(n)/8 {
					b.Fatal(err)
				}
			}
		})
	}
}
