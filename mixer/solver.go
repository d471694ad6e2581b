package mixer

import (
	"context"
	"fmt"
	"strings"
)

// A Supply is rows that one task has in one cell.
type Supply struct {
	Task int32
	Cell int32 // (source*policies + policy)*verdicts + verdict
	Rows int64
}

// A Problem asks how many rows of each supply to take so that every class of
// every dimension gets what it wants and no task gives more than its cap.
type Problem struct {
	Classes  [dimensions]int // sources, policies, verdicts
	Want     [dimensions][]int64
	Total    int64
	Supplies []Supply
	Cap      []int64 // of each task

	// Table is the product of the shares for every cell, preferred when it can
	// be had; nil to do without. Exact allows nothing else.
	Table []int64
	Exact bool

	// Start is rows of each supply taken already, within Table and Cap: a
	// solver should keep what it can of it. nil: nothing.
	Start []int64

	describe func(right int) string // names a pair of policy and verdict
	sources  []string
	lanes    *lanes // made once where many totals are tried
}

// A Solution says how many rows of each supply to take.
type Solution struct {
	Take    []int64
	Product bool // every cell is as in Problem.Table
}

// A Solver decides a Problem. It returns *Unmet when there is no solution or
// none was found. It is called from one goroutine and keeps nothing.
//
// [FlowSolver] is used where none is given. Three dimensions with exact shares
// contain three-dimensional matching, so no fast method decides all of them;
// a solver for integer programs fits here.
type Solver interface {
	Solve(ctx context.Context, p *Problem) (*Solution, error)
}

// Unmet is returned by a Solver when a Problem was not solved.
type Unmet struct {
	Binding []string // the constraints in the way
	Proven  bool     // no solution exists; false: none was found within limits
}

// Error names what binds.
func (e *Unmet) Error() string {
	if e.Proven {
		return "mixer: " + strings.Join(e.Binding, "; ")
	}
	return "mixer: no solution found: " + strings.Join(e.Binding, "; ")
}

// FlowSolver decides problems by maximum flows.
//
// The product table is one flow: tasks to cells. Without it, rows flow from
// sources through their tasks to pairs of policy and verdict, which is exact
// for whole numbers as long as those pairs are fixed. They are when shares are
// asked of policies or of the ratio alone. When of both, each flow that falls
// short yields a minimum cut, an inequality that any answer must meet, and the
// next pairs are chosen to meet all of them, nearest to the product first.
// That ends with an answer or a proof, within a bound on the search.
//
// One case is searched and not decided: a cap per task together with shares
// of sources while some task has rows in several sources. The cap of such a
// task is then divided among its sources beforehand.
type FlowSolver struct{}

// Bounds on the search over pairs of policy and verdict: flows computed, and
// coefficients looked at (a second or two of them). Pools of real data need a
// handful of flows.
const (
	maxCuts = 2000
	maxWork = 1 << 29
)

// Solve implements [Solver].
func (FlowSolver) Solve(ctx context.Context, p *Problem) (*Solution, error) {
	if p.Table != nil {
		take, unmet := p.fitTable()
		if unmet == nil {
			return &Solution{take, true}, nil
		}
		if p.Exact {
			return nil, unmet
		}
	}
	return p.relax(ctx)
}

// fitTable takes exactly Table rows of every cell.
func (p *Problem) fitTable() ([]int64, *Unmet) {
	cells := len(p.Table)
	g := newFlow(2+len(p.Cap)+cells, len(p.Cap)+cells+len(p.Supplies))
	task := func(t int32) int { return 2 + int(t) }
	cell := func(c int) int { return 2 + len(p.Cap) + c }
	for t, limit := range p.Cap {
		g.arc(0, task(int32(t)), limit)
	}
	for c, n := range p.Table {
		g.arc(cell(c), 1, n)
	}
	first := g.arcs()
	var started int64
	for i, s := range p.Supplies {
		a := g.arc(task(s.Task), cell(int(s.Cell)), s.Rows)
		if p.Start != nil && p.Start[i] > 0 {
			g.push(a, p.Start[i])
			g.push(2*int(s.Task), p.Start[i])
			g.push(2*(len(p.Cap)+int(s.Cell)), p.Start[i])
			started += p.Start[i]
		}
	}
	reached := started + g.maximise(0, 1)
	if reached == p.Total {
		return p.read(g, first), nil
	}
	pairs := p.Classes[byPolicy] * p.Classes[byVerdict]
	var short []string
	var asked int64
	for c, n := range p.Table {
		if n > 0 && !g.reached(cell(c)) {
			short = append(short, p.sources[c/pairs]+" / "+p.describe(c%pairs))
			asked += n
		}
	}
	return nil, &Unmet{Proven: true, Binding: []string{fmt.Sprintf("cells %s ask for %d, the pool gives at most %d",
		list(short), asked, asked-(p.Total-reached))}}
}

func (p *Problem) read(g *flow, first int) []int64 {
	take := make([]int64, len(p.Supplies))
	for i := range take {
		take[i] = g.through(first + 2*i)
	}
	return take
}

// lanes is supplies sorted into lanes: a task as one source sees it. Each lane
// has a cap of its own; whole is false when a task's had to be divided.
type lanes struct {
	of     []int32 // lane of each supply
	source []int32 // of each lane
	limit  []int64 // of each lane
	whole  bool
}

func (p *Problem) makeLanes() *lanes {
	pairs := int32(p.Classes[byPolicy] * p.Classes[byVerdict])
	n := &lanes{of: make([]int32, len(p.Supplies)), whole: true}
	at := make(map[[2]int32]int32, len(p.Cap))
	var rows []int64
	parts := make([][]int32, len(p.Cap))
	for i, s := range p.Supplies {
		key := [2]int32{s.Task, s.Cell / pairs}
		l, ok := at[key]
		if !ok {
			l = int32(len(n.source))
			at[key] = l
			n.source = append(n.source, key[1])
			rows = append(rows, 0)
			parts[s.Task] = append(parts[s.Task], l)
		}
		n.of[i] = l
		rows[l] += s.Rows
	}
	n.limit = make([]int64, len(n.source))
	for t, ls := range parts {
		var all int64
		for _, l := range ls {
			all += rows[l]
		}
		if len(ls) == 1 || all <= p.Cap[t] {
			for _, l := range ls {
				n.limit[l] = min(p.Cap[t], rows[l])
			}
			continue
		}
		n.whole = false
		given, seen := int64(0), int64(0)
		for _, l := range ls { // in proportion, by running totals
			seen += rows[l]
			n.limit[l] = p.Cap[t]*seen/all - given
			given += n.limit[l]
		}
	}
	return n
}

// relax meets the shares and lets cells be what they can.
func (p *Problem) relax(ctx context.Context) (*Solution, error) {
	in := p.lanes
	if in == nil {
		in = p.makeLanes()
	}
	policies, verdicts := p.Classes[byPolicy], p.Classes[byVerdict]
	pairs := flatten(round2(p.Want[byPolicy], p.Want[byVerdict]))
	search := newPairSearch(p, in)
	if !search.inside(pairs) {
		next, decided := search.next()
		if next == nil {
			return nil, &Unmet{search.reasons(p), decided && in.whole}
		}
		pairs = next
	}
	for range maxCuts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := &laneNet{p: p, lanes: in, pairs: pairs}
		take, missing := n.solve()
		if missing == 0 {
			return &Solution{take, false}, nil
		}
		search.add(n.cut(missing))
		next, decided := search.next()
		if policies < 2 || verdicts < 2 {
			next, decided = nil, true // nothing to choose
		}
		if next == nil {
			return nil, &Unmet{search.reasons(p), decided && in.whole}
		}
		pairs = next
	}
	return nil, &Unmet{search.reasons(p), false}
}

func flatten(table [][]int64) []int64 {
	var out []int64
	for _, row := range table {
		out = append(out, row...)
	}
	return out
}

// laneNet is the network source -> lane -> pair of policy and verdict.
type laneNet struct {
	p *Problem
	*lanes
	pairs []int64 // asked of each pair
	g     *flow
}

func (n *laneNet) pairNode(r int) int {
	return 2 + n.p.Classes[bySource] + len(n.source) + r
}

// solve returns the rows to take, or how many are missing.
func (n *laneNet) solve() (take []int64, missing int64) {
	p := n.p
	sources := p.Classes[bySource]
	n.g = newFlow(n.pairNode(len(n.pairs)), sources+len(n.source)+len(n.pairs)+len(p.Supplies))
	for s, want := range p.Want[bySource] {
		n.g.arc(0, 2+s, want) // arc 2s
	}
	for l, s := range n.source {
		n.g.arc(2+int(s), 2+sources+l, n.limit[l]) // arc 2(sources+l)
	}
	for r, want := range n.pairs {
		n.g.arc(n.pairNode(r), 1, want)
	}
	first := n.g.arcs()
	for i, s := range p.Supplies {
		n.g.arc(2+sources+int(n.of[i]), n.pairNode(int(s.Cell)%len(n.pairs)), s.Rows)
	}
	started := n.start(first)
	reached := started + n.g.maximise(0, 1)
	if reached < p.Total {
		return nil, p.Total - reached
	}
	return p.read(n.g, first), 0
}

// start pushes as much of the given start as fits.
func (n *laneNet) start(first int) (started int64) {
	if n.p.Start == nil {
		return 0
	}
	sources := n.p.Classes[bySource]
	for i, s := range n.p.Supplies {
		path := []int{2 * int(n.source[n.of[i]]), 2 * (sources + int(n.of[i])),
			2 * (sources + len(n.source) + int(s.Cell)%len(n.pairs)), first + 2*i}
		take := n.p.Start[i]
		for _, a := range path {
			take = min(take, n.g.left[a])
		}
		for _, a := range path {
			n.g.push(a, take)
		}
		started += take
	}
	return started
}

// A cut is an inequality every answer meets: the pairs in it together cannot
// get more than most.
type cut struct {
	in     []bool
	most   int64
	asked  int64
	closed []int32 // sources whose own share is what limits
}

// cut reads the minimum cut after solve fell short by missing.
func (n *laneNet) cut(missing int64) cut {
	c := cut{in: make([]bool, len(n.pairs))}
	for r, want := range n.pairs {
		if !n.g.reached(n.pairNode(r)) {
			c.in[r] = true
			c.asked += want
		}
	}
	c.most = c.asked - missing
	for s := range n.p.Want[bySource] {
		if !n.g.reached(2 + s) {
			c.closed = append(c.closed, int32(s))
		}
	}
	return c
}

func list(names []string) string {
	const shown = 6
	if len(names) > shown {
		return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return strings.Join(names, ", ")
}
