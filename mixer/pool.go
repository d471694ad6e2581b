package mixer

import (
	"cmp"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/zeebo/xxh3"
)

// A pool is the rows a plan may take, in the order in which it would.
type pool struct {
	dims  [dimensions]dimension
	rows  []poolRow // by hash of (seed, id), then id
	tasks int
	limit int64 // cap per task; 0 is none
}

type poolRow struct {
	hash uint64
	at   int32 // place in the rows the plan was given
	task int32 // numbered in order of first appearance here
	cell int32
}

// newPool sorts out the rows that count and says of each other one why not.
func newPool(rows []pipeline.Selection, c *MixConfig) (*pool, []pipeline.DropReason) {
	p := &pool{dims: c.dimensions(), limit: c.CapPerTask}
	drop := make([]pipeline.DropReason, len(rows))
	p.rows = make([]poolRow, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		cell := int32(-1)
		if drop[i] = p.refuse(r, c.Split); drop[i] == "" {
			if cell = p.cell(r); cell < 0 {
				drop[i] = pipeline.DropFiltered
			}
		}
		if drop[i] == "" {
			p.rows = append(p.rows, poolRow{hash: xxh3.HashStringSeed(r.TrajectoryID, c.Seed), at: int32(i), cell: cell})
		}
	}
	slices.SortFunc(p.rows, func(a, b poolRow) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Or(cmp.Compare(rows[a.at].TrajectoryID, rows[b.at].TrajectoryID), cmp.Compare(a.at, b.at))
	})
	kept := p.rows[:0]
	for _, r := range p.rows {
		if n := len(kept); n > 0 && kept[n-1].hash == r.hash && rows[kept[n-1].at].TrajectoryID == rows[r.at].TrajectoryID {
			drop[r.at] = pipeline.DropDuplicate
			continue
		}
		kept = append(kept, r)
	}
	p.rows = kept
	seen := make(map[string]int32, len(p.rows)/4+1)
	for i := range p.rows {
		name := rows[p.rows[i].at].TaskID
		t, ok := seen[name]
		if !ok {
			t = int32(len(seen))
			seen[name] = t
		}
		p.rows[i].task = t
	}
	p.tasks = len(seen)
	return p, drop
}

// refuse says why a row is no candidate whatever the shares are.
func (p *pool) refuse(r *pipeline.Selection, split string) pipeline.DropReason {
	if split != "" && r.Split != split {
		return pipeline.DropOtherSplit
	}
	if r.Verdict == "" {
		return pipeline.DropNoLabel
	}
	if _, ok := r.Verdict.Target(); !ok {
		return pipeline.DropNoVerdict
	}
	return ""
}

func (p *pool) cell(r *pipeline.Selection) int32 {
	source, policy := p.dims[bySource].class(r.Source), p.dims[byPolicy].class(r.Policy)
	if source < 0 || policy < 0 {
		return -1
	}
	verdict := p.dims[byVerdict].class(string(r.Verdict))
	return (source*int32(p.size(byPolicy))+policy)*int32(p.size(byVerdict)) + verdict
}

func (p *pool) size(d int) int { return len(p.dims[d].classes) }

func (p *pool) cells() int { return p.size(bySource) * p.size(byPolicy) * p.size(byVerdict) }

// classOf is the class of a cell in one dimension.
func (p *pool) classOf(cell, d int) int {
	switch d {
	case bySource:
		return cell / (p.size(byPolicy) * p.size(byVerdict))
	case byPolicy:
		return cell / p.size(byVerdict) % p.size(byPolicy)
	}
	return cell % p.size(byVerdict)
}

// wants gives each class of each dimension its count of a total, at least what
// it has in base.
func (p *pool) wants(total int64, base *[dimensions][]int64) (want [dimensions][]int64) {
	for d := range want {
		var from []int64
		if base != nil {
			from = base[d]
		}
		want[d] = Apportion(total, p.dims[d].shares, from)
	}
	return want
}

// table is the product of the counts in whole numbers: first policy by
// verdict, then source by those pairs, so that all sums stay exact.
func (p *pool) table(want [dimensions][]int64) []int64 {
	pairs := flatten(round2(want[byPolicy], want[byVerdict]))
	return flatten(round2(want[bySource], pairs))
}

// describe names a pair of policy and verdict by what was asked of it.
func (p *pool) describe(pair int) string {
	policy, verdict := &p.dims[byPolicy], &p.dims[byVerdict]
	switch a, b := policy.classes[pair/p.size(byVerdict)], verdict.classes[pair%p.size(byVerdict)]; {
	case policy.asked() && verdict.asked():
		return a + " " + b
	case verdict.asked():
		return b
	case policy.asked():
		return a
	}
	return "all rows"
}

// supplies groups rows by task and cell. of[i] is the supply of rows[i]. Where
// nothing caps tasks, all tasks of a source are one.
func (p *pool) supplies(rows []poolRow, used []int64) (s []Supply, of []int32, limits []int64) {
	of = make([]int32, len(rows))
	if p.limit == 0 {
		limits = make([]int64, p.size(bySource))
		at := make([]int32, p.cells())
		for i, r := range rows {
			if at[r.cell] == 0 {
				s = append(s, Supply{Task: int32(p.classOf(int(r.cell), bySource)), Cell: r.cell})
				at[r.cell] = int32(len(s))
			}
			of[i] = at[r.cell] - 1
			s[of[i]].Rows++
		}
		for t := range limits {
			limits[t] = maxTotal
		}
		return s, of, limits
	}
	limits = make([]int64, p.tasks)
	for t := range limits {
		limits[t] = p.limit
		if used != nil {
			limits[t] -= used[t]
		}
	}
	order := byTask(rows, p.tasks)
	var local []int32 // supplies of the task at hand: few
	for k, i := range order {
		r := rows[i]
		if k == 0 || rows[order[k-1]].task != r.task {
			local = local[:0]
		}
		found := slices.IndexFunc(local, func(j int32) bool { return s[j].Cell == r.cell })
		if found < 0 {
			found = len(local)
			local = append(local, int32(len(s)))
			s = append(s, Supply{Task: r.task, Cell: r.cell})
		}
		of[i] = local[found]
		s[local[found]].Rows++
	}
	return s, of, limits
}

// byTask lists rows task by task, in order inside each.
func byTask(rows []poolRow, tasks int) []int32 {
	at := make([]int32, tasks+1)
	for _, r := range rows {
		at[r.task+1]++
	}
	for t := range tasks {
		at[t+1] += at[t]
	}
	order := make([]int32, len(rows))
	for i, r := range rows {
		order[at[r.task]] = int32(i)
		at[r.task]++
	}
	return order
}

// problem states what one total asks of some rows.
func (p *pool) problem(rows []poolRow, used []int64, total int64, want [dimensions][]int64) (*Problem, []int32) {
	s, of, limits := p.supplies(rows, used)
	q := &Problem{Want: want, Total: total, Supplies: s, Cap: limits,
		describe: p.describe, sources: p.dims[bySource].classes}
	for d := range want {
		q.Classes[d] = p.size(d)
	}
	return q, of
}
