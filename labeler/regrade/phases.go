package regrade

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
)

// fixed reports whether the log is that of a fix in Multi-SWE-bench.
func (a *Attempt) fixed() bool { return a.Log != nil && path.Base(a.Log.Path) == fixLog }

// phased reports whether the logs from before the fix are there too.
func (a *Attempt) phased() bool { return a.fixed() && a.BareLog != nil && a.TestLog != nil }

// phases reads the logs from before the fix, by the parser of the fix's own; nil
// where they are not at hand.
func (a *Attempt) phases(ctx context.Context, p testlog.Parser, limits testlog.Limits) (*grade.Phases, error) {
	if !a.phased() {
		return nil, nil
	}
	bare, err1 := a.BareLog.parse(ctx, p, limits)
	tests, err2 := a.TestLog.parse(ctx, p, limits)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return &grade.Phases{Run: bare, Test: tests}, nil
}

func (f *File) parse(ctx context.Context, p testlog.Parser, limits testlog.Limits) (*testlog.Log, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	log, err := p.Read(ctx, r, limits)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return log, nil
}

// phaseReport is what Multi-SWE-bench writes about an attempt: an object for each
// test that was fixed or kept, and what every run said.
type phaseReport struct {
	Org, Repo, Number string
	Valid             *bool
	Fixed, Kept       []string
	Run, Test         *testlog.Log
}

// phaseKeys are the keys that no other harness writes.
var phaseKeys = []string{"org", "repo", "number", "valid", "fixed_tests", "p2p_tests", "run_result", "test_patch_result"}

// phase reads the value of one of phaseKeys.
func (s *jsonScan) phase(p *phaseReport, key string) (err error) {
	switch key {
	case "org":
		p.Org, err = s.scalar()
	case "repo":
		p.Repo, err = s.scalar()
	case "number":
		p.Number, err = s.scalar()
	case "valid":
		p.Valid, err = s.boolean()
	case "fixed_tests":
		p.Fixed, err = s.keys()
	case "p2p_tests":
		p.Kept, err = s.keys()
	case "run_result":
		p.Run, err = s.run()
	case "test_patch_result":
		p.Test, err = s.run()
	}
	return err
}

// scalar reads a string, or a number as it is written; "" for anything else.
func (s *jsonScan) scalar() (string, error) {
	if s.peek() == '"' {
		return s.string()
	}
	from := s.at
	err := s.skip()
	return s.text[from:s.at], err
}

// keys returns the keys of an object, nil for anything else.
func (s *jsonScan) keys() ([]string, error) {
	if s.peek() != '{' {
		return nil, s.skip()
	}
	all := []string{}
	err := s.object(func(key string) error {
		all = append(all, key)
		return s.skip()
	})
	return all, err
}

// run reads {"passed_tests": […], "failed_tests": […], "skipped_tests": […]}, nil
// for anything else.
func (s *jsonScan) run() (*testlog.Log, error) {
	if s.peek() != '{' {
		return nil, s.skip()
	}
	log := &testlog.Log{Parser: resultsParser}
	return log, s.object(func(key string) error {
		st, ok := map[string]testlog.Status{"passed_tests": testlog.Passed, "failed_tests": testlog.Failed, "skipped_tests": testlog.Skipped}[key]
		if !ok {
			return s.skip()
		}
		names, err := s.strings()
		for _, name := range names {
			log.Records = append(log.Records, testlog.Record{Name: name, Status: st})
		}
		return err
	})
}

// report is what a report of Multi-SWE-bench says; its answer is valid.
func (p *phaseReport) report() *Report {
	r := &Report{Instance: p.Org + "__" + p.Repo + "-" + p.Number, Resolved: *p.Valid, Applied: true, Listed: len(p.Fixed) > 0, shape: shapeMulti}
	r.F2P.Success, r.P2P.Success = p.Fixed, p.Kept
	if p.Run != nil && p.Test != nil {
		r.phases = &grade.Phases{Run: p.Run, Test: p.Test}
	}
	return r
}
