package mixer

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/pipeline"
)

// row is a candidate of a made-up pool.
func row(id int, task, source, policy string, resolved bool) pipeline.Selection {
	v := pipeline.VerdictUnresolved
	if resolved {
		v = pipeline.VerdictResolved
	}
	return pipeline.Selection{TrajectoryID: fmt.Sprintf("%032x", id), TaskID: task, Source: source, Policy: policy,
		Verdict: v, Split: pipeline.SplitTrain, Count: 1, Row: int64(id)}
}

// wide is a pool of many tasks in which each is tried by three policies.
func wide(tasks, attempts int) (rows []pipeline.Selection) {
	rng := rand.New(rand.NewPCG(1, 2))
	policies := []string{"claude", "qwen", "gemini"}
	for t := range tasks {
		source := []string{"swe-gym", "swe-smith"}[t%5/3]
		for range attempts {
			p := rng.IntN(3)
			rows = append(rows, row(len(rows), fmt.Sprintf("task-%d", t), source, policies[p], rng.IntN(10) < 3+p))
		}
	}
	return rows
}

func config() *MixConfig { return &MixConfig{Cells: CellsNear} }

func mustPlan(t *testing.T, rows []pipeline.Selection, c *MixConfig) *Plan {
	t.Helper()
	p, err := NewPlan(context.Background(), rows, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, rows, c, p)
	return p
}

// checkPlan counts everything again from the rows.
func checkPlan(t *testing.T, rows []pipeline.Selection, c *MixConfig, p *Plan) {
	t.Helper()
	totals := c.totals()
	if totals == nil {
		totals = []int64{p.Report.Scales[0].Total}
	}
	var base *[dimensions][]int64
	pool := &pool{dims: c.dimensions()}
	for _, total := range totals {
		want := pool.wants(total, base)
		base = &want
		var got [dimensions][]int64
		for d := range got {
			got[d] = make([]int64, len(want[d]))
		}
		perTask := map[string]int64{}
		var n int64
		for i, s := range p.Scale {
			if s == 0 || s > total {
				continue
			}
			n++
			perTask[rows[i].TaskID]++
			for d, value := range [dimensions]string{rows[i].Source, rows[i].Policy, string(rows[i].Verdict)} {
				got[d][pool.dims[d].class(value)]++
			}
			if c.Split != "" && rows[i].Split != c.Split {
				t.Errorf("row %d is of split %q", i, rows[i].Split)
			}
		}
		if n != total {
			t.Errorf("%d rows at scale %d", n, total)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scale %d (-asked +taken):\n%s", total, diff)
		}
		for task, k := range perTask {
			if c.CapPerTask > 0 && k > c.CapPerTask {
				t.Errorf("task %s has %d rows, cap %d", task, k, c.CapPerTask)
			}
		}
	}
}

func TestMixtureIsExact(t *testing.T) {
	rows := wide(600, 8)
	c := config()
	c.Scales = []int64{101, 250, 997}
	c.Ratio = "2:1"
	c.Policies = map[string]float64{"claude": 0.5, "qwen": 0.3, "*": 0.2}
	c.Sources = map[string]float64{"swe-gym": 0.7, "swe-smith": 0.3}
	c.CapPerTask = 4
	p := mustPlan(t, rows, c)
	for _, s := range p.Report.Scales {
		if !s.Product {
			t.Errorf("scale %d is not the product although the pool is wide:\n%s", s.Total, p.Report.Table())
		}
	}
	// 997 at 2:1 is 664.67 and 332.33.
	for _, f := range p.Report.Scales[2].Classes {
		if f.Verdict == "resolved" && f.Observed != 665 {
			t.Errorf("resolved: %d, want 665", f.Observed)
		}
	}
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rows := wide(200, 10)
	c := config()
	c.Scales = []int64{90, 333}
	c.Ratio = "0.5"
	c.CapPerTask = 2
	c.Policies = map[string]float64{"claude": 0.8, "qwen": 0.2}
	chosen := func(rows []pipeline.Selection) map[string]int64 {
		p := mustPlan(t, rows, c)
		m := map[string]int64{}
		for i, s := range p.Scale {
			if s > 0 {
				m[rows[i].TrajectoryID] = s
			}
		}
		return m
	}
	want := chosen(rows)
	shuffled := slices.Clone(rows)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if diff := cmp.Diff(want, chosen(shuffled)); diff != "" {
		t.Errorf("another order chose other rows:\n%s", diff)
	}
}

// Rows added to the pool displace about their own share and no more.
func TestAddedRowsDisplaceFew(t *testing.T) {
	rows := wide(400, 10)
	c := config()
	c.Total, c.Ratio = 500, "1:1"
	before := mustPlan(t, rows[:3800], c)
	after := mustPlan(t, rows, c)
	lost := 0
	for i, s := range before.Scale {
		if s > 0 && after.Scale[i] == 0 {
			lost++
		}
	}
	if lost > 50 { // 5 % more rows: 25 are expected to make way
		t.Errorf("%d of 500 rows were displaced", lost)
	}
	c.Seed = 1
	other := mustPlan(t, rows, c)
	if cmp.Equal(after.Scale, other.Scale) {
		t.Error("the seed changes nothing")
	}
}

func TestReasonsAddUp(t *testing.T) {
	rows := wide(50, 6)
	rows[0].Verdict = pipeline.VerdictInfra
	rows[1].Verdict = pipeline.VerdictTimeout
	rows[2].Verdict = ""
	rows[3].Split = pipeline.SplitTest
	rows[5].TrajectoryID = rows[4].TrajectoryID
	for i := range rows {
		if i > 5 && rows[i].Policy == "gemini" {
			rows[i].Source = "left-out"
		}
	}
	c := config()
	c.Split, c.Total, c.CapPerTask = pipeline.SplitTrain, 60, 2
	c.Sources = map[string]float64{"swe-gym": 0.5, "swe-smith": 0.5}
	p := mustPlan(t, rows, c)
	var counts pipeline.Counts
	for i, d := range p.Drop {
		counts.In++
		if p.Scale[i] > 0 {
			counts.Out++
		} else {
			counts.Drop(d)
		}
	}
	if err := counts.Check(); err != nil {
		t.Fatal(err)
	}
	want := map[pipeline.DropReason]int64{pipeline.DropNoVerdict: 2, pipeline.DropNoLabel: 1, pipeline.DropOtherSplit: 1}
	for reason, n := range want {
		if counts.Dropped[reason] != n {
			t.Errorf("%s: %d, want %d", reason, counts.Dropped[reason], n)
		}
	}
	for _, reason := range []pipeline.DropReason{pipeline.DropFiltered, pipeline.DropTaskCap, pipeline.DropNotSelected, pipeline.DropDuplicate} {
		if counts.Dropped[reason] == 0 {
			t.Errorf("nothing was dropped as %s: %v", reason, counts)
		}
	}
}

// The product asks for more resolved rows of "weak" than there are; the shares
// alone can be met.
func TestNearestToProduct(t *testing.T) {
	var rows []pipeline.Selection
	add := func(n int, policy string, resolved bool) {
		for range n {
			rows = append(rows, row(len(rows), fmt.Sprint("t", len(rows)), "s", policy, resolved))
		}
	}
	add(20, "weak", true)
	add(200, "weak", false)
	add(200, "mid", true)
	add(200, "mid", false)
	add(200, "strong", true)
	add(200, "strong", false)
	c := config()
	c.Total, c.Ratio = 200, "1:1"
	c.Policies = map[string]float64{"weak": 0.5, "mid": 0.25, "strong": 0.25}
	p := mustPlan(t, rows, c)
	got := map[string]int64{}
	for _, f := range p.Report.Scales[0].Cells {
		got[f.name()] = f.Observed
	}
	want := map[string]int64{"weak / resolved": 20, "weak / unresolved": 80, "mid / resolved": 40, "mid / unresolved": 10,
		"strong / resolved": 40, "strong / unresolved": 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if p.Report.Scales[0].Product {
		t.Error("reported as the product")
	}
	c.Cells = CellsExact
	var e *InfeasibleError
	if _, err := NewPlan(context.Background(), rows, c, nil); !errors.As(err, &e) || !e.Proven {
		t.Fatalf("exact cells: %v", err)
	}
	if len(e.Binding) != 1 || !strings.HasPrefix(e.Binding[0], "weak / resolved: 50 asked, 20 in the pool") {
		t.Errorf("binding: %q", e.Binding)
	}
	if e.Largest != 82 { // 82 rows: weak 41, of them 20.5 resolved, which may be 20
		t.Errorf("largest %d, want 82", e.Largest)
	}
}

func TestInfeasibleNamesWhatBinds(t *testing.T) {
	var rows []pipeline.Selection
	for i := range 100 { // ten tasks of "a" with ten tries each, and plenty of "b"
		rows = append(rows, row(i, fmt.Sprint("t", i/10), "s", "a", i%2 == 0))
	}
	for i := range 300 {
		rows = append(rows, row(100+i, fmt.Sprint("u", i), "s", "b", i%2 == 0))
	}
	c := config()
	c.Total, c.CapPerTask = 100, 3
	c.Policies = map[string]float64{"a": 0.5, "b": 0.5}
	_, err := NewPlan(context.Background(), rows, c, nil)
	var e *InfeasibleError
	if !errors.As(err, &e) || !e.Proven {
		t.Fatalf("got %v", err)
	}
	if want := "a: 50 asked, 100 in the pool, 30 under the cap of 3 per task"; len(e.Binding) != 1 || e.Binding[0] != want {
		t.Errorf("binding %q, want %q", e.Binding, want)
	}
	// 61 would be 30.5 each and the odd row goes to the first name, a.
	if e.Largest != 60 {
		t.Errorf("largest %d, want 60", e.Largest)
	}
	if !strings.Contains(err.Error(), "asked  in pool  under cap") {
		t.Errorf("no table in:\n%v", err)
	}
	c.Total = 0
	if p := mustPlan(t, rows, c); p.Report.Scales[0].Total != 60 {
		t.Errorf("total 0 drew %d", p.Report.Scales[0].Total)
	}
}

// tight draws a small pool in which little is to spare.
func tight(rng *rand.Rand, crossing bool) ([]pipeline.Selection, *MixConfig) {
	var rows []pipeline.Selection
	tasks := 1 + rng.IntN(4)
	n := 4 + rng.IntN(9)
	for i := range n {
		task := rng.IntN(tasks)
		source := fmt.Sprint("s", task%2)
		if crossing {
			source = fmt.Sprint("s", rng.IntN(2))
		}
		rows = append(rows, row(i, fmt.Sprint("t", task), source, fmt.Sprint("p", rng.IntN(3)), rng.IntN(2) == 0))
	}
	c := config()
	half := func() float64 { return []float64{0.25, 0.5, 0.4, 1. / 3}[rng.IntN(4)] }
	if rng.IntN(4) > 0 {
		h := half()
		c.Policies = map[string]float64{"p0": h, "p1": (1 - h) / 2, "p2": (1 - h) / 2}
	}
	if rng.IntN(3) > 0 {
		h := half()
		c.Sources = map[string]float64{"s0": h, "s1": 1 - h}
	}
	if rng.IntN(4) > 0 {
		c.Ratio = []string{"1:1", "2:1", "1:3", "0.4"}[rng.IntN(4)]
	}
	c.CapPerTask = int64(rng.IntN(4))
	c.Total = int64(1 + rng.IntN(n))
	return rows, c
}

// subsets tells by trying all whether some rows meet the shares and the cap.
func subsets(rows []pipeline.Selection, c *MixConfig, total int64) bool {
	pool := &pool{dims: c.dimensions()}
	return len(meeting(rows, c, total, pool.wants(total, nil))) > 0
}

// meeting lists every set of rows, as bits, that meets want.
func meeting(rows []pipeline.Selection, c *MixConfig, total int64, want [dimensions][]int64) (sets []uint) {
	pool := &pool{dims: c.dimensions()}
	class := make([][dimensions]int32, len(rows))
	for i, r := range rows {
		for d, value := range [dimensions]string{r.Source, r.Policy, string(r.Verdict)} {
			class[i][d] = pool.dims[d].class(value)
		}
	}
masks:
	for mask := uint(0); mask < 1<<len(rows); mask++ {
		if int64(bits.OnesCount(mask)) != total {
			continue
		}
		var got [dimensions][8]int64
		perTask := map[string]int64{}
		for i := range rows {
			if mask>>i&1 == 0 {
				continue
			}
			perTask[rows[i].TaskID]++
			if c.CapPerTask > 0 && perTask[rows[i].TaskID] > c.CapPerTask {
				continue masks
			}
			for d, k := range class[i] {
				if k < 0 {
					continue masks
				}
				got[d][k]++
			}
		}
		for d := range want {
			if !slices.Equal(got[d][:len(want[d])], want[d]) {
				continue masks
			}
		}
		sets = append(sets, mask)
	}
	return sets
}

// chains tells by trying all whether scales can be met one inside the other.
func chains(rows []pipeline.Selection, c *MixConfig) bool {
	pool := &pool{dims: c.dimensions()}
	var base *[dimensions][]int64
	inner := []uint{0}
	for _, total := range c.Scales {
		want := pool.wants(total, base)
		base = &want
		var outer []uint
		for _, set := range meeting(rows, c, total, want) {
			if slices.ContainsFunc(inner, func(in uint) bool { return in&^set == 0 }) {
				outer = append(outer, set)
			}
		}
		inner = outer
	}
	return len(inner) > 0
}

func TestFeasibilityAgainstAllSubsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	met, unmet, missed := 0, 0, 0
	for trial := range 1500 {
		crossing := trial%3 == 0
		rows, c := tight(rng, crossing)
		want := subsets(rows, c, c.Total)
		p, err := NewPlan(context.Background(), rows, c, nil)
		var e *InfeasibleError
		switch {
		case err == nil && !want:
			t.Fatalf("trial %d: a plan where none exists: %+v %+v", trial, c, rows)
		case err == nil:
			met++
			checkPlan(t, rows, c, p)
		case !errors.As(err, &e):
			t.Fatal(err)
		case want && e.Proven:
			t.Fatalf("trial %d: proven infeasible, but a subset does it: %+v %+v: %v", trial, c, rows, err)
		case want && !crossing:
			t.Fatalf("trial %d: not found although tasks keep to one source: %+v %+v: %v", trial, c, rows, err)
		case want:
			missed++
		default:
			unmet++
			if len(rows) <= 9 && !crossing {
				largest := int64(0)
				for n := c.Total - 1; n > 0 && largest == 0; n-- {
					if subsets(rows, c, n) {
						largest = n
					}
				}
				if e.Largest != largest {
					t.Fatalf("trial %d: largest %d, want %d", trial, e.Largest, largest)
				}
			}
		}
	}
	t.Logf("%d met, %d not, %d missed where tasks cross sources", met, unmet, missed)
	if met < 200 || unmet < 200 {
		t.Errorf("%d met and %d not: the test leans to one side", met, unmet)
	}
	if missed > 20 {
		t.Errorf("%d solutions missed", missed)
	}
}

// planted draws a mixture at random, asks for its counts, and hides it among
// few other rows, so that a plan exists and is hard to come by.
func planted(rng *rand.Rand) ([]pipeline.Selection, *MixConfig) {
	policies, sources, tasks := 2+rng.IntN(5), 1+rng.IntN(4), 5+rng.IntN(40)
	limit := 1 + rng.IntN(3)
	skew := make([]float64, policies)
	for p := range skew {
		skew[p] = rng.Float64()
	}
	c := config()
	c.CapPerTask = int64(limit)
	c.Policies, c.Sources = map[string]float64{}, map[string]float64{}
	var rows []pipeline.Selection
	resolved := 0
	add := func(t int, chosen bool) {
		p := rng.IntN(policies)
		y := rng.Float64() < skew[p]
		source := fmt.Sprint("s", t%sources)
		rows = append(rows, row(len(rows), fmt.Sprint("t", t), source, fmt.Sprint("p", p), y))
		if chosen {
			c.Policies[fmt.Sprint("p", p)]++
			c.Sources[source]++
			c.Total++
			if y {
				resolved++
			}
		}
	}
	for t := range tasks {
		for range limit {
			add(t, true)
		}
		for range rng.IntN(1 + limit) {
			add(t, false)
		}
	}
	c.Ratio = fmt.Sprintf("%d:%d", resolved, int(c.Total)-resolved)
	for _, shares := range []map[string]float64{c.Policies, c.Sources} {
		for name := range shares {
			shares[name] /= float64(c.Total)
		}
	}
	return rows, c
}

func TestPlantedMixtureIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	relaxed := 0
	for range 300 {
		rows, c := planted(rng)
		if p := mustPlan(t, rows, c); !p.Report.Scales[0].Product {
			relaxed++
		}
		if t.Failed() {
			t.Fatalf("%+v", c)
		}
	}
	if relaxed < 200 {
		t.Errorf("%d of 300 needed more than the product: the pools are too easy", relaxed)
	}
}

func TestNestedScalesOnTightPools(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	met, missed := 0, 0
	for range 3000 {
		rows, c := tight(rng, false)
		if c.Total < 3 {
			continue
		}
		c.Scales, c.Total = []int64{1 + rng.Int64N(c.Total-2), c.Total - 1, c.Total}, 0
		c.Scales = slices.Compact(c.Scales)
		p, err := NewPlan(context.Background(), rows, c, nil)
		var e *InfeasibleError
		if err == nil {
			met++
			checkPlan(t, rows, c, p)
		} else if !errors.As(err, &e) {
			t.Fatal(err)
		} else if chains(rows, c) {
			if e.Proven {
				t.Fatalf("proven infeasible, but there is a chain: %+v %+v: %v", c, rows, err)
			}
			missed++
		}
	}
	t.Logf("%d met, %d not found", met, missed)
	if met < 200 || missed > met/50 {
		t.Errorf("%d met, %d not found", met, missed)
	}
}

func TestApportion(t *testing.T) {
	third := big.NewRat(1, 3)
	for _, c := range []struct {
		total  int64
		shares []*big.Rat
		base   []int64
		want   []int64
	}{
		{10, []*big.Rat{third, third, third}, nil, []int64{4, 3, 3}},
		{11, []*big.Rat{third, third, third}, nil, []int64{4, 4, 3}},
		{100, []*big.Rat{rational(0.1), rational(0.2), rational(0.7)}, nil, []int64{10, 20, 70}},
		// The Alabama paradox: with one seat more the third class would lose
		// one. From the counts of the smaller total it keeps it.
		{10, []*big.Rat{big.NewRat(6, 14), big.NewRat(6, 14), big.NewRat(2, 14)}, nil, []int64{4, 4, 2}},
		{11, []*big.Rat{big.NewRat(6, 14), big.NewRat(6, 14), big.NewRat(2, 14)}, nil, []int64{5, 5, 1}},
		{11, []*big.Rat{big.NewRat(6, 14), big.NewRat(6, 14), big.NewRat(2, 14)}, []int64{4, 4, 2}, []int64{5, 4, 2}},
		{0, []*big.Rat{third, third, third}, nil, []int64{0, 0, 0}},
	} {
		if got := Apportion(c.total, c.shares, c.base); !slices.Equal(got, c.want) {
			t.Errorf("%d over %v from %v: got %v, want %v", c.total, c.shares, c.base, got, c.want)
		}
	}
}

func TestRound2KeepsSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		rows, cols := make([]int64, 1+rng.IntN(6)), make([]int64, 1+rng.IntN(6))
		for range rng.IntN(60) {
			rows[rng.IntN(len(rows))]++
			cols[rng.IntN(len(cols))]++
		}
		table := round2(rows, cols)
		var total int64
		for _, r := range rows {
			total += r
		}
		sums := make([]int64, len(cols))
		for i := range rows {
			var sum int64
			for j, n := range table[i] {
				sum += n
				sums[j] += n
				if exact := rows[i] * cols[j]; total > 0 && (n*total > exact+total-1 || n*total < exact-total+1) {
					t.Fatalf("%d for %d/%d", n, exact, total)
				}
			}
			if sum != rows[i] {
				t.Fatalf("row %d sums to %d, want %d", i, sum, rows[i])
			}
		}
		if !slices.Equal(sums, cols) {
			t.Fatalf("columns %v, want %v", sums, cols)
		}
	}
}

func TestConfigListsEveryFault(t *testing.T) {
	c := &MixConfig{Split: "trian", Total: 5, Scales: []int64{9, 3}, Ratio: "two to one", Cells: "loose", CapPerTask: -1,
		Policies: map[string]float64{"a": 0.5, "b": 0.4}, Sources: map[string]float64{"x": 1.5}}
	err := c.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	for _, want := range []string{`split: "trian"`, "total and scales", "scales[1]: 3", `ratio: "two to one"`, "shares sum to 0.9", `share of "x" is 1.5`, "cap_per_task: -1", `cells: "loose"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing from:\n%v", want, err)
		}
	}
	for _, bad := range []string{"1:0:2", ":", "0:0", "-1:2", "1.5", "1e9:1", "NaN", ""} {
		if _, err := parseRatio(bad); err == nil {
			t.Errorf("ratio %q passed", bad)
		}
	}
}
