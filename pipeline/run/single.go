package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swerm/swerm/pipeline"
)

// An InputError is an input that is not there or not what its port takes.
type InputError struct {
	Place string // file and line, or the port
	Err   error
}

// Error names the place and the cause.
func (e *InputError) Error() string { return fmt.Sprintf("%s: %v", e.Place, e.Err) }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// place says where a reference was written.
func (r *Ref) place() string {
	if r.node == nil {
		return r.Port.Name
	}
	return r.node.Place()
}

// A Single is one task outside a run file, as a verb of the command line runs
// it: the same keys, the same checks, no ledger. A task whose output is there
// is not run again; the output of another task is never overwritten.
type Single struct {
	Stage     *pipeline.Stage
	Config    pipeline.Config
	Inputs    []Ref
	Out       string
	MaxReject int64  // as in File
	Memory    string // file that remembers hashes of raw inputs; "" hashes anew
}

// Plan gives the task its key and looks whether it is done.
func (s *Single) Plan(ctx context.Context, o Options) (*Planned, error) {
	o.fill()
	return s.plan(ctx, o, newPlanner(NewKeyer(s.Memory)))
}

func (s *Single) step() *Step {
	return &Step{ID: s.Stage.Name, Stage: s.Stage, Config: s.Config, Inputs: s.Inputs}
}

func (s *Single) plan(ctx context.Context, o Options, p *planner) (*Planned, error) {
	p.keyer.Progress = o.Board.task("hashing inputs")
	t, err := p.task(ctx, &File{}, s.step(), nil, s.Out)
	o.Board.end("hashing inputs", true)
	if err != nil {
		return nil, err
	}
	t.RawBytes = p.rawBytes()
	_ = p.keyer.Save() // only costs time where it cannot be written
	return t, nil
}

// Run does the task unless it is done. The row is complete when the error is
// nil or ErrRejects; of a task that failed it holds the result, if the stage
// gave one, and no output.
func (s *Single) Run(ctx context.Context, o Options) (*Row, error) {
	o.fill()
	begin := time.Now()
	p := newPlanner(NewKeyer(s.Memory))
	t, err := s.once(ctx, o, p)
	if t == nil && err == nil {
		t, err = s.plan(ctx, o, p)
	}
	if err != nil {
		return nil, err
	}
	r := &Row{ID: s.Stage.Name, Stage: s.Stage.Name, Key: t.Key, URI: s.Out, RawBytes: t.RawBytes}
	e := &engine{o: o}
	if t.Done != nil {
		r.State, r.Done, r.Counts = StateCached, t.Done, &t.Done.Manifest.Counts
	} else {
		err = e.perform(ctx, t, o.Workers, r)
		o.Board.end(r.ID, err == nil)
	}
	r.Seconds = time.Since(begin).Seconds()
	switch {
	case err == nil && r.State == "":
		r.State = StateDone
	case err != nil && ctx.Err() != nil:
		return nil, errors.Join(ctx.Err(), err)
	case err != nil:
		r.State, r.err, r.Error = StateFailed, err, err.Error()
		return r, err
	}
	if s.MaxReject >= 0 && r.Counts.Failed > s.MaxReject {
		return r, fmt.Errorf("%w: %d, allowed are %d; %s/rejects says which and why, --max-reject says how many are fine",
			ErrRejects, r.Counts.Failed, s.MaxReject, s.Out)
	}
	return r, nil
}
