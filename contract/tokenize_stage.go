package contract

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ContractFile is the name of the contract beside a dataset of tokens.
const ContractFile = "contract.json"

// TokenizeResult is what the stage reports.
type TokenizeResult struct {
	Contract     string          `json:"contract"` // hash
	Counts       pipeline.Counts `json:"counts"`
	Rows         int64           `json:"rows"`
	TokensFull   int64           `json:"tokens_full"`   // of all rows kept, before elision
	TokensElided int64           `json:"tokens_elided"` // of them
	RowsElided   int64           `json:"rows_elided"`   // rows that lost any
	ShareRead    *float64        `json:"share_read"`    // of the tokens; null without rows
}

// TokenizeStage writes the token ids of a dataset's trajectories, or of those
// that a view names, under a contract. The contract is in the config of the
// dataset it writes, and beside it as contract.json.
func TokenizeStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "tokenize",
		Version: 1,
		Doc:     "encode trajectories under a contract: template, limit, overflow rule",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories},
			{Name: "tokenizer", Kind: pipeline.KindTokenizer},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
		},
		Output: pipeline.KindTokens,
		NewConfig: func() pipeline.Config {
			o := Options{}.WithDefaults()
			return &o
		},
		Run: runTokenize,
	}
}

func runTokenize(ctx context.Context, t *pipeline.Task) error {
	o := t.Config.(*Options)
	c, err := contractFor(ctx, t, *o)
	if err != nil {
		return fmt.Errorf("tokenize: %w", err)
	}
	src, err := newSource(ctx, t)
	if err != nil {
		return fmt.Errorf("tokenize: %w", err)
	}
	spec := dataset.SpecOf(t)
	spec.Config = struct {
		Options  Options   `json:"options"`
		Contract *Contract `json:"contract"`
	}{*o, c}
	w, err := dataset.Create[pipeline.TokenRow](ctx, t.Out, spec)
	if err != nil {
		return err
	}
	defer w.Abort()
	w.Expect(src.rows)
	from, _, _ := w.Resume()
	if err := encodeAll(ctx, t, c, src, from, w); err != nil {
		return fmt.Errorf("tokenize: %w", err)
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := w.Attach(ContractFile, append(b, '\n')); err != nil {
		return err
	}
	d, err := w.Close(ctx)
	if err != nil {
		return err
	}
	t.Result, err = summarize(ctx, d, c)
	return err
}

func contractFor(ctx context.Context, t *pipeline.Task, o Options) (*Contract, error) {
	in, ok := t.Input("tokenizer")
	if !ok {
		return nil, errors.New("port tokenizer is not connected")
	}
	d, err := dataset.OpenArtifact(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(d.Path(TokenizerFile))
	if err != nil {
		return nil, err
	}
	return New(tok, o)
}

// A source is what is tokenized, in the order of parts and rows.
type source struct {
	d     *dataset.Dataset
	rows  int64
	refs  []dataset.Ref // nil = every row
	whole bool
	parts map[pipeline.Key]int
}

func newSource(ctx context.Context, t *pipeline.Task) (*source, error) {
	in, ok := t.Input("dataset")
	if !ok {
		return nil, errors.New("port dataset is not connected")
	}
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindTrajectories)
	if err != nil {
		return nil, err
	}
	s := &source{d: d, rows: d.Rows(), whole: true, parts: map[pipeline.Key]int{}}
	for i, p := range d.Manifest.Parts {
		s.parts[p.Key] = i
	}
	view, ok := t.Input("view")
	if !ok {
		return s, nil
	}
	v, err := dataset.OpenKind(ctx, view.URI, pipeline.KindView)
	if err != nil {
		return nil, err
	}
	for row, err := range dataset.Read[pipeline.Selection](ctx, v, dataset.ReadOptions{}) {
		if err != nil {
			return nil, err
		}
		key := pipeline.Key(row.Value.Part)
		if _, ok := s.parts[key]; !ok {
			return nil, fmt.Errorf("%s: row %d names part %s, which %s does not have: the view is of another dataset", view.URI, row.Row, key, in.URI)
		}
		s.refs = append(s.refs, dataset.Ref{PartKey: key, Row: row.Value.Row})
	}
	d.SortRefs(s.refs)
	s.refs = slices.Compact(s.refs)
	s.rows, s.whole = int64(len(s.refs)), false
	return s, nil
}

// read streams from a position. Rows before it in the same part may come too.
func (s *source) read(ctx context.Context, from dataset.Cursor, workers int) iter.Seq2[dataset.Located[pipeline.Trajectory], error] {
	o := dataset.ReadOptions{Columns: []string{"trajectory_id", "task_id", "messages", "patch", "origin"}, Workers: workers}
	if !s.whole {
		i, _ := slices.BinarySearchFunc(s.refs, from, func(r dataset.Ref, at dataset.Cursor) int {
			return cmp.Or(cmp.Compare(s.parts[r.PartKey], at.Input), cmp.Compare(r.Row, at.Row))
		})
		return dataset.ReadAt[pipeline.Trajectory](ctx, s.d, s.refs[i:], o)
	}
	rest := *s.d
	rest.Manifest.Parts = rest.Manifest.Parts[min(from.Input, len(rest.Manifest.Parts)):]
	return dataset.Read[pipeline.Trajectory](ctx, &rest, o)
}

// share is how far one row of a part brings the work, in bytes on disk.
func (s *source) share(key pipeline.Key) int64 {
	p := s.d.Manifest.Parts[s.parts[key]]
	return p.Bytes / max(1, p.Rows)
}

func (s *source) total() (n int64) {
	if s.whole {
		for _, p := range s.d.Manifest.Parts {
			n += s.share(p.Key) * p.Rows
		}
		return n
	}
	for _, r := range s.refs {
		n += s.share(r.PartKey)
	}
	return n
}

// A job is one trajectory between reader, encoder and writer.
type job struct {
	at   dataset.Cursor
	key  pipeline.Key
	t    *pipeline.Trajectory
	row  pipeline.TokenRow
	err  error
	done chan struct{}
}

// queuePerWorker bounds the trajectories that wait for each worker: enough to
// hide a long one, few enough to hold in memory.
const queuePerWorker = 4

// encodeAll reads, encodes in parallel and writes in the order of reading.
func encodeAll(ctx context.Context, t *pipeline.Task, c *Contract, src *source, from dataset.Cursor, w *dataset.Writer[pipeline.TokenRow]) error {
	workers := t.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(ctx)
	order := make(chan *job, workers*queuePerWorker)
	work := make(chan *job, workers*queuePerWorker)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	var readErr error // read after order is closed
	wg.Go(func() {
		defer close(order)
		defer close(work)
		readErr = readJobs(ctx, src, from, workers, order, work)
	})
	for range workers {
		wg.Go(func() {
			for j := range work {
				j.row, j.err = c.Encode(j.t, nil)
				close(j.done)
			}
		})
	}
	t.Progress.Total(src.total(), "bytes")
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := writeJob(j, w); err != nil {
			return err
		}
		t.Progress.Add(src.share(j.key))
	}
	return cmp.Or(readErr, ctx.Err())
}

// readJobs hands every trajectory to the writer's queue and to the workers.
func readJobs(ctx context.Context, src *source, from dataset.Cursor, workers int, order, work chan<- *job) error {
	for row, err := range src.read(ctx, from, workers) {
		if err != nil {
			return err
		}
		j := &job{at: dataset.Cursor{Input: src.parts[row.PartKey], Row: row.Row}, key: row.PartKey, t: row.Value, done: make(chan struct{})}
		if j.at.Input == from.Input && j.at.Row < from.Row {
			continue
		}
		for _, queue := range []chan<- *job{order, work} {
			select {
			case queue <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

func writeJob(j *job, w *dataset.Writer[pipeline.TokenRow]) error {
	var drop *DropError
	switch {
	case j.err == nil:
		return w.Add(&j.row, j.at)
	case errors.As(j.err, &drop):
		return w.Drop(drop.Reason, pipeline.Reject{URI: j.t.Origin.URI, Row: j.t.Origin.Row, ID: j.t.ID, Error: drop.Error()}, j.at)
	}
	return fmt.Errorf("%s: row %d: %w", j.t.Origin.URI, j.t.Origin.Row, j.err)
}

// summarize adds up what was written by reading it back.
func summarize(ctx context.Context, d *dataset.Dataset, c *Contract) (*TokenizeResult, error) {
	r := &TokenizeResult{Contract: c.Hash(), Counts: d.Manifest.Counts}
	for row, err := range dataset.Read[pipeline.TokenRow](ctx, d, dataset.ReadOptions{Columns: []string{"tokens_full", "tokens_elided"}}) {
		if err != nil {
			return nil, err
		}
		r.Rows++
		r.TokensFull += int64(row.Value.TokensFull)
		r.TokensElided += int64(row.Value.TokensElided)
		if row.Value.TokensElided > 0 {
			r.RowsElided++
		}
	}
	if r.TokensFull > 0 {
		share := float64(r.TokensFull-r.TokensElided) / float64(r.TokensFull)
		r.ShareRead = &share
	}
	return r, nil
}
