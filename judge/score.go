package judge

import (
	"cmp"
	"context"
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
	// BatchTokens bounds the tokens of one forward pass. It changes memory and
	// speed and never a score, so it is outside the key.
	BatchTokens int `json:"-" yaml:"batch_tokens"`
}

// The two heads.
const (
	HeadTwoWay = "two_way"
	HeadFull   = "full"
)

const defaultBatchTokens = 8192

// Validate lists every fault at once.
func (c *ScoreConfig) Validate() error {
	var faults faultList
	faults.check(c.Head == HeadTwoWay || c.Head == HeadFull, "head: %q is neither %s nor %s", c.Head, HeadTwoWay, HeadFull)
	faults.check(c.BatchTokens > 0, "batch_tokens: %d is not positive", c.BatchTokens)
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
	KernelFamily string           `json:"kernel_family"`
}

// ScoreStage scores tokens with a checkpoint.
func ScoreStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "score",
		Version: 1,
		Doc:     "score trajectories with a reward model",
		Inputs: []pipeline.Port{
			{Name: "checkpoint", Kind: pipeline.KindCheckpoint},
			{Name: "tokens", Kind: pipeline.KindTokens},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
		},
		Output:    pipeline.KindScores,
		NewConfig: func() pipeline.Config { return &ScoreConfig{Head: HeadTwoWay, BatchTokens: defaultBatchTokens} },
		Run:       runScore,
	}
}

func runScore(ctx context.Context, t *pipeline.Task) error {
	cfg := t.Config.(*ScoreConfig)
	ckptIn, _ := t.Input("checkpoint")
	model, card, err := loadCheckpoint(ctx, ckptIn.URI)
	if err != nil {
		return err
	}
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
	spec.Config = scoreProvenance{cfg, moe.KernelFamily(), card.TrainedOn}
	w, err := dataset.Create[pipeline.Score](ctx, t.Out, spec)
	if err != nil {
		return err
	}
	defer w.Abort()
	s := &scorer{
		cfg: cfg, contract: &card.Contract, writer: w,
		pass:  model.NewPass(moe.Options{Threads: t.Workers}),
		head:  moe.Head{Yes: card.Contract.YesID, No: card.Contract.NoID, Full: cfg.Head == HeadFull},
		vocab: int32(model.Config().VocabSize), progress: t.Progress,
		result: ScoreResult{Unscored: map[string]int64{}, KernelFamily: moe.KernelFamily()},
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

// scorer gathers rows into batches and writes their scores in order.
type scorer struct {
	cfg      *ScoreConfig
	contract *contract.Contract
	writer   *dataset.Writer[pipeline.Score]
	pass     *moe.Pass
	head     moe.Head
	vocab    int32
	progress pipeline.Progress
	result   ScoreResult

	batch moe.Batch
	rows  []pendingRow
}

// pendingRow waits for its batch to be computed. The writer keeps the score.
type pendingRow struct {
	score *pipeline.Score
	at    dataset.Cursor
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
	if reason := s.refuse(row.IDs); reason != "" {
		if err := s.flush(ctx); err != nil { // keeps the order of rows
			return err
		}
		score.Reason, score.TokensRead = reason, 0
		return s.write(score, at)
	}
	if len(s.batch.IDs) > 0 && len(s.batch.IDs)+len(row.IDs) > s.cfg.BatchTokens {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	if len(s.batch.Offsets) == 0 {
		s.batch.Offsets = append(s.batch.Offsets, 0)
	}
	s.batch.IDs = append(s.batch.IDs, row.IDs...)
	s.batch.Offsets = append(s.batch.Offsets, int32(len(s.batch.IDs)))
	s.rows = append(s.rows, pendingRow{score, at})
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

func (s *scorer) flush(ctx context.Context) error {
	if len(s.rows) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	logits, err := s.pass.Verdict(s.batch, s.head)
	if err != nil {
		return err
	}
	for i := range s.rows {
		fillScore(s.rows[i].score, logits[i], s.contract, s.head.Full)
		if err := s.write(s.rows[i].score, s.rows[i].at); err != nil {
			return err
		}
	}
	s.batch.IDs, s.batch.Offsets, s.rows = s.batch.IDs[:0], s.batch.Offsets[:0], s.rows[:0]
	return nil
}

func (s *scorer) write(score *pipeline.Score, at dataset.Cursor) error {
	if score.Reason == "" {
		s.result.Scored++
	} else {
		s.result.Unscored[score.Reason]++
	}
	s.progress.Add(1)
	return s.writer.Add(score, at)
}
