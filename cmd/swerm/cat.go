package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/pipeline/dataset"
)

func (a *app) catCommand() *cobra.Command {
	var (
		columns []string
		limit   int64
		rejects bool
	)
	c := &cobra.Command{
		Use:   "cat DS",
		Short: "Print the rows of a dataset of any kind as JSON lines",
		Long: `Print the rows of a dataset of any kind as JSON lines: keys are the column names
on disk, nulls are null, lists and structs are nested. One row after another, in
the order of the dataset. With --rejects the records that were not kept: where
each came from, and why.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 0 {
				return usage("--limit %d: a number of rows, or 0 for all", limit)
			}
			d, err := open(c.Context(), args[0])
			if err != nil {
				return err
			}
			if rejects {
				if c.Flags().Changed("columns") {
					return usage("--rejects has no columns to choose")
				}
				return catLines(a.out, rejectLines(c.Context(), d), limit)
			}
			o := dataset.ReadOptions{Workers: a.workers}
			if c.Flags().Changed("columns") {
				o.Columns = append([]string{}, columns...)
			}
			return cat(c.Context(), a.out, d, o, limit)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&columns, "columns", nil, "only these, with dots into lists and structs: policy,usage.turns,messages.role")
	f.Int64Var(&limit, "limit", 0, "stop after so many rows (0: all)")
	f.BoolVar(&rejects, "rejects", false, "the records that were not kept, and why")
	return c
}

func rejectLines(ctx context.Context, d *dataset.Dataset) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		for r, err := range dataset.Rejects(ctx, d) {
			line.Reset()
			if err == nil {
				err = enc.Encode(r)
			}
			if !yield(bytes.TrimRight(line.Bytes(), "\n"), err) || err != nil {
				return
			}
		}
	}
}

// cat prints at most limit rows, all for 0.
func cat(ctx context.Context, out io.Writer, d *dataset.Dataset, o dataset.ReadOptions, limit int64) error {
	lines, err := dataset.Lines(ctx, d, o)
	if err != nil {
		return &usageError{err}
	}
	return catLines(out, lines, limit)
}

func catLines(out io.Writer, lines iter.Seq2[[]byte, error], limit int64) error {
	w := bufio.NewWriterSize(out, 64<<10)
	n := int64(0)
	for l, err := range lines {
		if err == nil {
			_, err = w.Write(append(term.JSON(l), '\n'))
		}
		if err != nil {
			return errors.Join(err, w.Flush()) // the rows before it are good
		}
		if n++; n == limit {
			break
		}
	}
	return w.Flush()
}
