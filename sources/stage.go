package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/plugin"
)

// stageVersion rises whenever equal inputs would give other bytes, whichever
// format caused it.
const stageVersion = 8

// Stage returns the stage "import".
func Stage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "import",
		Version: stageVersion,
		Doc:     "read trajectories of any supported format into a dataset",
		Inputs: []pipeline.Port{
			{Name: "raw", Kind: pipeline.KindRaw, Many: true, ReadOnce: true},
			{Name: "names", Kind: pipeline.KindRaw, Optional: true},
			{Name: "tasks", Kind: pipeline.KindRaw, Optional: true, Many: true},
		},
		Output:    pipeline.KindTrajectories,
		NewConfig: func() pipeline.Config { return &Config{} },
		Run:       run,
	}
}

// Result is what the verb prints. Seconds are of this run and stored nowhere.
type Result struct {
	In      int64                         `json:"in"`
	Out     int64                         `json:"out"`
	Dropped map[pipeline.DropReason]int64 `json:"dropped"`
	Failed  int64                         `json:"failed"`
	Ignored int64                         `json:"ignored"`
	BytesIn int64                         `json:"bytes_in"`
	Seconds float64                       `json:"seconds"`

	Formats  map[string]int64 `json:"formats"`
	Policies map[string]int64 `json:"policies"`
	Sources  map[string]int64 `json:"sources"`

	UnknownPolicy int64 `json:"unknown_policy"`
	UnknownSource int64 `json:"unknown_source"`
	Repaired      int64 `json:"repaired"` // records with invalid UTF-8 replaced

	IgnoredKinds map[bystander.Kind]int64 `json:"ignored_kinds"`   // of ignored files, what is known of them
	Tasks        *TaskRows                `json:"tasks,omitempty"` // of the port tasks
}

// Table says in words what a person may want to use elsewhere.
func (r *Result) Table() string {
	var b strings.Builder
	for _, k := range bystander.Kinds() {
		if n := r.IgnoredKinds[k]; n > 0 {
			fmt.Fprintf(&b, "ignored: %d files of %s (%s)\n", n, k, usedBy[k])
		}
	}
	if r.UnknownPolicy > 0 {
		fmt.Fprintf(&b, "policy: unknown in %d records (--policy names it)\n", r.UnknownPolicy)
	}
	if r.UnknownSource > 0 {
		fmt.Fprintf(&b, "source: unknown in %d records (--source names it)\n", r.UnknownSource)
	}
	if r.Repaired > 0 {
		fmt.Fprintf(&b, "text: %d records had bytes that are no UTF-8, which were replaced\n", r.Repaired)
	}
	if t := r.Tasks; t != nil {
		fmt.Fprintf(&b, "tasks: %d rows, %d failed, %d facts disputed; %d records have one\n", t.Rows, t.Failed, t.Disputed, t.Enriched)
	}
	return b.String()
}

// usedBy says who reads what an import ignores.
var usedBy = map[bystander.Kind]string{
	bystander.Tasks: "import --tasks reads them", bystander.Predictions: "label reports reads them",
	bystander.Results: "label reports reads them", bystander.Reports: "label reports reads them",
}

func run(ctx context.Context, t *pipeline.Task) error {
	start := time.Now()
	cfg, ok := t.Config.(*Config)
	if !ok {
		return fmt.Errorf("import: config is %T", t.Config)
	}
	names, err := namesOf(ctx, t, cfg)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	spec := dataset.SpecOf(t)
	spec.Codec, spec.PartBytes = cmp.Or(cfg.Codec, defaultCodec), cfg.PartBytes
	w, err := dataset.Create[pipeline.Trajectory](ctx, t.Out, spec)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	res, err := feed(ctx, t, cfg, names, w)
	if err != nil {
		w.Abort()
		return fmt.Errorf("import: %w", err)
	}
	c := w.Counts()
	if _, err := w.Close(ctx); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	res.In, res.Out, res.Dropped, res.Failed, res.Ignored = c.In, c.Out, c.Dropped, c.Failed, c.Ignored
	if res.Dropped == nil {
		res.Dropped = map[pipeline.DropReason]int64{}
	}
	res.Seconds = time.Since(start).Seconds()
	t.Result = res
	return nil
}

// count counts under a name whose text may be in memory that is used again: what a
// map is given last is the key that it keeps.
func count(m map[string]int64, name string) { m[strings.Clone(name)]++ }

func namesOf(ctx context.Context, t *pipeline.Task, cfg *Config) (*identity.Tables, error) {
	in, ok := t.Input("names")
	if !ok {
		return cfg.names(nil)
	}
	raw, err := readTable(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	return cfg.names(raw)
}

// feed reads from the start even where a killed import left rows behind: the
// writer passes over what is durable, and reading teaches again which ids were
// seen. Reading costs a fraction of writing.
func feed(ctx context.Context, t *pipeline.Task, cfg *Config, names *identity.Tables, w *dataset.Writer[pipeline.Trajectory]) (*Result, error) {
	res := &Result{Formats: map[string]int64{}, Policies: map[string]int64{}, Sources: map[string]int64{}, IgnoredKinds: map[bystander.Kind]int64{}}
	r := Reader{Inputs: t.All("raw"), Config: *cfg, Names: names, Workers: t.Workers, Transient: true}
	if len(r.Inputs) == 0 {
		return nil, errors.New("no input")
	}
	var err error
	if r.Tasks, res.Tasks, err = readTasks(ctx, t.All("tasks"), t.Log); err != nil {
		return nil, err
	}
	broken := func() error { return nil }
	if cfg.Plugin != nil {
		if cfg.plugin == nil {
			return nil, fmt.Errorf("plugin %s: only the command line can run one", cfg.Plugin.Name)
		}
		p, err := plugin.Open(ctx, cfg.plugin)
		if err != nil {
			return nil, err
		}
		defer p.Close()
		r.Plugin, broken = p, p.Broken
	}
	seen := map[string]struct{}{}
	for it, err := range r.All(ctx) {
		if err != nil {
			return nil, err
		}
		res.BytesIn += it.Bytes
		if t.Progress != nil {
			t.Progress.Add(it.Bytes)
		}
		if err := write(it, w, seen, res); err != nil {
			return nil, err
		}
		if err := broken(); err != nil {
			return nil, err
		}
	}
	return res, nil
}

func write(it Item, w *dataset.Writer[pipeline.Trajectory], seen map[string]struct{}, res *Result) error {
	var bad *pipeline.RecordError
	var on *format.Continued
	switch {
	case it.Ignored:
		if it.Kind != bystander.None {
			res.IgnoredKinds[it.Kind]++
		}
		return w.Ignore(it.URI, it.At)
	case it.Dropped != "":
		return w.Drop(it.Dropped, pipeline.Reject{URI: it.URI, Row: it.Row}, it.At)
	case errors.As(it.Err, &bad) && errors.As(bad.Err, &on):
		return w.Drop(pipeline.DropContinued, pipeline.Reject{URI: bad.URI, Row: bad.Row, Error: on.Error()}, it.At)
	case errors.As(it.Err, &bad):
		return w.Fail(bad, it.At)
	}
	t := &it.Record.Trajectory
	reject := pipeline.Reject{URI: t.Origin.URI, Row: t.Origin.Row, ID: t.ID}
	if u := t.Usage.Turns; u != nil && *u == 0 {
		reject.Error = "no turn of the policy; exit status " + deref(t.ExitStatus)
		return w.Drop(pipeline.DropNoMessages, reject, it.At)
	}
	id := t.ID
	if _, dup := seen[id]; dup {
		return w.Drop(pipeline.DropDuplicate, reject, it.At)
	}
	policy, source, name, repaired := t.Policy, t.Source, t.Origin.Format, it.Record.Repaired
	if err := w.Add(t, it.At); err != nil {
		// A row the writer refuses is that row's failure; a writer that has
		// ended says so again.
		return w.Fail(&pipeline.RecordError{URI: reject.URI, Row: reject.Row, Err: err}, it.At)
	}
	seen[id] = struct{}{}
	count(res.Formats, name)
	count(res.Policies, policy)
	count(res.Sources, source)
	if policy == identity.Unknown {
		res.UnknownPolicy++
	}
	if source == identity.Unknown {
		res.UnknownSource++
	}
	if repaired > 0 {
		res.Repaired++
	}
	if it.Enriched {
		res.Tasks.Enriched++
	}
	return nil
}
