package labeler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// An Agreement says how far two label sets of the same trajectories agree.
type Agreement struct {
	A      string `json:"a"`
	B      string `json:"b"`
	Both   int64  `json:"both"`   // trajectories that both label
	OnlyA  int64  `json:"only_a"` // that B has no label of
	OnlyB  int64  `json:"only_b"`
	Agree  int64  `json:"agree"`  // same verdict
	Scores int64  `json:"scores"` // where both verdicts are scores

	// Kappa is Cohen's over all verdicts of Both, KappaScores over the two that
	// are scores where both are; nil where chance alone would agree always or
	// there is nothing to compare.
	Kappa       *float64 `json:"kappa"`
	KappaScores *float64 `json:"kappa_scores"`

	// Table counts pairs of verdicts, A's first; pairs that do not occur are
	// left out.
	Table []Cell `json:"table"`

	// Differ lists trajectories on which both give a score and these are not the
	// same, the first of them.
	Differ []Dispute `json:"differ"`
}

// A Cell is one pair of verdicts.
type Cell struct {
	A     pipeline.Verdict `json:"a"`
	B     pipeline.Verdict `json:"b"`
	Count int64            `json:"count"`
}

// A Dispute is a trajectory with two scores.
type Dispute struct {
	TrajectoryID string           `json:"trajectory_id"`
	A            pipeline.Verdict `json:"a"`
	B            pipeline.Verdict `json:"b"`
	ReasonA      string           `json:"reason_a"`
	ReasonB      string           `json:"reason_b"`
}

// maxDisputes bounds the list; the counts are of all.
const maxDisputes = 100

// Compare holds two label sets against each other. Each may label a trajectory
// once; a second label is an error, since it is not known which is meant.
func Compare(ctx context.Context, a, b *dataset.Dataset) (*Agreement, error) {
	first, err := verdicts(ctx, a)
	if err != nil {
		return nil, err
	}
	second, err := verdicts(ctx, b)
	if err != nil {
		return nil, err
	}
	all := pipeline.Verdicts()
	table := make([][]int64, len(all))
	for i := range table {
		table[i] = make([]int64, len(all))
	}
	g := &Agreement{A: a.URI, B: b.URI, Table: []Cell{}, Differ: []Dispute{}}
	for _, id := range sortedIDs(first) {
		x, y, ok := first[id], pipeline.Label{}, false
		if y, ok = second[id]; !ok {
			g.OnlyA++
			continue
		}
		table[slices.Index(all, x.Verdict)][slices.Index(all, y.Verdict)]++
		g.add(&x, &y)
	}
	g.OnlyB = int64(len(second)) - g.Both
	g.tabulate(all, table)
	return g, nil
}

// verdicts reads the few columns that comparing needs.
func verdicts(ctx context.Context, d *dataset.Dataset) (map[string]pipeline.Label, error) {
	all := map[string]pipeline.Label{}
	columns := []string{"trajectory_id", "verdict", "reason"}
	for l, err := range dataset.Read[pipeline.Label](ctx, d, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return nil, err
		}
		if _, twice := all[l.Value.TrajectoryID]; twice {
			return nil, fmt.Errorf("%s: trajectory %s has two labels", d.URI, l.Value.TrajectoryID)
		}
		if !l.Value.Verdict.Valid() {
			return nil, fmt.Errorf("%s: trajectory %s: %q is no verdict", d.URI, l.Value.TrajectoryID, l.Value.Verdict)
		}
		all[l.Value.TrajectoryID] = *l.Value
	}
	return all, nil
}

func sortedIDs(m map[string]pipeline.Label) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (g *Agreement) add(x, y *pipeline.Label) {
	g.Both++
	if x.Verdict == y.Verdict {
		g.Agree++
	}
	_, scoreX := x.Verdict.Target()
	_, scoreY := y.Verdict.Target()
	if !scoreX || !scoreY {
		return
	}
	if g.Scores++; x.Verdict != y.Verdict && len(g.Differ) < maxDisputes {
		g.Differ = append(g.Differ, Dispute{x.TrajectoryID, x.Verdict, y.Verdict, x.Reason, y.Reason})
	}
}

// tabulate fills the table and the two kappas.
func (g *Agreement) tabulate(all []pipeline.Verdict, table [][]int64) {
	var scores [][]int64
	for i, x := range all {
		var row []int64
		for k, y := range all {
			if table[i][k] > 0 {
				g.Table = append(g.Table, Cell{x, y, table[i][k]})
			}
			if _, ok := y.Target(); ok {
				row = append(row, table[i][k])
			}
		}
		if _, ok := x.Target(); ok {
			scores = append(scores, row)
		}
	}
	g.Kappa, g.KappaScores = kappa(table), kappa(scores)
}

// kappa is Cohen's, of a square table of counts: the share of agreement above
// that of two raters who draw from the margins.
func kappa(table [][]int64) *float64 {
	rows, columns := make([]float64, len(table)), make([]float64, len(table))
	var n, same float64
	for i, row := range table {
		for k, count := range row {
			c := float64(count)
			n, rows[i], columns[k] = n+c, rows[i]+c, columns[k]+c
			if i == k {
				same += c
			}
		}
	}
	if n == 0 {
		return nil
	}
	chance := 0.0
	for i := range rows {
		chance += rows[i] / n * columns[i] / n
	}
	if chance == 1 {
		return nil
	}
	k := (same/n - chance) / (1 - chance)
	return &k
}

// String shows the counts, the kappas and the table.
func (g *Agreement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d labelled by both, %d by %s alone, %d by %s alone\n", g.Both, g.OnlyA, g.A, g.OnlyB, g.B)
	fmt.Fprintf(&b, "%d of %d agree; kappa %s; of %d pairs of scores %s\n", g.Agree, g.Both, shownKappa(g.Kappa), g.Scores, shownKappa(g.KappaScores))
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\tcount\n", g.A, g.B)
	for _, c := range g.Table {
		fmt.Fprintf(w, "%s\t%s\t%d\n", c.A, c.B, c.Count)
	}
	w.Flush()
	for _, d := range g.Differ {
		fmt.Fprintf(&b, "%s: %s (%s), %s (%s)\n", d.TrajectoryID, d.A, d.ReasonA, d.B, d.ReasonB)
	}
	return b.String()
}

func shownKappa(k *float64) string {
	if k == nil {
		return "not defined"
	}
	return fmt.Sprintf("%.3f", *k)
}
