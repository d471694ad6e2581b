package exec

import (
	"context"

	"github.com/swerm/swerm/labeler/testlog"
)

// A Runner runs the tests of a tree and returns what they printed. It may be
// called from several goroutines, must not keep or change files, and returns
// soon after ctx ends, then with ctx's error. Any other error is a failure of
// the harness and never of the tree; failing tests are no error.
type Runner func(ctx context.Context, files map[string]string, tests []string) (log []byte, err error)

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
