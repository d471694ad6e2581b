package trainer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
)

// Names of the stage's ports.
const (
	portTokens    = "tokens"
	portTokenizer = "tokenizer"
	portView      = "view"
	portLabels    = "labels"
	portInit      = "init"
)

// ErrMismatch is returned when two inputs do not belong together.
var ErrMismatch = errors.New("inputs do not belong together")

// A Summary is the result of a task.
type Summary struct {
	Steps           int64              `json:"steps"`
	CheckpointStep  int64              `json:"checkpoint_step"` // whose weights were published
	StoppedEarly    bool               `json:"stopped_early,omitempty"`
	SkippedSteps    int64              `json:"skipped_steps,omitempty"`
	Loss            *float64           `json:"loss,omitempty"` // of the last step
	Dev             *Dev               `json:"dev,omitempty"`  // of the published weights, where they were evaluated
	Parameters      int64              `json:"parameters"`
	Tokens          int64              `json:"tokens"`
	TokensPerSecond float64            `json:"tokens_per_second,omitempty"` // of this process; 0 when nothing was left to train
	Phases          map[string]float64 `json:"seconds_by_phase,omitempty"`  // of this process, per step
	KernelFamily    string             `json:"kernel_family"`
	Counts          pipeline.Counts    `json:"counts"`
}

// Stage returns stage "train". Its artifact is a directory that transformers
// opens, with beside the model and tokenizer files:
//
//	swerm.json                  contract, lineage, tasks trained on, metrics
//	metrics.jsonl               one line per step
//	events.out.tfevents.*.swerm the same for TensorBoard
//	state/                      optimizer moments by parameter name, numbers or codes with scales, and the step
//	rejects/                    every candidate row not used, and why
//
// Port view may be absent: then every row of tokens is trained on. Port labels
// may be absent: then the verdicts of the view are the targets, and objective
// next_token needs none. The dev split comes from the same view.
func Stage() *pipeline.Stage { return StageOn(Ranks{}) }

// StageOn is Stage with the training shared by ranks, of which this is rank 0;
// on every other rank [Follow] runs the same task. How many ranks there are is
// not in the task's key: it changes nothing but rounding.
func StageOn(r Ranks) *pipeline.Stage { return StageWatched(r, nil) }

// StageWatched is StageOn with a monitor that shows the training while it runs;
// nil for none.
func StageWatched(r Ranks, m *Monitor) *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "train",
		Version: 5,
		Doc:     "fine-tune a reward model, or warm up its trunk on text",
		Inputs: []pipeline.Port{
			{Name: portTokens, Kind: pipeline.KindTokens},
			{Name: portTokenizer, Kind: pipeline.KindTokenizer},
			{Name: portView, Kind: pipeline.KindView, Optional: true},
			{Name: portLabels, Kind: pipeline.KindLabels, Optional: true},
			{Name: portInit, Kind: pipeline.KindCheckpoint, Optional: true},
		},
		Output:    pipeline.KindCheckpoint,
		NewConfig: func() pipeline.Config { return DefaultConfig() },
		Run:       func(ctx context.Context, t *pipeline.Task) error { return run(ctx, t, r, m) },
	}
}

func run(ctx context.Context, t *pipeline.Task, r Ranks, m *Monitor) (err error) {
	defer func() { r.giveUp(err) }()
	cfg := t.Config.(*Config)
	if err := cfg.Validate(); err != nil {
		return err
	}
	a, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer a.Abort()
	j := &job{task: t, cfg: cfg, ranks: r, monitor: m, dir: a.Dir(), log: t.Log}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if err := j.run(ctx); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if _, err := a.Close(ctx, j.summary.Counts); err != nil {
		return err
	}
	t.Result = j.summary
	return nil
}

// A job is one execution of the stage: what run needs from every input.
type job struct {
	task  *pipeline.Task
	cfg   *Config
	ranks Ranks
	dir   string // staging
	log   *slog.Logger

	monitor *Monitor

	data      inputs
	tokenizer string // directory
	initial   string // directory; "": new weights
	contract  *contract.Contract
	vocab     int
	summary   Summary
}

func (j *job) run(ctx context.Context) error {
	if err := j.open(ctx); err != nil {
		return err
	}
	done, err := j.published()
	if err != nil {
		return err
	}
	if done {
		return j.ranks.Dismiss()
	}
	if err := j.ranks.give(order{Dir: j.dir, Family: j.cfg.KernelFamily(), Config: j.cfg, Unkeyed: j.cfg.unkeyed(), Inputs: j.task.Inputs}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(j.dir, workDir), 0o755); err != nil {
		return err
	}
	shape, err := j.shape()
	if err != nil {
		return err
	}
	data, counts, err := joinInputs(ctx, j.data, j.cfg, shape.VocabSize, j.dir, j.task.Workers)
	if err != nil {
		return err
	}
	defer data.tokens.close()
	j.log.Info("rows joined", "counts", counts.String(), "train", len(data.train), "dev", len(data.dev), "tokens", data.tokens.n)
	if err := j.checkDev(data); err != nil {
		return err
	}
	t, err := j.train(ctx, shape, data)
	if err != nil {
		return err
	}
	defer t.frugal()()
	return j.publish(t, data, counts)
}

// train runs the loop to its end, on this rank.
func (j *job) train(ctx context.Context, shape moe.Config, data *corpus) (*training, error) {
	j.cut(data)
	t, err := open(setup{cfg: j.cfg, data: data, dir: j.dir, threads: j.task.Workers, log: j.log, progress: j.progress(), monitor: j.monitor,
		head: moe.Head{Yes: j.contract.YesID, No: j.contract.NoID}, from: origin{dir: j.initial, shape: shape, seed: j.cfg.Seed}, ranks: j.ranks})
	if err != nil {
		return nil, err
	}
	began, before, first := time.Now(), t.st.Tokens, t.st.Step
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	if spent := time.Since(began).Seconds(); t.st.Tokens > before {
		j.summary.TokensPerSecond = float64(t.st.Tokens-before) / spent
		j.summary.Phases = t.clock.spent.perStep(t.st.Step - first)
	}
	return t, t.net.close() // after an error a pass may still run
}

// cut makes chunks of text where the config asks for them.
func (j *job) cut(data *corpus) {
	if j.cfg.Objective.Name == ObjectiveNextToken {
		data.train = chunk(data.train, int32(j.cfg.Batch.ChunkTokens))
		data.dev = chunk(data.dev, int32(j.cfg.Batch.ChunkTokens))
	}
}

func (j *job) progress() pipeline.Progress {
	if j.task.Progress == nil {
		return pipeline.NoProgress{}
	}
	return j.task.Progress
}

// checkDev refuses a config that compares evaluations where there is nothing
// to evaluate.
func (j *job) checkDev(data *corpus) error {
	if len(data.dev) == 0 && (j.cfg.Eval.Keep == KeepBest || j.cfg.Eval.Patience > 0) {
		return fmt.Errorf("eval.keep and eval.patience need rows of split %q, and no such row is left", j.cfg.Data.DevSplit)
	}
	return nil
}

// open opens the inputs and checks that they belong together.
func (j *job) open(ctx context.Context) error {
	for _, p := range []struct {
		port string
		kind pipeline.Kind
		into **dataset.Dataset
	}{
		{portTokens, pipeline.KindTokens, &j.data.tokens},
		{portView, pipeline.KindView, &j.data.view},
		{portLabels, pipeline.KindLabels, &j.data.labels},
	} {
		in, ok := j.task.Input(p.port)
		if !ok {
			continue
		}
		d, err := dataset.OpenKind(ctx, in.URI, p.kind)
		if err != nil {
			return fmt.Errorf("port %s: %w", p.port, err)
		}
		*p.into = d
	}
	if err := j.openArtifacts(ctx); err != nil {
		return err
	}
	if j.cfg.Objective.Name != ObjectiveNextToken && j.data.view == nil && j.data.labels == nil {
		return fmt.Errorf("%w: objective %s needs targets: connect port %s or %s", ErrMismatch, j.cfg.Objective.Name, portLabels, portView)
	}
	return nil
}

func (j *job) openArtifacts(ctx context.Context) (err error) {
	in, ok := j.task.Input(portTokenizer)
	if !ok || j.data.tokens == nil {
		return fmt.Errorf("%w: ports %s and %s must be connected", ErrMismatch, portTokens, portTokenizer)
	}
	if j.tokenizer, err = directory(ctx, in); err != nil {
		return err
	}
	tok, err := tokenizer.Load(filepath.Join(j.tokenizer, contract.TokenizerFile))
	if err != nil {
		return fmt.Errorf("port %s: %w", portTokenizer, err)
	}
	j.vocab = tok.VocabSize()
	if j.contract, err = contract.Of(ctx, j.data.tokens); err != nil {
		return fmt.Errorf("port %s: %w", portTokens, err)
	}
	if j.contract.TokenizerHash != tok.Hash() {
		return fmt.Errorf("%w: the tokens were made with tokenizer %.16s, port %s holds %.16s", ErrMismatch, j.contract.TokenizerHash, portTokenizer, tok.Hash())
	}
	if in, ok := j.task.Input(portInit); ok {
		j.initial, err = directory(ctx, in)
	}
	return err
}

// directory returns where an artifact lies on local disk. A directory without
// a manifest is another program's, as a checkpoint from a model hub is.
func directory(ctx context.Context, in pipeline.Input) (string, error) {
	d, err := dataset.OpenArtifact(ctx, in.URI)
	if err == nil && d.Manifest.Kind != in.Kind {
		err = fmt.Errorf("%w: %s holds %s, not %s", ErrMismatch, in.URI, d.Manifest.Kind, in.Kind)
	}
	if err == nil {
		return d.Path(""), nil
	}
	if !errors.Is(err, dataset.ErrNone) {
		return "", fmt.Errorf("port %s: %w", in.Port, err)
	}
	dir, err := store.LocalPath(in.URI)
	if err != nil {
		return "", fmt.Errorf("port %s: %w", in.Port, err)
	}
	return dir, nil
}
