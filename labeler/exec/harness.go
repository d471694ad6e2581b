package exec

import (
	"context"
	"errors"

	"github.com/swerm/swerm/labeler/testlog"
)

// A Runner runs the tests of a tree and returns what they printed. It may be
// called from several goroutines, must not keep or change files, and returns
// soon after ctx ends, then with ctx's error. Where a test was stopped at a
// limit the error wraps [ErrLimit], and the log may say more. Any other error is
// a failure of the harness and never of the tree; failing tests are no error.
type Runner func(ctx context.Context, files map[string]string, tests []string) (log []byte, err error)

// ErrLimit says that a test used up its steps, memory or depth. Such a test
// has neither passed nor failed, so its log is not graded.
var ErrLimit = errors.New("a test reached a limit")

// A Harness is a way to run tests.
type Harness struct {
	Name    string
	Version string // raised whenever a tree may behave differently
	Parser  testlog.Parser
	Run     Runner
}

// MaxLogBytes bounds the log of one run, and what is kept of all runs of one
// patch: more is a tree that prints without end, and no suite of tests.
const MaxLogBytes = 16 << 20
