package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/exports"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

func (a *app) exportCommand() *cobra.Command {
	var o exports.Options
	var long strings.Builder
	long.WriteString("Write trajectories as other tools read them. Formats:\n\n")
	for _, f := range exports.Formats() {
		fmt.Fprintf(&long, "  %-9s %s\n", f.Name, f.Doc)
	}
	long.WriteString(`
PATH is a file (.jsonl, .jsonl.gz, .jsonl.zst), a folder, or - for standard output.
Nothing is overwritten. Contents are what the policy saw. An outcome is written only
with --labels, and only where its verdict is resolved or unresolved.`)
	c := &cobra.Command{
		Use:   "export DS --to FORMAT -o PATH",
		Short: "Write trajectories as other tools read them",
		Long:  long.String(),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			o.Dataset, o.Workers, o.Stdout = given[0], a.workers, a.out
			return a.export(c, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Format, "to", "", "format")
	f.StringVarP(&o.Out, "out", "o", "", "where the output goes")
	f.StringVar(&o.View, "view", "", "only what this view selects")
	f.StringVar(&o.Split, "split", "", "of the view, only this split: train, dev or test")
	f.StringVar(&o.Labels, "labels", "", "label set: adds resolved, true or false, where the verdict is a score")
	f.BoolVar(&o.Reasoning, "reasoning", false, "write hidden reasoning too")
	f.BoolVar(&o.Final, "final", false, "write the scaffold's last word too")
	f.BoolVar(&o.Demos, "demos", false, "write demonstrations too")
	f.Int64Var(&o.ShardRows, "shard-rows", 0, "rows of a file of lines in a folder (0: by size)")
	return c
}

func (a *app) export(c *cobra.Command, o exports.Options) error {
	switch {
	case o.Format == "":
		return usage("as what? say --to FORMAT; see `%s --help`", c.CommandPath())
	case o.Out == "":
		return usage("where to? say -o PATH")
	}
	if err := o.Validate(); err != nil {
		return &usageError{err}
	}
	o.Progress = a.progress().Task("export")
	res, err := exports.Export(c.Context(), o)
	a.closeBoard()
	if errors.Is(err, dataset.ErrNone) {
		return &usageError{err}
	}
	if err != nil {
		return err
	}
	if a.json && o.Out != "-" {
		return a.print(res)
	}
	out := a.out
	if o.Out == "-" {
		out = a // standard output holds what was exported
	}
	if a.json {
		return json.NewEncoder(out).Encode(res)
	}
	counts := pipeline.Counts{In: res.In, Out: res.Out, Dropped: res.Dropped}
	_, err = fmt.Fprintf(out, "%s: %s: %s (%d files, %d bytes)\n", o.Out, res.Format, counts, res.Files, res.Bytes)
	return err
}
