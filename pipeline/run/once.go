package run

import (
	"context"
	"errors"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// Raw files are hashed for a task's key, and read for its rows. Where nothing has
// to be known before, a stage that can does both at once: it runs under a
// provisional key, made of names, sizes and times, and publishes under its own.

// once plans a task so that its raw files are read once. It returns nil where its key
// is wanted first: to see that the task is done, to go on with what a killed run has
// left under it, or because it costs nothing.
func (s *Single) once(ctx context.Context, o Options, p *planner) (*Planned, error) {
	if !slices.ContainsFunc(s.Inputs, func(r Ref) bool { return r.Port.ReadOnce }) {
		return nil, nil
	}
	if _, err := dataset.Open(ctx, s.Out); !errors.Is(err, dataset.ErrNone) {
		return nil, nil // what is there, or wrong with the place, is said by the plan
	}
	p.once = true
	defer func() { p.once = false }()
	t, err := p.task(ctx, &File{}, s.step(), nil, s.Out)
	if err != nil {
		return nil, err
	}
	left, err := dataset.Unfinished(ctx, s.Out)
	if err != nil || !p.suits(t, left) {
		return nil, err
	}
	t.RawBytes = p.rawBytes()
	t.settle = func(ctx context.Context, task *pipeline.Task) error {
		p.keyer.Progress = o.Board.task("hashing inputs")
		err := p.settle(ctx, task)
		o.Board.end("hashing inputs", err == nil)
		return err
	}
	return t, nil
}

// suits decides it from what is left of earlier runs.
func (p *planner) suits(t *Planned, left []string) bool {
	known := true
	for _, in := range t.Inputs {
		l, ok := in.Sums.(*listing)
		if ok && l.racy() {
			return false
		}
		known = known && (!ok || l.known(p.keyer))
	}
	if len(left) > 0 {
		return slices.Contains(left, t.Key.Short())
	}
	return !known
}

// listing lists an input once.
func (p *planner) listing(ctx context.Context, uri, name string) (*listing, error) {
	id := uri + "\x00" + name
	if l := p.listings[id]; l != nil {
		return l, nil
	}
	l, err := list(ctx, uri, name)
	if err != nil {
		return nil, err
	}
	p.listings[id] = l
	return l, nil
}

// rawBytes is the size of all raw inputs.
func (p *planner) rawBytes() (n int64) {
	for _, l := range p.listings {
		n += l.bytes()
	}
	return n
}

// settle gives a task and its inputs their own keys.
func (p *planner) settle(ctx context.Context, t *pipeline.Task) error {
	var keys []pipeline.InputKey
	for i := range t.Inputs {
		in := &t.Inputs[i]
		if l, ok := in.Sums.(*listing); ok {
			if err := l.complete(ctx); err != nil {
				return err
			}
			var err error
			if in.Key, err = p.keyer.sumUp(ctx, l); err != nil {
				return err
			}
		}
		keys = append(keys, pipeline.InputKey{Port: in.Port, Key: in.Key})
	}
	_ = p.keyer.Save() // only costs time where it cannot be written
	var err error
	t.Key, err = pipeline.TaskKey(t.Stage.Name, t.Stage.Version, t.Config, keys)
	return err
}
