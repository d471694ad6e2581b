package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/labeler/testlog"
)

// gradeFlags are those of the verb grade.
type gradeFlags struct {
	rules, tasks []string
	parser       string
	against      bool
	statusOut    string
	out          string
	explain      bool
	patch        string
}

func (a *app) gradeCommand() *cobra.Command {
	f := &gradeFlags{}
	c := &cobra.Command{
		Use:   "grade LOG | TREE",
		Short: "Grade test logs, of one attempt or of a harness's tree, under one rule set or several",
		Long: "Grade test logs under named rule sets.\n\n" +
			"LOG is the log of one attempt; TREE has a folder for each attempt, as harnesses leave it, or is an archive of such\n" +
			"folders. Which tests are required says --instance, a file of tasks, or else the report.json beside a log.\n" +
			"Rule sets: " + known(grade.RuleSets(), func(r grade.RuleSet) string { return r.Name }) + ".\n" +
			"Parsers: " + known(testlog.Parsers(), func(p testlog.Parser) string { return p.Name }) + ".\n\n" +
			"--against-reports grades by the tests that each report lists, under the rule set that the report's shape and\n" +
			"result tell, and fails where a report is not reproduced.",
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.grade(c.Context(), args[0], f) },
	}
	fs := c.Flags()
	fs.StringSliceVar(&f.rules, "rules", nil, "rule sets, by name; the first is the one that reports are written under")
	fs.StringArrayVar(&f.tasks, "instance", nil, "file of tasks: JSON lines, a JSON list, one row, Parquet or Arrow; give it again for more")
	fs.StringVar(&f.parser, "parser", "", "parser for every log, instead of one chosen by repository and content")
	fs.StringVar(&f.patch, "patch", "", "the patch of LOG, where it does not lie beside it as patch.diff")
	fs.BoolVar(&f.against, "against-reports", false, "hold every log against the report beside it")
	fs.StringVar(&f.statusOut, "status-out", "", "with --against-reports: write DIR/<folder>/status.json for every log")
	fs.StringVarP(&f.out, "out", "o", "", "write OUT/<folder>/report.json and OUT/summary.json")
	fs.BoolVar(&f.explain, "explain", false, "say what each verdict rests on, with the lines of the log")
	return c
}

// known writes names in a row.
func known[T any](all []T, name func(T) string) string {
	names := make([]string, len(all))
	for i, x := range all {
		names[i] = name(x)
	}
	return strings.Join(names, ", ")
}

// gradeHeap is how large the heap of a grading is before it is collected.
const gradeHeap = 24 << 20

func (a *app) grade(ctx context.Context, root string, f *gradeFlags) error {
	steady(gradeHeap)
	o, err := f.options(ctx)
	if err != nil {
		return err
	}
	o.Workers = a.workers
	tree, err := openTree(ctx, root, f.patch)
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, bad := range tree.Bad {
		fmt.Fprintf(a, "swerm: %v\n", bad)
	}
	if f.against {
		return a.gradeAgainst(ctx, tree, f)
	}
	if f.statusOut != "" {
		return usage("--status-out goes with --against-reports")
	}
	all, err := regrade.Grade(ctx, tree, o)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return usage("%s: no log of an attempt is there; they are named %s, or NAME.MODEL.eval.log", root, strings.Join(regrade.LogNames(), ", "))
	}
	if f.out != "" {
		if err := regrade.WriteReports(f.out, all); err != nil {
			return err
		}
	}
	if a.json {
		err = a.print(regrade.NewGradeDoc(all))
	} else {
		err = printGrades(a.out, tree, all, f.explain)
	}
	return errors.Join(err, unread(all))
}

// unread is the error where attempts could not be graded.
func unread(all []*regrade.Outcome) error {
	n, first := 0, error(nil)
	for _, o := range all {
		if o.Err != nil {
			if n++; first == nil {
				first = o.Err
			}
		}
	}
	switch {
	case n == 0:
		return nil
	case n == 1:
		return first
	}
	return fmt.Errorf("%d of %d attempts could not be graded; the first: %w", n, len(all), first)
}

func (f *gradeFlags) options(ctx context.Context) (regrade.Options, error) {
	o := regrade.Options{Parser: f.parser, Tasks: map[string]*instance.Task{}}
	for _, name := range f.rules {
		r, err := grade.Find(name)
		if err != nil {
			return o, &usageError{err}
		}
		o.Rules = append(o.Rules, r)
	}
	if f.parser != "" {
		if _, err := testlog.Find(f.parser); err != nil {
			return o, &usageError{err}
		}
	}
	for _, file := range f.tasks {
		if err := readTasks(ctx, file, o.Tasks); err != nil {
			return o, err
		}
	}
	return o, nil
}

// readTasks adds the tasks of a file.
func readTasks(ctx context.Context, file string, into map[string]*instance.Task) error {
	r, err := os.Open(file)
	if err != nil {
		return &usageError{err}
	}
	defer r.Close()
	for t, err := range instance.Read(ctx, r, file) {
		if err != nil {
			return err
		}
		into[t.ID] = t
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// openTree lists what there is to grade.
func openTree(ctx context.Context, root, patch string) (*regrade.Tree, error) {
	info, err := os.Stat(root)
	if err == nil && info.Mode().IsRegular() && !packed(root) {
		return regrade.OpenLog(root, patch), nil
	}
	if patch != "" {
		return nil, usage("--patch is for one log")
	}
	tree, err := regrade.Open(ctx, root, archive.Limits{})
	if errors.Is(err, os.ErrNotExist) {
		return nil, &usageError{err}
	}
	return tree, err
}

// packed knows archives by their names.
func packed(name string) bool {
	base := archive.TrimSuffix(name)
	return strings.HasSuffix(base, ".tar") || archive.RootName(name) != name
}

func (a *app) gradeAgainst(ctx context.Context, tree *regrade.Tree, f *gradeFlags) error {
	o := regrade.AgainstOptions{Workers: a.workers, Statuses: f.statusOut != ""}
	all, err := regrade.Against(ctx, tree, o)
	if err != nil {
		return err
	}
	if f.statusOut != "" {
		if err := regrade.WriteStatus(f.statusOut, all); err != nil {
			return err
		}
	}
	doc := regrade.Summarize(all)
	if doc.Runs, err = regrade.AgainstRuns(ctx, tree, o); err != nil {
		return err
	}
	if a.json {
		err = a.print(doc)
	} else {
		err = printAgainst(a.out, doc)
	}
	logs, agree := doc.Logs, doc.Agree
	for _, r := range doc.Runs {
		logs, agree = logs+r.Logs, agree+r.Agree
	}
	if err == nil && agree < logs {
		err = fmt.Errorf("%d of %d reports are not reproduced", logs-agree, logs)
	}
	return err
}
