package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// open opens a dataset that the command line names.
func open(ctx context.Context, uri string) (*dataset.Dataset, error) {
	d, err := dataset.Open(ctx, uri)
	if errors.Is(err, dataset.ErrNone) {
		return nil, usage("%w; is this the right place, and has the stage that makes it finished?", err)
	}
	return d, err
}

func (a *app) statsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stats DS",
		Short: "Count the rows of a dataset by policy, source, scaffold and verdict",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := open(c.Context(), args[0])
			if err != nil {
				return err
			}
			s, err := dataset.Summarize(c.Context(), d)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(newStatsDoc(s))
			}
			return printStats(a.out, d, s)
		},
	}
}

// statsDoc is what stats --json prints. The four columns that every consumer
// asks for are always there, empty where the kind of dataset has none.
type statsDoc struct {
	Rows int64                       `json:"rows"`
	By   map[string]map[string]int64 `json:"by"`
}

func newStatsDoc(s dataset.Stats) statsDoc {
	doc := statsDoc{Rows: s.Rows, By: map[string]map[string]int64{}}
	for _, column := range []string{"policy", "source", "scaffold", "verdict"} {
		doc.By[column] = map[string]int64{}
	}
	for column, values := range s.By {
		doc.By[column] = values
	}
	return doc
}

func printStats(w io.Writer, d *dataset.Dataset, s dataset.Stats) error {
	m := d.Manifest
	fmt.Fprintf(w, "%s: %s, %d rows, made by %s (key %s)\n", d.URI, m.Kind, s.Rows, m.Stage, m.Key.Short())
	fmt.Fprintf(w, "counts: %s\n", m.Counts)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(s.By)) {
		values := s.By[name]
		for _, v := range slices.SortedFunc(maps.Keys(values), func(a, b string) int {
			if values[a] != values[b] {
				return int(values[b] - values[a])
			}
			return strings.Compare(a, b)
		}) {
			fmt.Fprintf(t, "%s\t%s\t%d\n", name, term.Line(v), values[v])
		}
	}
	return t.Flush()
}

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify DS…",
		Short: "Recompute every hash and law of datasets, and name each fault",
		Args:  args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var faulty []string
			var reports []any
			for _, uri := range args {
				r, err := dataset.Verify(c.Context(), uri)
				if err != nil {
					return err
				}
				if len(r.Faults) > 0 {
					faulty = append(faulty, uri)
				}
				reports = append(reports, r)
				if !a.json {
					printReport(a.out, uri, r)
				}
			}
			if a.json {
				doc := any(reports)
				if len(reports) == 1 {
					doc = reports[0]
				}
				if err := a.print(doc); err != nil {
					return err
				}
			}
			if len(faulty) > 0 {
				return fmt.Errorf("verify: faults in %s", strings.Join(faulty, ", "))
			}
			return nil
		},
	}
}

func printReport(w io.Writer, uri string, r dataset.Report) {
	for _, f := range r.Faults {
		fmt.Fprintf(w, "%s: %s\n", uri, term.Line(f.Path+": "+f.Fault))
	}
	if len(r.Faults) == 0 {
		fmt.Fprintf(w, "%s: whole: %d files, %d bytes, %d rows\n", uri, r.Files, r.Bytes, r.Rows)
	}
}

func (a *app) inspectCommand() *cobra.Command {
	var id string
	var full, diff bool
	var raw []string
	c := &cobra.Command{
		Use:   "inspect DS [--id X]",
		Short: "Read one trajectory as a person would; without --id, list what is there",
		Long: `Read one trajectory as a person would; without --id, list what is there.

With --diff it is compared with the raw document that it was made of: whether that
is still the same, and what became of every value in it. The exit code is 1 where
the document has changed or a value is neither kept nor left behind for a reason.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := open(c.Context(), args[0])
			if err != nil {
				return err
			}
			if d.Manifest.Kind != pipeline.KindTrajectories {
				return usage("%s holds %s; inspect reads trajectories (see `swerm stats %s`)", args[0], d.Manifest.Kind, args[0])
			}
			if diff && id == "" {
				return usage("whose? --diff compares one record; say --id X")
			}
			if len(raw) > 0 && !diff {
				return usage("--raw says where --diff finds the raw files")
			}
			if id == "" {
				return a.list(c.Context(), d)
			}
			t, err := find(c.Context(), d, id)
			if err != nil {
				return err
			}
			if diff {
				return a.diff(c.Context(), d, t, raw, full)
			}
			if a.json {
				return a.print(t)
			}
			return printTrajectory(a.out, t, full)
		},
	}
	c.Flags().StringVar(&id, "id", "", "trajectory id, its first digits, or an instance id")
	c.Flags().BoolVar(&full, "full", false, "leave nothing out")
	c.Flags().BoolVar(&diff, "diff", false, "compare the record with the raw document it was made of")
	c.Flags().StringArrayVar(&raw, "raw", nil, "the input that was imported, where --diff looks; give it again for more")
	return c
}

// list prints a line for each trajectory, from the index alone.
func (a *app) list(ctx context.Context, d *dataset.Dataset) error {
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for row, err := range dataset.Scalars(ctx, d) {
		if err != nil {
			return err
		}
		v := row.Value
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", v.ID, cell(v.TaskID), cell(v.Policy), cell(v.Scaffold), cell(text(v.ExitStatus)))
	}
	return t.Flush()
}

// cellRunes is how much of a name a table shows: one long name would make every
// line as long.
const cellRunes = 80

func cell(s string) string {
	r := []rune(term.Line(s))
	if len(r) <= cellRunes {
		return string(r)
	}
	return string(r[:cellRunes-1]) + "…"
}

// find reads the one trajectory that id names.
func find(ctx context.Context, d *dataset.Dataset, id string) (*pipeline.Trajectory, error) {
	var refs []dataset.Ref
	for row, err := range dataset.Scalars(ctx, d) {
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(row.Value.ID, id) || text(row.Value.InstanceID) == id {
			refs = append(refs, dataset.Ref{PartKey: row.PartKey, Row: row.Row})
		}
	}
	switch {
	case len(refs) == 0:
		return nil, usage("%s has no trajectory %q; `swerm inspect %s` lists them", d.URI, id, d.URI)
	case len(refs) > 1:
		return nil, usage("%q names %d trajectories of %s; give more digits of one id", id, len(refs), d.URI)
	}
	for row, err := range dataset.ReadAt[pipeline.Trajectory](ctx, d, refs, dataset.ReadOptions{}) {
		return row.Value, err
	}
	return nil, fmt.Errorf("%s: the index names a row that the parts do not hold; run `swerm verify %s`", d.URI, d.URI)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
