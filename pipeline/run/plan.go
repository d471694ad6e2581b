package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
)

// A Planned is a step with its key, which follows from stage, version, config
// and the keys of its inputs, so it is known before anything runs.
type Planned struct {
	Step   *Step
	Key    pipeline.Key
	Out    string
	Inputs []pipeline.Input

	Done     *dataset.Dataset // the committed output; nil when the task must run
	RawBytes int64            // of raw inputs, in a Single

	Redo   bool   // run it again although it is committed
	Reason string // why it runs

	after  []*Planned
	settle func(ctx context.Context, t *pipeline.Task) error // of a provisional key, else nil
}

// Plan is what a run would do, in order.
type Plan struct {
	File  *File
	Tasks []*Planned
}

// planner gives the steps of a file their keys.
type planner struct {
	keyer    *Keyer
	listings map[string]*listing // by URI and name
	once     bool                // keys of ports that are ReadOnce are provisional
}

func newPlanner(k *Keyer) *planner {
	return &planner{keyer: k, listings: map[string]*listing{}}
}

// plan computes keys and looks up what is committed. from names a step that
// runs again with all that depends on it.
func (f *File) plan(ctx context.Context, keyer *Keyer, from string) (*Plan, error) {
	if err := f.checkFrom(from); err != nil {
		return nil, err
	}
	p := newPlanner(keyer)
	plan := &Plan{File: f}
	byStep := map[*Step]*Planned{}
	var errs []error
	for _, s := range f.Steps {
		t, err := p.task(ctx, f, s, byStep, "")
		if err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil {
				break
			}
			t = &Planned{Step: s}
		}
		byStep[s] = t
		plan.Tasks = append(plan.Tasks, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	plan.from(from)
	return plan, nil
}

// checkFrom refuses an id that no step has.
func (f *File) checkFrom(id string) error {
	var ids []string
	for _, s := range f.Steps {
		if s.ID == id {
			return nil
		}
		ids = append(ids, s.ID)
	}
	if id == "" {
		return nil
	}
	return &InputError{Place: "--from " + id, Err: fmt.Errorf("no stage has this id%s", yamlcfg.Suggest(id, ids))}
}

// from marks a step and what depends on it to run again.
func (p *Plan) from(id string) {
	if id == "" {
		return
	}
	i := slices.IndexFunc(p.Tasks, func(t *Planned) bool { return t.Step.ID == id })
	for _, t := range p.Tasks[i:] {
		again := t == p.Tasks[i] || slices.ContainsFunc(t.after, func(a *Planned) bool { return a.Redo })
		if again && t.Done != nil {
			t.Redo, t.Done, t.Reason = true, nil, "--from "+id
		}
	}
}

// task gives one step its inputs, key and place: out, or one in the run's
// directory.
func (p *planner) task(ctx context.Context, f *File, s *Step, byStep map[*Step]*Planned, out string) (*Planned, error) {
	t := &Planned{Step: s}
	var keys []pipeline.InputKey
	for _, ref := range s.Inputs {
		ins, err := p.inputs(ctx, ref, byStep)
		if err != nil {
			return nil, &InputError{Place: ref.place(), Err: err}
		}
		for _, in := range ins {
			t.Inputs = append(t.Inputs, in)
			keys = append(keys, pipeline.InputKey{Port: in.Port, Key: in.Key})
		}
		if ref.Step != nil {
			t.after = append(t.after, byStep[ref.Step])
		}
	}
	key, err := pipeline.TaskKey(s.Stage.Name, s.Stage.Version, s.Config, keys)
	if err != nil {
		return nil, err
	}
	t.Key = key
	if t.Out = out; out == "" {
		t.Out = filepath.Join(f.Out, s.ID+"-"+key.Short())
	}
	t.Done, t.Reason, err = committed(ctx, t.Out, s.Stage.Output, key)
	return t, err
}

// committed opens the output of a task that has been done.
func committed(ctx context.Context, out string, kind pipeline.Kind, key pipeline.Key) (*dataset.Dataset, string, error) {
	d, err := dataset.Open(ctx, out)
	switch {
	case errors.Is(err, dataset.ErrNone):
		return nil, "not done yet", nil
	case err != nil:
		return nil, "", fmt.Errorf("%w; move it away to have it made again", err)
	case d.Manifest.Key != key:
		return nil, "", fmt.Errorf("%s: %w: made by stage %s with key %s, wanted is key %s; choose another place or move it away",
			out, dataset.ErrOther, d.Manifest.Stage, d.Manifest.Key.Short(), key.Short())
	case d.Manifest.Kind != kind:
		return nil, "", fmt.Errorf("%s: holds %s, not %s", out, d.Manifest.Kind, kind)
	}
	if err := d.Manifest.Counts.Check(); err != nil {
		return nil, "", fmt.Errorf("%s: %w", out, err)
	}
	return d, "", nil
}

// inputs turns one reference into inputs; a pattern gives as many as match it.
func (p *planner) inputs(ctx context.Context, ref Ref, byStep map[*Step]*Planned) ([]pipeline.Input, error) {
	if ref.Step != nil {
		from := byStep[ref.Step]
		in := pipeline.Input{Port: ref.Port.Name, Name: ref.Step.ID, URI: from.Out, Kind: ref.Port.Kind, Key: from.Key}
		if in.Kind == pipeline.KindRaw { // origins carry the id, so it is part of the content
			in.Key = pipeline.HashKey([]byte("swerm-raw-1 " + in.Name + " " + string(from.Key)))
		}
		return []pipeline.Input{in}, nil
	}
	uris, err := matches(ref.URI)
	if err != nil {
		return nil, err
	}
	if len(uris) > 1 && (!ref.Port.Many || ref.Name != "") {
		return nil, fmt.Errorf("%s matches %d paths, and one is wanted", ref.URI, len(uris))
	}
	var ins []pipeline.Input
	for _, uri := range uris {
		in, err := p.outside(ctx, ref, uri)
		if err != nil {
			return nil, err
		}
		ins = append(ins, in)
	}
	return ins, nil
}

// outside gives an input that no step makes its key: a dataset has one in its
// manifest, and everything else is keyed by content.
func (p *planner) outside(ctx context.Context, ref Ref, uri string) (pipeline.Input, error) {
	in := pipeline.Input{Port: ref.Port.Name, Name: ref.Name, URI: uri, Kind: ref.Port.Kind}
	if in.Name == "" {
		in.Name = baseName(uri)
	}
	if in.Kind != pipeline.KindRaw {
		d, err := dataset.Open(ctx, uri)
		if err == nil && !fits(d.Manifest.Kind, in.Kind) {
			return in, fmt.Errorf("%s holds %s, and the input %q takes %s", uri, d.Manifest.Kind, in.Port, in.Kind)
		}
		if err == nil {
			in.Key = d.Manifest.Key
			return in, nil
		}
		artifact := in.Kind == pipeline.KindCheckpoint || in.Kind == pipeline.KindTokenizer
		if !artifact || !errors.Is(err, dataset.ErrNone) {
			return in, err
		}
	}
	l, err := p.listing(ctx, uri, in.Name)
	switch {
	case err != nil:
		return in, err
	case p.once && ref.Port.ReadOnce:
		in.Key, in.Sums = l.key(), l
		return in, nil
	case l.content == "":
		l.content, err = p.keyer.sumUp(ctx, l)
	}
	in.Key = l.content
	return in, err
}

// fits says whether a port takes a kind. A checkpoint holds its tokenizer, so
// it can stand for one.
func fits(kind, port pipeline.Kind) bool {
	return kind == port || kind == pipeline.KindCheckpoint && port == pipeline.KindTokenizer
}

// matches expands a pattern of local paths, sorted. A path that exists as it
// is written is no pattern.
func matches(uri string) ([]string, error) {
	if !store.IsLocal(uri) || !strings.ContainsAny(uri, "*?[") {
		return []string{uri}, nil
	}
	if _, err := os.Lstat(uri); err == nil {
		return []string{uri}, nil
	}
	uris, err := filepath.Glob(uri)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	if len(uris) == 0 {
		return nil, fmt.Errorf("no file matches %s", uri)
	}
	return uris, nil
}

func baseName(uri string) string {
	if local, err := store.LocalPath(uri); err == nil {
		if abs, err := filepath.Abs(local); err == nil {
			return filepath.Base(abs)
		}
	}
	uri = strings.TrimRight(uri, "/")
	return uri[strings.LastIndex(uri, "/")+1:]
}
