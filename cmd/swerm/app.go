package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run"
)

// app is what every verb shares: where it reads and writes, and the stages.
type app struct {
	in     io.Reader
	out    io.Writer
	err    *os.File
	stages []*pipeline.Stage

	json    bool
	quiet   bool
	verbose bool
	workers int
	board   *run.Board

	atEnd []func() // what the command leaves in scratch space
}

// command builds the whole command tree.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "swerm",
		Short:         "Turn agent trajectories into reward models",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, given []string) error {
			if len(given) == 0 {
				return nil
			}
			var known []string
			for _, sub := range c.Commands() {
				known = append(known, sub.Name())
			}
			return usage("unknown command %q%s", given[0], yamlcfg.Suggest(given[0], known))
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetOut(a.out)
	root.SetErr(a.err)
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print one JSON document")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress, warnings only")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log details")
	f.IntVarP(&a.workers, "workers", "j", 0, "parallel workers (0: one for each CPU); never changes what is written")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w; see `%s --help`", err, c.CommandPath())
	})
	root.AddCommand(a.runCommand(), a.statusCommand())
	root.AddCommand(a.stageCommands()...)
	root.AddCommand(a.gradeCommand())
	root.AddCommand(a.formatsCommand(), a.exportCommand(), a.inspectCommand(), a.catCommand(), a.statsCommand(), a.verifyCommand(), a.configCommand(), a.versionCommand())
	return root
}

// args wraps a check of cobra so that its error is one of usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if err := check(c, given); err != nil {
			return usage("%w; see `%s --help`", err, c.CommandPath())
		}
		return nil
	}
}

// Write writes to stderr, above the progress bars where there are any.
func (a *app) Write(p []byte) (int, error) {
	if a.board != nil {
		return a.board.Write(p)
	}
	return a.err.Write(p)
}

// progress returns the board, which the first call opens.
func (a *app) progress() *run.Board {
	if a.quiet {
		return &run.Board{}
	}
	if a.board == nil {
		a.board = run.NewBoard(a.err)
	}
	return a.board
}

func (a *app) closeBoard() {
	if a.board != nil {
		a.board.Close()
		a.board = nil
	}
}

// options are those of the run engine that every verb shares.
func (a *app) options() run.Options {
	return run.Options{Workers: a.workers, Kernel: kernelFamily(), Log: a.logger(), Board: a.progress()}
}

func (a *app) logger() *slog.Logger {
	level := slog.LevelInfo
	switch {
	case a.quiet:
		level = slog.LevelWarn
	case a.verbose:
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a, &slog.HandlerOptions{Level: level,
		ReplaceAttr: func(groups []string, at slog.Attr) slog.Attr {
			if len(groups) == 0 && at.Key == slog.TimeKey {
				return slog.Attr{} // the ledger has the times
			}
			return at
		}}))
}

// print writes v as the JSON document of a verb.
func (a *app) print(v any) error {
	a.closeBoard()
	var doc bytes.Buffer
	enc := json.NewEncoder(&doc)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.out.Write(term.JSON(doc.Bytes()))
	return err
}

// memory is where verbs remember hashes of raw inputs; run files have their own.
func memory() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "swerm", "raw.json")
}
