package report

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// mixtureFile is what stage "mix" says of its plan.
const mixtureFile = "mixture.json"

// mixture is the part of it that is shown.
type mixture struct {
	Candidates int64          `json:"candidates"`
	Tasks      int64          `json:"tasks"`
	CapPerTask int64          `json:"cap_per_task"`
	Scales     []mixtureScale `json:"scales"`
}

type mixtureScale struct {
	Total      int64        `json:"total"`
	Tasks      int64        `json:"tasks"`
	MostOfTask int64        `json:"most_of_task"`
	Product    bool         `json:"product"`
	Classes    []mixtureRow `json:"classes"`
	Cells      []mixtureRow `json:"cells"`
}

// mixtureRow is one class or cell: asked for, taken, and there to take from.
type mixtureRow struct {
	Source    string `json:"source"`
	Policy    string `json:"policy"`
	Verdict   string `json:"verdict"`
	Requested int64  `json:"requested"`
	Observed  int64  `json:"observed"`
	Available int64  `json:"available"`
	UnderCap  int64  `json:"under_cap"`
}

func (r *mixtureRow) name() string {
	name := ""
	for _, s := range []string{r.Source, r.Policy, r.Verdict} {
		if s != "" && name != "" {
			name += " / "
		}
		if s != "" {
			name += named(s)
		}
	}
	if name == "" {
		return "all"
	}
	return name
}

// view counts the rows of a view.
type view struct {
	rows    int64
	tasks   int
	splits  []group
	policy  []group
	sources []group
}

// A group is the rows of one split, policy or source, by verdict.
type group struct {
	name                          string
	tasks                         int
	resolved, unresolved, neither int64
}

func (g *group) total() int64 { return g.resolved + g.unresolved + g.neither }

// maxGroups bounds what one view may name; more is no policy column.
const maxGroups = 100_000

type grouping struct {
	of    map[string]*group
	tasks map[string]map[string]bool
}

func newGrouping() *grouping {
	return &grouping{map[string]*group{}, map[string]map[string]bool{}}
}

func (g *grouping) add(name, task string, v pipeline.Verdict) error {
	own := g.of[name]
	if own == nil {
		if len(g.of) == maxGroups {
			return errors.New("more than 100,000 policies or sources")
		}
		own = &group{name: name}
		g.of[name], g.tasks[name] = own, map[string]bool{}
	}
	g.tasks[name][task] = true
	switch v {
	case pipeline.VerdictResolved:
		own.resolved++
	case pipeline.VerdictUnresolved:
		own.unresolved++
	default:
		own.neither++
	}
	return nil
}

// list has the largest first; equal ones by name.
func (g *grouping) list() []group {
	var out []group
	for name, own := range g.of {
		own.tasks = len(g.tasks[name])
		out = append(out, *own)
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.total(), a.total()), cmp.Compare(a.name, b.name))
	})
	return out
}

func readView(ctx context.Context, d *dataset.Dataset) (*view, error) {
	splits, policies, sources := newGrouping(), newGrouping(), newGrouping()
	tasks := map[string]bool{}
	out := &view{}
	columns := []string{"trajectory_id", "split", "task_id", "policy", "source", "verdict"}
	for row, err := range dataset.Read[pipeline.Selection](ctx, d, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return nil, err
		}
		s := row.Value
		out.rows++
		tasks[s.TaskID] = true
		for _, into := range []struct {
			g    *grouping
			name string
		}{{splits, s.Split}, {policies, s.Policy}, {sources, s.Source}} {
			if err := into.g.add(into.name, s.TaskID, s.Verdict); err != nil {
				return nil, err
			}
		}
	}
	out.tasks = len(tasks)
	out.splits, out.policy, out.sources = splits.list(), policies.list(), sources.list()
	slices.SortStableFunc(out.splits, func(a, b group) int { return cmp.Compare(splitOrder(a.name), splitOrder(b.name)) })
	return out, nil
}

func splitOrder(name string) int {
	if i := slices.Index([]string{pipeline.SplitTrain, pipeline.SplitDev, pipeline.SplitTest}, name); i >= 0 {
		return i
	}
	return 3
}
