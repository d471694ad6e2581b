package mixer

import (
	"context"
	"errors"
	"fmt"

	"github.com/swerm/swerm/pipeline"
)

// A Plan says of every row whether it is taken. It is worked out before
// anything is written, so a dry run shows the same figures.
type Plan struct {
	Scale  []int64               // of each row: the smallest total it is part of; 0 = not taken
	Drop   []pipeline.DropReason // of each row: why not; "" where it is taken
	Report Report
}

// NewPlan chooses rows. A row's Split and Verdict are read as they are; an
// empty Verdict means that the label set has no row for it. A nil solver is
// [FlowSolver]. When the mixture cannot be had the error is *InfeasibleError.
func NewPlan(ctx context.Context, rows []pipeline.Selection, c *MixConfig, solver Solver) (*Plan, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if len(rows) > maxTotal-1 {
		return nil, fmt.Errorf("mixer: %d rows, at most %d", len(rows), maxTotal-1)
	}
	if solver == nil {
		solver = FlowSolver{}
	}
	p, drop := newPool(rows, c)
	b := &builder{ctx: ctx, pool: p, solver: solver, exact: c.Cells == CellsExact}
	totals := c.totals()
	if totals == nil {
		most, err := b.largest(int64(len(p.rows)))
		if err != nil {
			return nil, err
		}
		if most == 0 {
			return nil, b.infeasible(1, p.wants(1, nil), &Unmet{Binding: []string{"no total from 1 on can be met"}, Proven: true})
		}
		totals = []int64{most}
	}
	scale, err := b.draw(totals)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Scale: make([]int64, len(rows)), Drop: drop}
	for i, r := range p.rows {
		plan.Scale[r.at] = scale[i]
	}
	b.explain(plan, scale)
	plan.Report = b.report(totals, scale)
	return plan, plan.check(totals)
}

// explain gives a reason to every candidate that was not taken.
func (b *builder) explain(plan *Plan, scale []int64) {
	taken := make([]int64, b.pool.tasks)
	for i, r := range b.pool.rows {
		if scale[i] > 0 {
			taken[r.task]++
		}
	}
	for i, r := range b.pool.rows {
		if scale[i] > 0 {
			continue
		}
		plan.Drop[r.at] = pipeline.DropNotSelected
		if b.pool.limit > 0 && taken[r.task] >= b.pool.limit {
			plan.Drop[r.at] = pipeline.DropTaskCap
		}
	}
}

// check asserts what a plan promises: each row taken or dropped, and each
// scale of exactly its size.
func (p *Plan) check(totals []int64) error {
	var sum int64
	count := map[int64]int64{}
	for i, s := range p.Scale {
		if (s > 0) == (p.Drop[i] != "") {
			return fmt.Errorf("mixer: row %d has scale %d and drop reason %q", i, s, p.Drop[i])
		}
		count[s]++
	}
	for _, n := range totals {
		if sum += count[n]; sum != n {
			return fmt.Errorf("mixer: scale %d came out with %d rows", n, sum)
		}
	}
	return nil
}

// builder draws the rows of one plan.
type builder struct {
	ctx    context.Context
	pool   *pool
	solver Solver
	exact  bool

	whole *Problem // the whole pool as supplies, made when first needed
	stock *stock   // likewise
}

// draw returns the smallest scale of every pool row.
//
// The largest total is drawn from the pool and each smaller one from the one
// above it. Where a smaller one does not fit inside, which takes a pool with
// hardly any room, it goes the other way: smallest first, then what each next
// one adds. When neither works, nesting is not proven impossible, and the
// error says so.
func (b *builder) draw(totals []int64) ([]int64, error) {
	wants := make([][dimensions][]int64, len(totals))
	for k, n := range totals {
		if k == 0 {
			wants[k] = b.pool.wants(n, nil)
		} else {
			wants[k] = b.pool.wants(n, &wants[k-1])
		}
	}
	scale := make([]int64, len(b.pool.rows))
	inside := b.pool.rows
	place := make([]int32, len(inside))
	for i := range place {
		place[i] = int32(i)
	}
	for k := len(totals) - 1; k >= 0; k-- {
		picked, err := b.take(inside, nil, totals[k], wants[k]) // a part of what the cap allowed keeps to it
		var unmet *Unmet
		switch {
		case errors.As(err, &unmet) && k == len(totals)-1:
			return nil, b.infeasible(totals[k], wants[k], unmet)
		case errors.As(err, &unmet):
			return b.drawUpwards(totals, wants, unmet)
		case err != nil:
			return nil, err
		}
		var nextRows []poolRow
		var nextPlace []int32
		for _, i := range picked {
			scale[place[i]] = totals[k]
			nextRows = append(nextRows, inside[i])
			nextPlace = append(nextPlace, place[i])
		}
		inside, place = nextRows, nextPlace
	}
	return scale, nil
}

// drawUpwards draws the smallest total and then what each larger one adds.
func (b *builder) drawUpwards(totals []int64, wants [][dimensions][]int64, first *Unmet) ([]int64, error) {
	scale := make([]int64, len(b.pool.rows))
	used := make([]int64, b.pool.tasks)
	var before int64
	base := &[dimensions][]int64{}
	for k, total := range totals {
		var rows []poolRow
		var place []int32
		for i, r := range b.pool.rows {
			if scale[i] == 0 {
				rows, place = append(rows, r), append(place, int32(i))
			}
		}
		var more [dimensions][]int64
		for d := range more {
			for c, n := range wants[k][d] {
				if k > 0 {
					n -= base[d][c]
				}
				more[d] = append(more[d], n)
			}
		}
		picked, err := b.take(rows, used, total-before, more)
		if unmet := (*Unmet)(nil); errors.As(err, &unmet) {
			first.Binding = append(first.Binding, unmet.Binding...)
			first.Proven = false
			e := b.infeasible(total, wants[k], first)
			e.Nested = true
			return nil, e
		} else if err != nil {
			return nil, err
		}
		for _, i := range picked {
			scale[place[i]] = total
			used[rows[i].task]++
		}
		before, base = total, &wants[k]
	}
	return scale, nil
}

// take picks total rows that meet want. It goes through the rows in order and
// takes what the product table still lacks; only when that falls short is
// anything solved, starting from what was taken.
func (b *builder) take(rows []poolRow, used []int64, total int64, want [dimensions][]int64) ([]int32, error) {
	table := b.pool.table(want)
	taken, missing := b.greedy(rows, used, table, total)
	if missing == 0 {
		return pick(rows, func(i int) bool { return taken[i] }), nil
	}
	p, of := b.pool.problem(rows, used, total, want)
	p.Table, p.Exact = table, b.exact
	p.Start = make([]int64, len(p.Supplies))
	for i, is := range taken {
		if is {
			p.Start[of[i]]++
		}
	}
	s, err := b.solver.Solve(b.ctx, p)
	if err != nil {
		return nil, err
	}
	return pick(rows, func(i int) bool {
		s.Take[of[i]]--
		return s.Take[of[i]] >= 0
	}), nil
}

func (b *builder) greedy(rows []poolRow, used []int64, table []int64, total int64) (taken []bool, missing int64) {
	left := append([]int64(nil), table...)
	var count []int64
	if b.pool.limit > 0 {
		count = make([]int64, b.pool.tasks)
		copy(count, used)
	}
	taken = make([]bool, len(rows))
	missing = total
	for i, r := range rows {
		if missing == 0 {
			break
		}
		if left[r.cell] == 0 || count != nil && count[r.task] >= b.pool.limit {
			continue
		}
		left[r.cell]--
		missing--
		taken[i] = true
		if count != nil {
			count[r.task]++
		}
	}
	return taken, missing
}

func pick(rows []poolRow, is func(i int) bool) (picked []int32) {
	for i := range rows {
		if is(i) {
			picked = append(picked, int32(i))
		}
	}
	return picked
}
