package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/swerm/swerm/judge"
)

// scoreIDs are the flags of `score CKPT --ids`: rows of token ids, no dataset.
type scoreIDs struct {
	file    string
	yes, no int32

	precision string
	weights   string
}

func scoreIDsFlags(f *pflag.FlagSet) *scoreIDs {
	o := &scoreIDs{}
	f.StringVar(&o.file, "ids", "", `score lines of {"ids":[…]} from this file (- is stdin) and print a JSON line for each; needs --yes and --no, and no TOKENS or -o`)
	f.Int32Var(&o.yes, "yes", -1, "token id of YES, for --ids")
	f.Int32Var(&o.no, "no", -1, "token id of NO, for --ids")
	f.StringVar(&o.precision, "precision", "", "precision of products, for --ids: fp32 (default), bf16 or bf16x3")
	f.StringVar(&o.weights, "weights-in", judge.WeightsInFile, "where weights are for --ids: file (pages are read as they are used) or memory (a copy)")
	return o
}

func (a *app) scoreIDs(ctx context.Context, args []string, o *scoreIDs) error {
	if len(args) != 1 {
		return usage("score --ids takes one checkpoint, not %d arguments", len(args))
	}
	if o.yes < 0 || o.no < 0 {
		return usage("score --ids needs --yes ID and --no ID, the token ids of the two verdicts")
	}
	if o.weights != judge.WeightsInFile && o.weights != judge.WeightsInMemory {
		return usage("--weights-in is %s or %s, not %q", judge.WeightsInFile, judge.WeightsInMemory, o.weights)
	}
	if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
		return usage("%s: no such checkpoint", args[0])
	}
	in := a.in
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return usage("%w", err)
		}
		defer f.Close()
		in = f
	}
	w := bufio.NewWriter(a.out)
	err := judge.ScoreIDs(ctx, args[0], io.Reader(in), w, judge.IDsOptions{
		Yes: o.yes, No: o.no, Threads: a.workers, Precision: judge.Precision(o.precision), WeightsIn: o.weights,
	})
	return errors.Join(err, w.Flush())
}
