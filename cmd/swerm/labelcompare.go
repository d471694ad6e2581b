package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

func (a *app) labelCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare A B",
		Short: "Say how far two label sets of the same trajectories agree",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			var sets [2]*dataset.Dataset
			for i, uri := range args {
				d, err := open(c.Context(), uri)
				if err != nil {
					return err
				}
				if d.Manifest.Kind != pipeline.KindLabels {
					return usage("%s holds %s, not labels", uri, d.Manifest.Kind)
				}
				sets[i] = d
			}
			g, err := labeler.Compare(c.Context(), sets[0], sets[1])
			if err != nil {
				return err
			}
			if a.json {
				return a.print(g)
			}
			_, err = fmt.Fprint(a.out, term.Text(g.String()))
			return err
		},
	}
}
