package comm

import (
	"errors"
	"fmt"
	"time"
)

// Causes of a [RankError], and of refused handshakes.
var (
	// ErrSilent is returned when a rank gave no sign of life for Limits.Silence.
	ErrSilent = errors.New("no sign of life")
	// ErrStalled is returned when a rank lives but did not reach the operation
	// within Limits.Stall.
	ErrStalled = errors.New("alive, but not in this operation")
	// ErrLeft is returned when a rank closed its comm while others went on.
	ErrLeft = errors.New("left the run")
	// ErrAborted is returned when a rank gave up; the error's text has its reason.
	ErrAborted = errors.New("gave up")
	// ErrMismatch is returned when ranks are in different operations or
	// disagree about a size.
	ErrMismatch = errors.New("ranks are not in the same operation")
	// ErrClosed is returned by a comm after Close or Abort.
	ErrClosed = errors.New("comm: closed")

	// ErrToken is returned when the other side does not know the shared token.
	ErrToken = errors.New("comm: the shared token differs")
	// ErrVersion is returned when the other side speaks another protocol or is
	// another build.
	ErrVersion = errors.New("comm: the other rank is of another version")
	// ErrConfig is returned when the other side was started for another run.
	ErrConfig = errors.New("comm: the other rank has another config")
	// ErrStranger is returned when something that is no rank answers.
	ErrStranger = errors.New("comm: not a rank of swerm")
	// ErrJoin is returned when ranks are missing at the end of the time to join.
	ErrJoin = errors.New("comm: ranks are missing")
)

// A RankError is returned by an operation that a rank brought to an end.
type RankError struct {
	Rank  int    // in the comm that Join, Local or JoinMPI returned
	Op    string // what this rank was waiting in
	Cause error
}

// Error names the rank.
func (e *RankError) Error() string { return fmt.Sprintf("rank %d (in %s): %v", e.Rank, e.Op, e.Cause) }

// Unwrap gives the cause.
func (e *RankError) Unwrap() error { return e.Cause }

// Limits bound how long an operation waits. The zero value is the defaults.
type Limits struct {
	// Silence is how long a rank may go without a byte while it is waited
	// for, signs of life included, which every rank gives every Silence/8.
	// Default 15 s.
	Silence time.Duration
	// Stall is how long a rank that lives may keep others waiting in one
	// operation. It bounds a deadlock, not the time of a step; default 30 min.
	Stall time.Duration
}

func (l Limits) orDefault() Limits {
	if l.Silence <= 0 {
		l.Silence = 15 * time.Second
	}
	if l.Stall <= 0 {
		l.Stall = 30 * time.Minute
	}
	return l
}
