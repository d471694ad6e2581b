// Command swerm turns agent trajectories into reward models: it collects
// trajectories, labels them, controls the mixture, and trains, runs and judges
// a model that reads a whole trajectory and answers YES or NO.
//
//	swerm run FILE            a whole pipeline from a run file
//	swerm import IN… -o DS    one stage of it; every stage has a verb
//	swerm inspect DS --id X   look at what is there
//
// Results go to stdout, as text or, with --json, as one JSON document. Logs
// and progress go to stderr. Exit codes: 0 done; 1 failed; 2 wrong usage or
// config; 3 finished, but more records were rejected than allowed; 4 (of one
// rank of a training) another rank ended it; 130 interrupted, and the same
// command goes on from there.
//
// This package parses, prints and chooses exit codes; the work is in the
// packages whose stages stages.go lists.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/swerm/swerm/internal/term"
)

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs one command line and returns its exit code.
func execute(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, stages: stages()}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
		case <-ctx.Done():
			select {
			case <-ended: // the end cancels too
				return
			default:
			}
			stop() // a second signal ends the process at once
			fmt.Fprintln(a, "swerm: stopping; once more to stop at once")
		}
	}()
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.closeBoard()
	code := exitCode(ctx, err)
	switch {
	case code == exitInterrupted:
		fmt.Fprintln(a.err, "swerm: interrupted; the same command goes on from here")
	case err != nil:
		fmt.Fprintf(a.err, "swerm: %s\n", term.Text(err.Error()))
	}
	return code
}
