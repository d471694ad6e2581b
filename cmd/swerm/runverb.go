package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/pipeline/run/runner"
)

func (a *app) runCommand() *cobra.Command {
	var o struct {
		dry, noWait, mix bool
		from, runner     string
		maxReject        int64
	}
	c := &cobra.Command{
		Use:   "run FILE [id.key=value …]",
		Short: "Run a pipeline file: do what is not done yet",
		Long: `Run a pipeline file. A stage whose output is there is not run again, so a second
run does nothing and a changed config runs again only what depends on it.

Settings change the file from the command line: out=DIR, name=NAME, vars.NAME=TEXT,
max_reject=N, and id.key=value for the config of the stage with that id.`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if o.runner != "local" {
				return usage("--runner %s: known: local", o.runner)
			}
			file, err := a.load(args[0], args[1:])
			if err != nil {
				return err
			}
			if c.Flags().Changed("max-reject") {
				file.MaxReject = o.maxReject
			}
			opts := a.options()
			opts.From, opts.NoWait, opts.MixKernels = o.from, o.noWait, o.mix
			if o.dry {
				return a.dryRun(c, file, opts)
			}
			opts.Runner = runner.NewLocal(a.workers)
			return a.runFile(c, file, opts)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.dry, "dry-run", false, "say what would run and what is cached, and write nothing")
	f.StringVar(&o.from, "from", "", "run the stage with this id, and what depends on it, again")
	f.StringVar(&o.runner, "runner", "local", "where tasks run: local")
	f.BoolVar(&o.noWait, "no-wait", false, "fail at once when another run holds the directory, and say which")
	f.BoolVar(&o.mix, "mix-kernels", false, "go on from float results of another kernel family")
	f.Int64Var(&o.maxReject, "max-reject", 0, "records that may be rejected (-1: any number); default is max_reject of the file, 0 without one")
	return c
}

// load reads a run file.
func (a *app) load(path string, settings []string) (*run.File, error) {
	file, err := run.Loader{Stages: a.stages, Settings: settings}.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("%w", err)
	}
	var wrong *usageError
	if err != nil && !errors.As(err, &wrong) {
		return nil, &usageError{err}
	}
	return file, err
}

func (a *app) dryRun(c *cobra.Command, file *run.File, o run.Options) error {
	plan, err := file.Plan(c.Context(), o)
	if err != nil {
		return err
	}
	if a.json {
		return a.print(plan.JSON())
	}
	a.closeBoard()
	return plan.Print(a.out)
}

func (a *app) runFile(c *cobra.Command, file *run.File, o run.Options) error {
	s, err := file.Run(c.Context(), o)
	if s == nil {
		return err
	}
	a.closeBoard()
	if a.json {
		return errors.Join(err, a.print(s))
	}
	for _, r := range s.Rows { // what was judged just now stands above the table of stages
		if r.Done != nil && r.Done.Manifest.Kind == pipeline.KindReport {
			err = errors.Join(err, printTable(a.out, r.Result))
		}
	}
	err = errors.Join(err, s.Print(a.out))
	for i := range s.Rows { // where to look comes last
		err = errors.Join(err, a.printPage(&s.Rows[i]))
	}
	return err
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status RUNDIR",
		Short: "Say how a run stands: what is done, where it lies, what failed last",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := run.ReadStatus(args[0])
			if errors.Is(err, fs.ErrNotExist) {
				if _, missing := os.Stat(args[0]); missing != nil {
					return usage("%s: no such directory", args[0])
				}
				return usage("%s: no run has been there (it has neither run.json nor a ledger)", args[0])
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.print(st)
			}
			return st.Print(a.out)
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it was built with",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if a.json {
				return a.print(v)
			}
			_, err := fmt.Fprintf(a.out, "swerm %s %s %s kernels %s\n", v.Version, v.Revision, v.Go, v.Kernel)
			return err
		},
	}
}
