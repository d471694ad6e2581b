package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/trainer/comm"
	"github.com/swerm/swerm/trainer/launch"
)

// The exit codes of every verb.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRejects     = 3
	exitTold        = 4 // of a rank of a training: another rank ended it
	exitInterrupted = 130
)

// usageError is a mistake of the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// exitCode is the only place that chooses one. A cancellation counts as an
// interruption only where ctx, the command's own, was interrupted.
func exitCode(ctx context.Context, err error) int {
	var (
		config *yamlcfg.Error
		wrong  *usageError
		input  *run.InputError
		failed *launch.ExitError
		other  *comm.RankError
	)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &failed) && failed.Code > 0: // of the rank that failed first
		return failed.Code
	case errors.Is(err, run.ErrRejects):
		return exitRejects
	case errors.As(err, &other):
		return exitTold
	case errors.As(err, &config), errors.As(err, &wrong), errors.As(err, &input):
		return exitUsage
	}
	return exitFailed
}
