package main

import (
	"context"
	"fmt"

	"github.com/swerm/swerm/labeler/exec"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/microgym/harness"
)

// microgymHarness runs the tests of the procedural world, in this process.
func microgymHarness() exec.Harness {
	return exec.Harness{Name: "microgym", Version: "1", Parser: testlog.Pytest(), Run: runStarlark}
}

// runStarlark prints a line for each test and all of them again in the summary,
// so that the log can be held against itself.
func runStarlark(ctx context.Context, files map[string]string, tests []string) ([]byte, error) {
	r, err := harness.RunTests(ctx, files, harness.TestOptions{Paths: tests})
	if err != nil {
		return nil, err
	}
	log := []byte(r.Text(harness.Verbosity{Level: harness.Verbose, Traceback: harness.ShortTraceback, All: true}))
	if what, stopped := r.Limit(); stopped {
		return log, fmt.Errorf("%w: %s", exec.ErrLimit, what)
	}
	return log, nil
}
