package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ScoreConfig chooses what is scored and how much of it at a time.
type ScoreConfig struct {
	// Splits of the view to score; empty means every row.
	Splits []string `json:"splits" yaml:"splits"`
	// Head is two_way (YES against NO) or full (REST too: the whole vocabulary).
	Head string `json:"head" yaml:"head"`
	// Precision of the network's products: fp32, bf16 or bf16x3.
	Precision Precision `json:"precision,omitzero" yaml:"precision"`
	// BatchTokens bounds the tokens that one forward pass computes; what its rows
	// start with in common counts once. WindowTokens bounds the tokens that are
	// read before they are computed, so that rows of one task can be in one batch.
	// Both change memory and speed and never a score, so they are outside the key.
	BatchTokens  int `json:"-" yaml:"batch_tokens"`
	WindowTokens int `json:"-" yaml:"window_tokens"`
	// WeightsIn is file (pages are read as they are used) or memory (a copy in
	// float32). It is outside the key too.
	WeightsIn string `json:"-" yaml:"weights_in"`
}

// Precision is the name of a [moe.Precision]. Scores in fp32 have the keys that
// they had when there was no other.
type Precision string

// IsZero reports whether the precision is the usual one.
func (p Precision) IsZero() bool { return p == "" || p == Precision(moe.FP32.String()) }

// products parses the name; none is fp32.
func (p Precision) products() (moe.Precision, error) {
	if p.IsZero() {
		return moe.FP32, nil
	}
	return moe.ParsePrecision(string(p))
}

// KernelFamily names the machine code that this process computes scores with.
func (c *ScoreConfig) KernelFamily() string {
	p, _ := c.Precision.products() // Validate has seen it
	return moe.KernelFamilyOf(p)
}

// The two heads.
const (
	HeadTwoWay = "two_way"
	HeadFull   = "full"
)

const (
	defaultBatchTokens  = 1 << 16
	defaultWindowTokens = 1 << 20
	maxWindowTokens     = 1 << 22 // the network's own bound on a batch
)

// Validate lists every fault at once.
func (c *ScoreConfig) Validate() error {
	var faults faultList
	faults.check(c.Head == HeadTwoWay || c.Head == HeadFull, "head: %q is neither %s nor %s", c.Head, HeadTwoWay, HeadFull)
	_, err := c.Precision.products()
	faults.check(err == nil, "precision: %v", err)
	faults.check(c.BatchTokens > 0, "batch_tokens: %d is not positive", c.BatchTokens)
	faults.check(c.WindowTokens > 0 && c.WindowTokens <= maxWindowTokens, "window_tokens: %d is not 1 to %d", c.WindowTokens, maxWindowTokens)
	faults.check(c.WeightsIn == WeightsInFile || c.WeightsIn == WeightsInMemory, "weights_in: %q is neither %s nor %s", c.WeightsIn, WeightsInFile, WeightsInMemory)
	for _, s := range c.Splits {
		faults.check(slices.Contains([]string{pipeline.SplitTrain, pipeline.SplitDev, pipeline.SplitTest}, s),
			"splits: %q is not train, dev or test", s)
	}
	return faults.err()
}

// ScoreResult is what `swerm score --json` prints.
type ScoreResult struct {
	Counts       pipeline.Counts  `json:"counts"`
	Scored       int64            `json:"scored"`
	Unscored     map[string]int64 `json:"unscored"`
	Tokens       int64            `json:"tokens"`          // of what was scored
	Computed     int64            `json:"tokens_computed"` // of them: the others were in common with rows beside them
	KernelFamily string           `json:"kernel_family"`
}

// ScoreStage scores tokens with a checkpoint.
func ScoreStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "score",
		Version: 2,
		Doc:     "score trajectories with a reward model",
		Inputs: []pipeline.Port{
			{Name: "checkpoint", Kind: pipeline.KindCheckpoint},
			{Name: "tokens", Kind: pipeline.KindTokens},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
		},
		Output: pipeline.KindScores,
		NewConfig: func() pipeline.Config {
			return &ScoreConfig{
				Head: HeadTwoWay, Precision: Precision(moe.FP32.String()), BatchTokens: defaultBatchTokens, WindowTokens: defaultWindowTokens, WeightsIn: WeightsInFile,
			}
		},
		Run: runScore,
	}
}

func runScore(ctx context.Context, t *pipeline.Task) error {
	cfg := t.Config.(*ScoreConfig)
	ckptIn, _ := t.Input("checkpoint")
	model, card, err := loadCheckpoint(ctx, ckptIn.URI, cfg.WeightsIn)
	if err != nil {
		return err
	}
	defer model.Close()
	tokensIn, _ := t.Input("tokens")
	tokens, err := dataset.Open(ctx, tokensIn.URI)
	if err != nil {
		return err
	}
	if err := sameContract(tokens, &card.Contract); err != nil {
		return fmt.Errorf("%s and %s: %w", tokensIn.URI, ckptIn.URI, err)
	}
	wanted, order, err := readWanted(ctx, t, cfg.Splits)
	if err != nil {
		return err
	}
	spec := dataset.SpecOf(t)
	spec.Config = scoreProvenance{cfg, cfg.KernelFamily(), card.TrainedOn}
	w, err := dataset.Create[pipeline.Score](ctx, t.Out, spec)
	if err != nil {
		return err
	}
	defer w.Abort()
	precision, err := cfg.Precision.products()
	if err != nil {
		return err
	}
	s := &scorer{
		cfg: cfg, contract: &card.Contract, writer: w,
		pass:  model.NewPass(moe.Options{Threads: t.Workers, Precision: precision}),
		head:  moe.Head{Yes: card.Contract.YesID, No: card.Contract.NoID, Full: cfg.Head == HeadFull},
		vocab: int32(model.Config().VocabSize), progress: t.Progress,
		result: ScoreResult{Unscored: map[string]int64{}, KernelFamily: cfg.KernelFamily()},
	}
	if wanted != nil {
		t.Progress.Total(int64(len(wanted)), "rows")
	} else {
		t.Progress.Total(tokens.Rows(), "rows")
	}
	if err := s.all(ctx, tokens, wanted, order); err != nil {
		return err
	}
	if _, err := w.Close(ctx); err != nil {
		return err
	}
	s.result.Counts = w.Counts()
	t.Result = &s.result
	return nil
}

// scoreProvenance is the config that the scores' manifest carries: what was
// asked, what computed it, and the tasks the model must not be judged on.
type scoreProvenance struct {
	*ScoreConfig
	KernelFamily string              `json:"kernel_family"`
	TrainedOn    map[string][]string `json:"trained_on"`
}

// wantedRow is a row of the view that is to be scored.
type wantedRow struct {
	taskID string
	seen   bool
}

// readWanted reads the view. Both results are nil without one: then every row
// of the tokens is scored.
func readWanted(ctx context.Context, t *pipeline.Task, splits []string) (map[string]*wantedRow, []string, error) {
	in, ok := t.Input("view")
	if !ok {
		if len(splits) > 0 {
			return nil, nil, fmt.Errorf("splits %v need a view that says which row is in which", splits)
		}
		return nil, nil, nil
	}
	view, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, nil, err
	}
	wanted := map[string]*wantedRow{}
	var order []string
	for row, err := range dataset.Read[pipeline.Selection](ctx, view, dataset.ReadOptions{}) {
		if err != nil {
			return nil, nil, err
		}
		s := row.Value
		if len(splits) > 0 && !slices.Contains(splits, s.Split) {
			continue
		}
		if wanted[s.TrajectoryID] == nil {
			wanted[s.TrajectoryID] = &wantedRow{taskID: s.TaskID}
			order = append(order, s.TrajectoryID)
		}
	}
	return wanted, order, nil
}

// scorer reads rows into a window, computes them in batches and writes their
// scores in the order of rows.
type scorer struct {
	cfg      *ScoreConfig
	contract *contract.Contract
	writer   *dataset.Writer[pipeline.Score]
	pass     *moe.Pass
	head     moe.Head
	vocab    int32
	progress pipeline.Progress
	result   ScoreResult

	window window
	batch  moe.Batch
}

// The two inputs that a cursor counts: rows of the tokens, then rows of the
// view that had none.
const (
	cursorTokens = iota
	cursorMissing
)

func (s *scorer) all(ctx context.Context, tokens *dataset.Dataset, wanted map[string]*wantedRow, order []string) error {
	from, _, _ := s.writer.Resume()
	var n int64
	for row, err := range dataset.Read[pipeline.TokenRow](ctx, tokens, dataset.ReadOptions{}) {
		if err != nil {
			return err
		}
		at := dataset.Cursor{Input: cursorTokens, Row: n}
		n++
		if wanted != nil {
			want := wanted[row.Value.TrajectoryID]
			if want == nil {
				continue
			}
			want.seen = true
		}
		if before(at, from) {
			continue
		}
		if err := s.add(ctx, row.Value, at); err != nil {
			return err
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	for i, id := range order {
		at := dataset.Cursor{Input: cursorMissing, Row: int64(i)}
		if want := wanted[id]; !want.seen && !before(at, from) {
			missing := pipeline.Score{TrajectoryID: id, TaskID: want.taskID, Reason: string(pipeline.DropNoTokens)}
			s.progress.Add(1)
			if err := s.write(&missing, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func before(a, b dataset.Cursor) bool {
	return cmp.Or(cmp.Compare(a.Input, b.Input), cmp.Compare(a.Row, b.Row)) < 0
}

func (s *scorer) add(ctx context.Context, row *pipeline.TokenRow, at dataset.Cursor) error {
	score := &pipeline.Score{
		TrajectoryID: row.TrajectoryID, TaskID: row.TaskID,
		TokensRead: int32(len(row.IDs)), TokensFull: row.TokensFull,
	}
	ids := row.IDs
	if score.Reason = s.refuse(ids); score.Reason != "" {
		score.TokensRead, ids = 0, nil
		s.progress.Add(1)
	}
	if s.window.full(len(ids), s.cfg.WindowTokens) {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	s.window.add(score, at, ids)
	return nil
}

// refuse says why ids cannot be scored.
func (s *scorer) refuse(ids []int32) string {
	switch {
	case len(ids) == 0:
		return "empty"
	case s.contract.MaxTokens > 0 && len(ids) > s.contract.MaxTokens:
		return string(pipeline.DropOverflow)
	}
	for _, id := range ids {
		if id < 0 || id >= s.vocab {
			return "token_out_of_range"
		}
	}
	return ""
}

// flush computes and writes what is in the window.
func (s *scorer) flush(ctx context.Context) error {
	for _, rows := range s.window.batches(s.cfg.BatchTokens) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.compute(rows); err != nil {
			return err
		}
		if err := s.writeReady(); err != nil {
			return err
		}
	}
	if err := s.writeReady(); err != nil {
		return err
	}
	s.window.clear()
	return nil
}

// writeReady writes the rows of the window up to the first that waits for its
// batch.
func (s *scorer) writeReady() error {
	for row := range s.window.ready() {
		if err := s.write(row.score, row.at); err != nil {
			return err
		}
	}
	return nil
}

// compute fills the scores of some rows of the window.
func (s *scorer) compute(rows []int) error {
	b := &s.batch
	b.IDs, b.Offsets = b.IDs[:0], append(b.Offsets[:0], 0)
	for _, i := range rows {
		b.IDs = append(b.IDs, s.window.tokens(i)...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	logits, err := s.pass.Verdict(*b, s.head)
	if at := (*moe.NotFiniteError)(nil); errors.As(err, &at) && at.Sequence >= 0 {
		return fmt.Errorf("trajectory %s: %w", s.window.rows[rows[at.Sequence]].score.TrajectoryID, err)
	}
	if err != nil {
		return err
	}
	s.result.Tokens += int64(len(b.IDs))
	s.result.Computed += int64(s.pass.Rows())
	for k, i := range rows {
		fillScore(s.window.rows[i].score, logits[k], s.contract, s.head.Full)
		s.window.rows[i].waits = false
	}
	s.progress.Add(int64(len(rows)))
	return nil
}

func (s *scorer) write(score *pipeline.Score, at dataset.Cursor) error {
	if score.Reason == "" {
		s.result.Scored++
	} else {
		s.result.Unscored[score.Reason]++
	}
	return s.writer.Add(score, at)
}
