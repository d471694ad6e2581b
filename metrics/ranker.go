package metrics

import (
	"cmp"
	"fmt"
	"slices"
)

// Candidates is attempts to choose between, as columns. Rows of one group are
// alternatives for one choice: all attempts of one policy at one task, say.
//
// A candidate without a score still exists. Scored tells which have one (nil:
// all), and figures are given twice: over the scored alone, with the share of
// candidates that covers, and strictly, where one without a score is chosen
// only if nothing else is left.
type Candidates struct {
	Group    []int32   // numbered from 0, as GroupBy does
	Score    []float64 // any finite number; ignored where Scored is false
	Scored   []bool
	Resolved []bool
	Cluster  []int32 // for resampling; one per group; nil: each group is one
}

// maxChoice bounds K: the sums below lose a digit for every factor of ten.
const maxChoice = 4096

// Ranker holds what each group contributes to RM@K, Pass@K and pair accuracy,
// for both readings. It is safe for concurrent use.
type Ranker struct {
	scored, strict choice
	candidates     int
	unscored       int
}

// NewRanker computes RM@1 … RM@maxK of every group in closed form: for a run of
// t equal scores, c of them resolved, above b others in a group of n, the
// best of K is one of the run with chance [C(b+t,K)-C(b,K)]/C(n,K) and then
// resolved with chance c/t.
func NewRanker(c Candidates, maxK int) (*Ranker, error) {
	if err := c.check(maxK); err != nil {
		return nil, err
	}
	groups, order, cluster, err := c.byGroup()
	if err != nil {
		return nil, err
	}
	r := &Ranker{candidates: len(c.Group)}
	r.scored = newChoice(maxK, len(groups)-1, cluster)
	r.strict = r.scored
	if c.Scored != nil {
		r.strict = newChoice(maxK, len(groups)-1, cluster)
	}
	var buf scratch
	for g := range len(groups) - 1 {
		missing := buf.load(&c, order[groups[g]:groups[g+1]])
		r.unscored += len(missing.rows)
		r.scored.fill(g, &buf)
		if c.Scored != nil {
			buf.prepend(missing)
			r.strict.fill(g, &buf)
		}
	}
	return r, nil
}

func (c *Candidates) check(maxK int) error {
	if maxK < 1 || maxK > maxChoice {
		return fmt.Errorf("metrics: K up to %d, want 1 to %d", maxK, maxChoice)
	}
	n := len(c.Group)
	lengths := []int{len(c.Score), len(c.Resolved)}
	if c.Scored != nil {
		lengths = append(lengths, len(c.Scored))
	}
	if c.Cluster != nil {
		lengths = append(lengths, len(c.Cluster))
	}
	if err := checkLengths(n, lengths...); err != nil {
		return err
	}
	for i, s := range c.Score {
		if s-s != 0 && (c.Scored == nil || c.Scored[i]) {
			return &ValueError{Row: i, Value: s, Want: "a finite number"}
		}
		if g := c.Group[i]; g < 0 || int(g) >= n {
			return fmt.Errorf("metrics: row %d: group %d of %d rows", i, g, n)
		}
	}
	return nil
}

// byGroup sorts rows by group: rows of group g are order[starts[g]:starts[g+1]].
func (c *Candidates) byGroup() (starts, order, cluster []int32, err error) {
	var groups int32
	for _, g := range c.Group {
		groups = max(groups, g+1)
	}
	starts = make([]int32, groups+1)
	for _, g := range c.Group {
		starts[g+1]++
	}
	for g := range groups {
		if starts[g+1] == 0 {
			return nil, nil, nil, fmt.Errorf("metrics: group %d has no rows", g)
		}
		starts[g+1] += starts[g]
	}
	at := slices.Clone(starts)
	order = make([]int32, len(c.Group))
	cluster = make([]int32, groups)
	for i, g := range c.Group {
		first := at[g] == starts[g]
		order[at[g]] = int32(i)
		at[g]++
		switch {
		case c.Cluster == nil:
			cluster[g] = g
		case first:
			cluster[g] = c.Cluster[i]
		case cluster[g] != c.Cluster[i]:
			return nil, nil, nil, fmt.Errorf("metrics: row %d: group %d lies in clusters %d and %d", i, g, cluster[g], c.Cluster[i])
		}
	}
	return starts, order, cluster, nil
}

// A run is candidates of equal score: how many candidates lie at or below it,
// and what became of its own.
type run struct {
	upTo         int
	hits, misses int
}

// scratch holds one group while its sums are made.
type scratch struct {
	sorted []attempt
	runs   []run
	chance []float64 // per run: that the best of K lies at or below it
	rates  []float64 // per run: share resolved
}

type attempt struct {
	score    float64
	resolved bool
}

// missing is what a group has that no score orders.
type missing struct {
	rows []int32
	run  run
}

// load sorts the scored candidates of one group into runs and returns the
// others.
func (b *scratch) load(c *Candidates, rows []int32) missing {
	var m missing
	b.sorted, b.runs = b.sorted[:0], b.runs[:0]
	for _, i := range rows {
		if c.Scored != nil && !c.Scored[i] {
			m.rows = append(m.rows, i)
			m.run.hits += int(bit(c.Resolved[i]))
			continue
		}
		b.sorted = append(b.sorted, attempt{c.Score[i], c.Resolved[i]})
	}
	m.run.misses = len(m.rows) - m.run.hits
	m.run.upTo = len(m.rows)
	sortAttempts(b.sorted)
	for from := 0; from < len(b.sorted); {
		r := run{upTo: from}
		for r.upTo < len(b.sorted) && b.sorted[r.upTo].score == b.sorted[from].score {
			r.hits += int(bit(b.sorted[r.upTo].resolved))
			r.upTo++
		}
		r.misses = r.upTo - from - r.hits
		b.runs = append(b.runs, r)
		from = r.upTo
	}
	return m
}

// prepend puts the candidates without a score below all others.
func (b *scratch) prepend(m missing) {
	if len(m.rows) == 0 {
		return
	}
	for i := range b.runs {
		b.runs[i].upTo += len(m.rows)
	}
	b.runs = slices.Insert(b.runs, 0, m.run)
}

// smallGroup is up to where insertion beats the general sort.
const smallGroup = 48

func sortAttempts(c []attempt) {
	if len(c) > smallGroup {
		slices.SortFunc(c, func(a, b attempt) int { return cmp.Compare(a.score, b.score) })
		return
	}
	for i := 1; i < len(c); i++ {
		e := c[i]
		j := i
		for ; j > 0 && e.score < c[j-1].score; j-- {
			c[j] = c[j-1]
		}
		c[j] = e
	}
}

// choice is what groups contribute under one reading of the candidates.
type choice struct {
	maxK    int
	cluster []int32 // of each group

	n, resolved []int32   // candidates and resolved ones of each group
	rm, pass    []float64 // [group*maxK + K-1], meaningful where n >= K
	won         []float64 // pairs won, ties one half
	pairs       []float64
}

func newChoice(maxK, groups int, cluster []int32) choice {
	return choice{maxK: maxK, cluster: cluster,
		n: make([]int32, groups), resolved: make([]int32, groups),
		rm: make([]float64, groups*maxK), pass: make([]float64, groups*maxK),
		won: make([]float64, groups), pairs: make([]float64, groups)}
}

// fill adds one group.
func (c *choice) fill(g int, b *scratch) {
	var n, resolved, below int
	for _, r := range b.runs {
		c.won[g] += float64(r.hits) * (float64(below) + float64(r.misses)/2)
		below += r.misses
		resolved += r.hits
		n = r.upTo
	}
	c.n[g], c.resolved[g] = int32(n), int32(resolved)
	c.pairs[g] = float64(resolved) * float64(n-resolved)

	b.chance, b.rates = b.chance[:0], b.rates[:0]
	for _, r := range b.runs {
		b.chance = append(b.chance, 1)
		b.rates = append(b.rates, float64(r.hits)/float64(r.hits+r.misses))
	}
	rm, pass := c.rm[g*c.maxK:(g+1)*c.maxK], c.pass[g*c.maxK:(g+1)*c.maxK]
	lowest, none := 0, 1.0
	for k := range min(c.maxK, n) {
		// C(m,K)/C(n,K) follows from the one for K-1 by (m-K+1)/(n-K+1). The
		// runs are independent chains, which keeps the multiplier busy.
		step := 1 / float64(n-k)
		for b.runs[lowest].upTo <= k {
			lowest++ // too few candidates at or below: chance 0 from here on
		}
		var sum, under float64
		for j := lowest; j < len(b.runs); j++ {
			at := b.chance[j] * (float64(b.runs[j].upTo-k) * step)
			b.chance[j] = at
			sum += (at - under) * b.rates[j]
			under = at
		}
		rm[k] = sum
		none *= float64(max(n-resolved-k, 0)) * step
		pass[k] = 1 - none
	}
}

// An AtK is choosing among K candidates. RM, Pass and Random are means over
// the same groups: those with at least K candidates. All are nil without one.
type AtK struct {
	K         int      `json:"k"`
	Groups    int      `json:"groups"`
	LeftOut   int      `json:"left_out"` // groups with fewer than K candidates
	RM        *float64 `json:"rm"`
	Pass      *float64 `json:"pass"`
	Random    *float64 `json:"random"`
	GapClosed *float64 `json:"gap_closed"` // (rm-random)/(pass-random); nil where that is 0/0
}

// A Choice is how well candidates were chosen under one reading of them.
type Choice struct {
	Groups     int      `json:"groups"`     // with at least one candidate
	Candidates int      `json:"candidates"` // in them
	Random     *float64 `json:"random"`     // mean over groups of the resolved share
	At         []AtK    `json:"at"`

	Pairs             int64    `json:"pairs"` // resolved against unresolved inside a group
	MixedGroups       int      `json:"mixed_groups"`
	PairAccuracyMicro *float64 `json:"pair_accuracy_micro"` // over pairs
	PairAccuracyMacro *float64 `json:"pair_accuracy_macro"` // mean over groups that have pairs
}

// A Ranking is both readings and what share of the candidates has a score.
type Ranking struct {
	Candidates int      `json:"candidates"`
	Unscored   int      `json:"unscored"`
	Coverage   *float64 `json:"coverage"`
	Scored     Choice   `json:"scored"`
	Strict     Choice   `json:"strict"` // the unscored chosen last
}

// Ranking sums up the groups for each K asked for, up to the Ranker's maxK.
func (r *Ranker) Ranking(ks []int) (*Ranking, error) {
	out := &Ranking{Candidates: r.candidates, Unscored: r.unscored}
	out.Coverage = Optional(share(int64(r.candidates-r.unscored), int64(r.candidates)))
	for _, e := range []struct {
		to   *Choice
		from *choice
	}{{&out.Scored, &r.scored}, {&out.Strict, &r.strict}} {
		sum, err := e.from.sum(ks)
		if err != nil {
			return nil, err
		}
		*e.to = *sum
	}
	return out, nil
}

func (c *choice) sum(ks []int) (*Choice, error) {
	out := &Choice{}
	var random, won, macro float64
	for g, n := range c.n {
		if n == 0 {
			continue
		}
		out.Groups++
		out.Candidates += int(n)
		random += float64(c.resolved[g]) / float64(n)
		if c.pairs[g] > 0 {
			out.MixedGroups++
			out.Pairs += int64(c.pairs[g])
			won += c.won[g]
			macro += c.won[g] / c.pairs[g]
		}
	}
	out.Random = Optional(random/float64(out.Groups), out.Groups > 0)
	out.PairAccuracyMicro = Optional(won/float64(out.Pairs), out.Pairs > 0)
	out.PairAccuracyMacro = Optional(macro/float64(out.MixedGroups), out.MixedGroups > 0)
	for _, k := range ks {
		at, err := c.at(k)
		if err != nil {
			return nil, err
		}
		out.At = append(out.At, at)
	}
	return out, nil
}

func (c *choice) at(k int) (AtK, error) {
	if k < 1 || k > c.maxK {
		return AtK{}, fmt.Errorf("metrics: K = %d, want 1 to %d", k, c.maxK)
	}
	at := AtK{K: k}
	var rm, pass, random float64
	for g, n := range c.n {
		if int(n) < k {
			at.LeftOut++
			continue
		}
		at.Groups++
		rm += c.rm[g*c.maxK+k-1]
		pass += c.pass[g*c.maxK+k-1]
		random += float64(c.resolved[g]) / float64(n)
	}
	if at.Groups == 0 {
		return at, nil
	}
	n := float64(at.Groups)
	at.RM, at.Pass, at.Random = Optional(rm/n, true), Optional(pass/n, true), Optional(random/n, true)
	at.GapClosed = Optional(gap(rm/n, pass/n, random/n))
	return at, nil
}

// leastGap is the difference of two means below which rounding is all that is
// left of it: K = 1, or groups of one outcome each.
const leastGap = 1e-12

func gap(rm, pass, random float64) (float64, bool) {
	if pass-random < leastGap {
		return 0, false
	}
	return (rm - random) / (pass - random), true
}
