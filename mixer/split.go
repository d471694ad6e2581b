package mixer

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/zeebo/xxh3"
)

// What stays together in a split.
const (
	ByTask = "task_id"
	ByRepo = "repo"
)

// How groups find their split.
const (
	// MethodHash gives each group the split that its own hash says. Rows added
	// later never move a group; shares come out as chance has it.
	MethodHash = "hash"
	// MethodExact orders groups by hash and cuts the line where the shares of
	// rows are reached, as near as whole groups allow. It suits few groups;
	// rows added later may move groups near a cut.
	MethodExact = "exact"
)

// SplitConfig says how tasks are divided.
type SplitConfig struct {
	// By is what stays together: task_id, or repo (and with it all its tasks).
	By string `json:"by" yaml:"by"`
	// Method is hash or exact.
	Method string `json:"method" yaml:"method"`
	// Fractions of rows that are not held out. They sum to 1.
	Fractions Fractions `json:"fractions" yaml:"fractions"`
	// HoldOut puts chosen groups somewhere whatever the fractions say. The
	// first rule that fits any row of a group decides for the whole group.
	HoldOut []HoldOut `json:"hold_out,omitempty" yaml:"hold_out,omitempty"`
	Seed    uint64    `json:"seed" yaml:"seed"`
}

// Fractions of rows in each split.
type Fractions struct {
	Train float64 `json:"train" yaml:"train"`
	Dev   float64 `json:"dev" yaml:"dev"`
	Test  float64 `json:"test" yaml:"test"`
}

func (f Fractions) list() [3]float64 { return [3]float64{f.Train, f.Dev, f.Test} }

// A HoldOut names groups by patterns in which * stands for any text. Templates
// of a procedural source are patterns of task ids, such as "microgym/parser-*".
type HoldOut struct {
	Split   string   `json:"split" yaml:"split"`
	Tasks   []string `json:"tasks,omitempty" yaml:"tasks,omitempty"`
	Repos   []string `json:"repos,omitempty" yaml:"repos,omitempty"`
	Sources []string `json:"sources,omitempty" yaml:"sources,omitempty"`
}

// Limits of a hold-out: patterns are tried on every row.
const (
	maxHoldOuts     = 64
	maxPatterns     = 100_000
	maxPatternStars = 8
)

// Validate lists every fault at once.
func (c *SplitConfig) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if c.By != ByTask && c.By != ByRepo {
		fault("by: %q, want %s or %s", c.By, ByTask, ByRepo)
	}
	if c.Method != MethodHash && c.Method != MethodExact {
		fault("method: %q, want %s or %s", c.Method, MethodHash, MethodExact)
	}
	var sum float64
	for i, f := range c.Fractions.list() {
		if !(f >= 0 && f <= 1) {
			fault("fractions.%s: %v, want 0 to 1", splits()[i], f)
		}
		sum += f
	}
	if !(math.Abs(sum-1) <= shareSlack) {
		fault("fractions: train, dev and test sum to %v, want 1", sum)
	}
	if len(c.HoldOut) > maxHoldOuts {
		fault("hold_out: %d rules, at most %d", len(c.HoldOut), maxHoldOuts)
	}
	for i, h := range c.HoldOut {
		if !slices.Contains(splits(), h.Split) {
			fault("hold_out[%d].split: %q, want one of %v", i, h.Split, splits())
		}
		all := slices.Concat(h.Tasks, h.Repos, h.Sources)
		if len(all) == 0 || len(all) > maxPatterns {
			fault("hold_out[%d]: %d patterns, want 1 to %d", i, len(all), maxPatterns)
		}
		for _, p := range all {
			if p == "" || strings.Count(p, "*") > maxPatternStars {
				fault("hold_out[%d]: pattern %q is empty or has more than %d stars", i, p, maxPatternStars)
			}
		}
	}
	return errors.Join(faults...)
}

// A SplitReport shows what came out.
type SplitReport struct {
	By     string        `json:"by"`
	Method string        `json:"method"`
	Rows   int64         `json:"rows"`
	Groups int64         `json:"groups"`
	Splits []SplitFigure `json:"splits"`
}

// A SplitFigure is one split.
type SplitFigure struct {
	Split    string                     `json:"split"`
	Fraction float64                    `json:"fraction"` // asked, of rows not held out
	Share    float64                    `json:"share"`    // of them, as it came out; 0 without any
	Rows     int64                      `json:"rows"`
	HeldOut  int64                      `json:"held_out"` // of the rows, put here by a rule
	Groups   int64                      `json:"groups"`
	Tasks    int64                      `json:"tasks"`
	Verdicts map[pipeline.Verdict]int64 `json:"verdicts"`
}

// Assign fills in the Split of every row. Rows of one task always share one;
// with ByRepo so do all tasks of a repository, and a row without a repository
// goes where its task goes. The outcome does not depend on the order of rows.
func Assign(rows []pipeline.Selection, c *SplitConfig) (*SplitReport, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	of, groups := groupRows(rows, c.By == ByRepo)
	rules := newRules(c.HoldOut)
	for i := range rows {
		g := &groups[of[i]]
		g.rows++
		if k := rules.match(&rows[i]); k < g.rule {
			g.rule = k
		}
	}
	var free []*splitGroup
	for i := range groups {
		g := &groups[i]
		g.hash = xxh3.HashStringSeed(g.name, c.Seed)
		if g.rule < len(c.HoldOut) {
			g.split = slices.Index(splits(), c.HoldOut[g.rule].Split)
		} else {
			free = append(free, g)
		}
	}
	place(free, c)
	for i := range rows {
		rows[i].Split = splits()[groups[of[i]].split]
	}
	if err := checkWhole(rows, c.By == ByRepo); err != nil {
		return nil, err
	}
	return splitReport(rows, of, groups, c), nil
}

// A splitGroup is what must not be divided.
type splitGroup struct {
	name  string
	hash  uint64
	rows  int64
	rule  int // first rule that fits; maxHoldOuts when none does
	split int
}

// groupRows joins rows that share a task and, when repositories count, those
// that share a repository. A group is called after its least member, so its
// name does not depend on the order of rows.
func groupRows(rows []pipeline.Selection, byRepo bool) (of []int32, groups []splitGroup) {
	ids := map[string]int32{}
	var names []string
	var parent []int32
	node := func(name string) int32 {
		n, ok := ids[name]
		if !ok {
			n = int32(len(names))
			ids[name] = n
			names = append(names, name)
			parent = append(parent, n)
		}
		return n
	}
	root := func(n int32) int32 {
		for parent[n] != n {
			parent[n] = parent[parent[n]]
			n = parent[n]
		}
		return n
	}
	of = make([]int32, len(rows))
	for i := range rows {
		of[i] = node("task:" + rows[i].TaskID)
		if byRepo && rows[i].Repo != nil && *rows[i].Repo != "" {
			a, b := root(of[i]), root(node("repo:"+*rows[i].Repo))
			if a != b && names[b] < names[a] { // "repo:" sorts before "task:"
				a, b = b, a
			}
			parent[b] = a
		}
	}
	number := map[int32]int32{}
	for i := range of {
		r := root(of[i])
		g, ok := number[r]
		if !ok {
			g = int32(len(groups))
			number[r] = g
			groups = append(groups, splitGroup{name: names[r], rule: maxHoldOuts})
		}
		of[i] = g
	}
	return of, groups
}

// place gives groups that no rule holds their split.
func place(free []*splitGroup, c *SplitConfig) {
	f := c.Fractions.list()
	if c.Method == MethodHash {
		for _, g := range free {
			g.split = cutAt(float64(g.hash>>11)/(1<<53), f)
		}
		return
	}
	slices.SortFunc(free, func(a, b *splitGroup) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.name, b.name))
	})
	var all, before int64
	for _, g := range free {
		all += g.rows
	}
	for _, g := range free {
		g.split = cutAt((float64(before)+float64(g.rows)/2)/float64(all), f)
		before += g.rows
	}
}

// cutAt finds the split whose stretch of [0,1) holds x. Splits of no width
// hold nothing, and rounding of the last edge loses nothing.
func cutAt(x float64, fractions [3]float64) int {
	var edge float64
	last := 0
	for i, f := range fractions {
		if f == 0 {
			continue
		}
		last = i
		if edge += f; x < edge {
			return i
		}
	}
	return last
}

// checkWhole asserts that no task, and no repository where they count, lies in
// two splits.
func checkWhole(rows []pipeline.Selection, byRepo bool) error {
	in := map[string]string{}
	for i := range rows {
		r := &rows[i]
		keys := []string{"task " + r.TaskID}
		if byRepo && r.Repo != nil && *r.Repo != "" {
			keys = append(keys, "repository "+*r.Repo)
		}
		for _, k := range keys {
			if other, ok := in[k]; ok && other != r.Split {
				return fmt.Errorf("mixer: %s lies in %s and %s", k, other, r.Split)
			}
			in[k] = r.Split
		}
	}
	return nil
}

func splitReport(rows []pipeline.Selection, of []int32, groups []splitGroup, c *SplitConfig) *SplitReport {
	out := &SplitReport{By: c.By, Method: c.Method, Rows: int64(len(rows)), Groups: int64(len(groups)),
		Splits: make([]SplitFigure, len(splits()))}
	for i, name := range splits() {
		out.Splits[i] = SplitFigure{Split: name, Fraction: c.Fractions.list()[i], Verdicts: map[pipeline.Verdict]int64{}}
	}
	var free int64
	for i := range groups {
		g := &groups[i]
		s := &out.Splits[g.split]
		s.Groups++
		s.Rows += g.rows
		if g.rule < len(c.HoldOut) {
			s.HeldOut += g.rows
		} else {
			free += g.rows
		}
	}
	tasks := map[string]bool{}
	for i := range rows {
		s := &out.Splits[groups[of[i]].split]
		s.Verdicts[rows[i].Verdict]++
		if !tasks[rows[i].TaskID] {
			tasks[rows[i].TaskID] = true
			s.Tasks++
		}
	}
	for i := range out.Splits {
		if s := &out.Splits[i]; free > 0 {
			s.Share = float64(s.Rows-s.HeldOut) / float64(free)
		}
	}
	return out
}

// rules are hold-outs with the plain names apart from the patterns.
type rules struct {
	exact    [3]map[string]int // task, repo, source -> first rule
	patterns []pattern
}

type pattern struct {
	of    int // 0 task, 1 repo, 2 source
	parts []string
	rule  int
}

func newRules(hold []HoldOut) *rules {
	r := &rules{}
	for of := range r.exact {
		r.exact[of] = map[string]int{}
	}
	for k, h := range hold {
		for of, names := range [3][]string{h.Tasks, h.Repos, h.Sources} {
			for _, name := range names {
				if strings.Contains(name, "*") {
					r.patterns = append(r.patterns, pattern{of, strings.Split(name, "*"), k})
				} else if _, ok := r.exact[of][name]; !ok {
					r.exact[of][name] = k
				}
			}
		}
	}
	return r
}

// match returns the first rule that fits a row, maxHoldOuts when none does.
func (r *rules) match(row *pipeline.Selection) int {
	best := maxHoldOuts
	repo := ""
	if row.Repo != nil {
		repo = *row.Repo
	}
	value := [3]string{row.TaskID, repo, row.Source}
	for of, names := range r.exact {
		if k, ok := names[value[of]]; ok {
			best = min(best, k)
		}
	}
	for i := range r.patterns {
		if p := &r.patterns[i]; p.rule < best && p.match(value[p.of]) {
			best = p.rule
		}
	}
	return best
}

// match goes from star to star, taking each stretch of text at its first place.
func (p *pattern) match(s string) bool {
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range p.parts[1 : len(p.parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
