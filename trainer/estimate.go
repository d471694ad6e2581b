package trainer

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
)

// What a parameter keeps in memory while training, float32 each: its weight, unless
// it stays in a file or is in bfloat16, and where it trains a gradient and two moments,
// unless those are in eight bits. Activations come on top and follow
// batch.max_tokens_per_microbatch.
const (
	bytesPerParameter = 4
	bytesPerNarrow    = 2
	bytesPerGradient  = 4
	bytesPerMoments   = 8
)

// An Estimate is what a training would do and need.
type Estimate struct {
	Parameters      int64           `json:"parameters"`
	Trained         int64           `json:"trained_parameters"` // adapters are among them, frozen tensors not
	ParameterBytes  int64           `json:"parameter_bytes"`    // weights, gradients and moments in memory
	Steps           int64           `json:"steps"`
	Epochs          float64         `json:"epochs"`
	TrainSequences  int             `json:"train_sequences"`
	DevSequences    int             `json:"dev_sequences"`
	VisitsPerEpoch  int64           `json:"visits_per_epoch"`
	TokensPerEpoch  int64           `json:"tokens_per_epoch"`
	LongestSequence int32           `json:"longest_sequence"`
	FirstMicros     int             `json:"first_step_microbatches"`
	KernelFamily    string          `json:"kernel_family"`
	Counts          pipeline.Counts `json:"counts"`
}

// Plan joins the inputs of a task and says what training on them would be. It
// trains nothing and writes nothing but scratch, which it removes.
func Plan(ctx context.Context, t *pipeline.Task) (*Estimate, error) {
	cfg := t.Config.(*Config)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "swerm-plan-")
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, workDir), 0o755); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	j := &job{task: t, cfg: cfg, dir: dir, log: slog.New(slog.DiscardHandler)}
	if err := j.open(ctx); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	shape, err := j.shape()
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	data, counts, err := joinInputs(ctx, j.data, cfg, shape.VocabSize, dir, t.Workers)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	defer data.tokens.close()
	return estimate(j, data, shape, counts)
}

func estimate(j *job, data *corpus, shape moe.Config, counts pipeline.Counts) (*Estimate, error) {
	j.cut(data)
	t := &training{cfg: j.cfg, data: data}
	t.planBatches()
	e := &Estimate{Parameters: shape.NumParams(), Steps: t.steps, Epochs: t.plan.epochs(t.steps),
		TrainSequences: len(data.train), DevSequences: len(data.dev), VisitsPerEpoch: int64(len(t.plan.visits)),
		KernelFamily: kernelFamily(j.cfg.Precision), Counts: counts}
	tune := j.cfg.tuningOver(j.initial)
	all, trained, err := tune.Count(shape)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	moments := bytesPerMoments * trained
	if j.cfg.Optimizer.State == StateInt8 {
		if moments, err = tune.Moments8Bytes(shape); err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
	}
	weights := bytesPerParameter * all
	if j.cfg.Weights == WeightsBF16 {
		weights = bytesPerNarrow * all
	}
	e.Trained, e.ParameterBytes = trained, weights+bytesPerGradient*trained+moments
	if j.cfg.EMA.Decay > 0 {
		e.ParameterBytes += 4 * trained
	}
	for _, s := range data.train {
		e.TokensPerEpoch += int64(s.length) * int64(s.count)
		e.LongestSequence = max(e.LongestSequence, s.length)
	}
	var first []int32
	for _, i := range t.plan.batch(nil, 0) {
		first = append(first, data.train[i].length)
	}
	e.FirstMicros = len(pack(first, j.cfg.Batch.MaxTokensPerMicro, j.cfg.Batch.Window))
	return e, nil
}
