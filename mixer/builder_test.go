package mixer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newBuilder(t *testing.T, c *MixConfig, p *pool) *builder {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return &builder{ctx: context.Background(), pool: p, solver: FlowSolver{}, exact: c.Cells == CellsExact}
}

// Drawing upwards is rarely needed, so it is called here on its own.
func TestDrawUpwards(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	met := 0
	for range 1500 {
		rows, c := tight(rng, false)
		if c.Total < 3 {
			continue
		}
		c.Scales, c.Total = slices.Compact([]int64{1 + rng.Int64N(c.Total-2), c.Total - 1, c.Total}), 0
		p, drop := newPool(rows, c)
		b := newBuilder(t, c, p)
		wants := make([][dimensions][]int64, len(c.Scales))
		for k, n := range c.Scales {
			if k == 0 {
				wants[k] = p.wants(n, nil)
			} else {
				wants[k] = p.wants(n, &wants[k-1])
			}
		}
		scale, err := b.drawUpwards(c.Scales, wants, &Unmet{})
		if e := (*InfeasibleError)(nil); errors.As(err, &e) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		met++
		plan := &Plan{Scale: make([]int64, len(rows)), Drop: drop}
		for i, r := range p.rows {
			plan.Scale[r.at] = scale[i]
		}
		checkPlan(t, rows, c, plan)
		if t.Failed() {
			t.Fatalf("%+v", c)
		}
	}
	if met < 100 {
		t.Errorf("only %d were met", met)
	}
}

// The search for the largest total agrees with trying every one.
func TestLargestAgainstEveryTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	past := 0
	for range 60 {
		rows := wide(40+rng.IntN(60), 3+rng.IntN(6))
		c := config()
		h := 0.2 + 0.6*rng.Float64()
		c.Policies = map[string]float64{"claude": h, "qwen": (1 - h) / 3, "gemini": 1 - h - (1-h)/3}
		c.Sources = map[string]float64{"swe-gym": 0.61, "swe-smith": 0.39}
		c.Ratio = fmt.Sprintf("%.3f", 0.2+0.6*rng.Float64())
		c.CapPerTask = int64(rng.IntN(5))
		if rng.IntN(2) == 0 {
			c.Cells = CellsExact
		}
		p, _ := newPool(rows, c)
		b := newBuilder(t, c, p)
		got, err := b.largest(int64(len(p.rows)))
		if err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		for n := int64(len(p.rows)); n > got && want == 0; n-- {
			if ok, err := b.feasible(n); err != nil {
				t.Fatal(err)
			} else if ok {
				want = n
			}
		}
		if want != 0 {
			t.Errorf("largest %d, but %d can be met: %+v", got, want, c)
		}
		if ok, err := b.feasible(got); err != nil || !ok {
			t.Errorf("largest %d cannot be met: %v", got, err)
		}
		if got > scanned {
			past++
		}
	}
	if past < 20 {
		t.Errorf("only %d were beyond what is scanned", past)
	}
}

// One cell is short by five rows. Five rows move in each of the four cells that
// must give way, and all others keep the product.
func TestOtherCellsKeepTheProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	for range 20 {
		c := config()
		c.Total, c.Ratio = 480, "1:1"
		c.Policies = map[string]float64{"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}
		c.Sources = map[string]float64{"x": 0.25, "y": 0.25, "z": 0.5}
		pool := &pool{dims: c.dimensions()}
		want := pool.wants(c.Total, nil)
		table := pool.table(want)
		short := rng.IntN(pool.cells())
		p := &Problem{Want: want, Total: c.Total, Cap: []int64{maxTotal, maxTotal, maxTotal}, Table: table,
			describe: pool.describe, sources: pool.dims[bySource].classes}
		for d := range want {
			p.Classes[d] = pool.size(d)
		}
		for cell, n := range table {
			rows := n + 50
			if cell == short {
				rows = n - 5
			}
			p.Supplies = append(p.Supplies, Supply{Task: int32(pool.classOf(cell, bySource)), Cell: int32(cell), Rows: rows})
			p.Start = append(p.Start, min(n, rows))
		}
		s, err := FlowSolver{}.Solve(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		var moved int64
		changed := map[int]int64{}
		for cell, n := range s.Take {
			if d := n - table[cell]; d != 0 {
				changed[cell] = d
				moved += max(d, -d)
			}
		}
		if moved > 20 {
			t.Errorf("cell %d is short, %d rows moved: %v", short, moved, changed)
		}
		if len(changed) == 0 || cmp.Equal(s.Take, table) {
			t.Error("nothing moved")
		}
	}
}
