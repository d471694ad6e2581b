package trainer

import (
	"fmt"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/objective"
)

// A Setting is what a forecast needs to know beside the config.
type Setting struct {
	Shape     moe.Config // of the network
	Files     bool       // the weights come from a checkpoint
	Ranks, EP int        // as --nproc and --ep
	Threads   int        // of one rank
	Length    int        // tokens of every sequence; 0: what fits a micro-batch and the context
	Rate      float64    // floating-point operations in a second of one rank's products
	Bandwidth float64    // bytes in a second that one rank sends
}

// A Forecast says what a training will keep and how long a step takes, before
// anything is allocated. Memory is that of the rank that keeps most: it is counted
// as the network counts its own, with every expert asked equally often. Time is an
// estimate from a rate.
type Forecast struct {
	Parameters int64 `json:"parameters"`
	Active     int64 `json:"active_parameters"`  // that one token meets
	Trained    int64 `json:"trained_parameters"` // adapters, where they train

	Ranks   int `json:"ranks"`
	EP      int `json:"ep"`
	Threads int `json:"threads_per_rank"`

	Length         int            `json:"length"`                   // tokens of every sequence
	MicroSequences int            `json:"sequences_per_microbatch"` // of them
	Micros         int            `json:"microbatches_per_step"`    // of one rank
	Recompute      string         `json:"recompute"`
	Memory         moe.Memory     `json:"memory_bytes"`            // of one rank, evaluations included
	Untouched      int64          `json:"untouched_bytes"`         // of it: gradients and moments that are never written
	Staging        int64          `json:"checkpoint_copy_bytes"`   // of one rank: the copy that a checkpoint is written from
	Runtime        int64          `json:"runtime_bytes"`           // of one rank: the program and garbage
	Total          int64          `json:"total_bytes"`             // of one rank
	ByLength       []LengthMemory `json:"one_sequence_of_length"`  // activations, buffers and exchange, by length
	Operations     float64        `json:"step_operations"`         // of one rank
	SentBytes      float64        `json:"step_sent_bytes"`         // by one rank
	Seconds        StepSeconds    `json:"step_seconds"`            // predicted
	Rate           float64        `json:"operations_per_second"`   // of one rank, measured or given
	Bandwidth      float64        `json:"sent_bytes_per_second"`   // of one rank, given
	TokensPerSec   float64        `json:"tokens_per_second"`       // of all ranks
	KernelFamily   string         `json:"kernel_family,omitempty"` // whose padding was counted
}

// LengthMemory is what one sequence takes beside the model.
type LengthMemory struct {
	Tokens int   `json:"tokens"`
	Bytes  int64 `json:"bytes"`
}

// StepSeconds is where the time of a step goes.
type StepSeconds struct {
	Products  float64 `json:"products"`
	Attention float64 `json:"attention"`
	Optimizer float64 `json:"optimizer"`
	Exchange  float64 `json:"exchange"` // tokens between ranks that share experts
	Reduce    float64 `json:"reduce"`   // gradients
}

// Total is the time of a step where nothing overlaps.
func (s StepSeconds) Total() float64 {
	return s.Products + s.Attention + s.Optimizer + s.Exchange + s.Reduce
}

// What is known of the time of work other than products, measured on the
// shapes of docs/performance.md.
const (
	productShare   = 0.85 // of the rate of products alone, with what stands between them
	optimizerBytes = 28.0 // that AdamW moves for a parameter in float32
	int8Bytes      = 24.0 // and what it is as if it moved over moments of a byte
	memoryRate     = 8e9  // bytes in a second and thread
)

// forecastLengths are the lengths that a forecast lists as far as the context
// goes, and the context itself.
var forecastLengths = []int{4096, 16384, 32768, 131072}

// NewShape is the shape of the network that a config without a checkpoint to
// start from trains, for a vocabulary.
func (c *Config) NewShape(vocab int) moe.Config {
	return c.Model.shape(vocab, c.Batch.MaxTokensPerMicro)
}

// MeasureRate is [moe.MeasureRate] in the config's precision.
func (c *Config) MeasureRate(threads int) (float64, error) {
	if c.Precision == PrecisionFP64 {
		return moe.MeasureRate[float64](threads, moe.FP32)
	}
	p, err := moe.ParsePrecision(c.Precision)
	if err != nil {
		return 0, err
	}
	return moe.MeasureRate[float32](threads, p)
}

// NewForecast predicts a training.
func NewForecast(cfg *Config, s Setting) (*Forecast, error) {
	if s.Ranks < 1 || s.EP < 1 || s.Ranks%s.EP != 0 {
		return nil, fmt.Errorf("forecast: %d ranks are not a multiple of %d that share experts", s.Ranks, s.EP)
	}
	tune := cfg.tuning()
	_, trained, err := tune.Count(s.Shape)
	if err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	if s.Length == 0 {
		s.Length = min(cfg.Batch.MaxTokensPerMicro, s.Shape.MaxPositionEmbeddings)
	}
	fc := &Forecast{Parameters: s.Shape.NumParams(), Active: s.Shape.NumActive(), Trained: trained, Ranks: s.Ranks, EP: s.EP, Threads: s.Threads,
		Length: s.Length, Recompute: cfg.Memory.Recompute, Rate: s.Rate, Bandwidth: s.Bandwidth, KernelFamily: kernelFamily(cfg.Precision)}
	mine := (cfg.Batch.Sequences + s.Ranks - 1) / s.Ranks
	fc.MicroSequences = min(mine, max(1, cfg.Batch.MaxTokensPerMicro/s.Length))
	fc.Micros = (mine + fc.MicroSequences - 1) / fc.MicroSequences
	plan := planOf(cfg, s, slices.Repeat([]int{s.Length}, fc.MicroSequences))
	plan.BorrowGrads = fc.Micros == 1 && plan.Passes < 2 // sums of one micro-batch stay while the next is computed
	if err := fc.predictMemory(cfg, plan); err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	if err := fc.predictTime(cfg, plan, s); err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	return fc, nil
}

func planOf(cfg *Config, s Setting, lengths []int) moe.Plan {
	p := moe.Plan{Config: s.Shape, Tuning: cfg.tuning(), Lengths: lengths, Recompute: cfg.Memory.Recompute == RecomputeLayer,
		NextToken: cfg.Objective.Name == ObjectiveNextToken, Threads: s.Threads, Precision: cfg.products(), Head: moe.Head{Yes: 0, No: 1, Full: cfg.readsRest()},
		Moments8: cfg.Optimizer.State == StateInt8, Scores: cfg.Data.DevSplit != "", Average: cfg.EMA.Decay > 0, Summed: s.Ranks > 1, BF16Wire: s.Ranks > 1 && cfg.Ranks.Wire == WireBF16}
	if cfg.Ranks.slices(s.Ranks) {
		p.Replicas = moe.ReplicaCount{Dense: s.Ranks, Experts: s.Ranks / s.EP}
	}
	p.Tuning.Mapped = cfg.mapsBase() && s.Files
	if s.EP > 1 {
		p.Shard = moe.Shard{Rank: s.EP - 1, Of: s.EP} // where experts do not divide evenly, the last has most
		if cfg.Ranks.Overlap {
			p.Passes = 2
		}
	}
	return p
}

// What is resident beside what the network keeps.
const (
	programBytes = 38 << 20 // code, tables of the runtime, what reading the inputs left
	peerBytes    = 2 << 20  // of connections with other ranks
)

func (fc *Forecast) predictMemory(cfg *Config, plan moe.Plan) error {
	memory, untouched := moe.PlanMemory[float32], moe.Untouched[float32]
	if cfg.Precision == PrecisionFP64 {
		memory, untouched = moe.PlanMemory[float64], moe.Untouched[float64]
	}
	var err error
	if fc.Memory, err = memory(plan); err != nil {
		return err
	}
	if fc.Untouched, err = untouched(plan); err != nil {
		return err
	}
	if cfg.copiesCheckpoints() {
		fc.Staging = fc.Memory.Moments + fc.changed(cfg) + fc.Memory.Average
	}
	fc.Runtime = programBytes + min(garbageBytes, fc.Memory.Total()/20)
	if fc.Ranks > 1 {
		fc.Runtime += peerBytes
	}
	fc.Total = fc.Memory.Total() - fc.Untouched + fc.Staging + fc.Runtime
	for _, n := range append(slices.DeleteFunc(slices.Clone(forecastLengths), func(n int) bool { return n >= plan.MaxPositionEmbeddings }), plan.MaxPositionEmbeddings) {
		plan.Lengths = []int{n}
		m, err := memory(plan)
		if err != nil {
			return err
		}
		fc.ByLength = append(fc.ByLength, LengthMemory{n, m.Activations + m.Buffers + m.Packs + m.Exchange})
	}
	return nil
}

// changed is the weights that a checkpoint holds: all, or the adapters.
func (fc *Forecast) changed(cfg *Config) int64 {
	if cfg.adapts() {
		return fc.Memory.Gradients // adapters are all that trains
	}
	return fc.Memory.Weights
}

// copiesCheckpoints reports whether checkpoints are written from a copy beside
// the steps.
func (c *Config) copiesCheckpoints() bool {
	return c.CheckpointAsync && (c.CheckpointEvery > 0 || c.Eval.Keep == KeepBest)
}

func (fc *Forecast) predictTime(cfg *Config, plan moe.Plan, s Setting) error {
	w, err := plan.Work()
	if err != nil {
		return err
	}
	dense, experts, err := plan.Trained()
	if err != nil {
		return err
	}
	micros := float64(fc.Micros)
	fc.Operations = micros * (w.Products + w.Attention)
	moved := optimizerBytes * float64(fc.Memory.Moments/8) // of numbers, in the fp32 that the optimizer moves
	if plan.Moments8 {
		mine := float64(dense)/float64(max(1, plan.Replicas.Dense)) + float64(experts)/float64(max(1, plan.Replicas.Experts))
		moved = int8Bytes * mine
	}
	reduced := cfg.reducedBytes(dense, s.Ranks) + cfg.reducedBytes(experts, s.Ranks/s.EP)
	fc.SentBytes = micros*w.Exchanged + reduced
	fc.Seconds = StepSeconds{
		Products:  micros * w.Products / (s.Rate * productShare),
		Attention: micros * w.Attention / (s.Rate * moe.AttentionShare(plan.Precision, s.Shape.HeadDim)),
		Optimizer: moved / (memoryRate * float64(max(1, s.Threads))),
		Exchange:  micros * w.Exchanged / s.Bandwidth,
		Reduce:    reduced / s.Bandwidth,
	}
	fc.TokensPerSec = micros * float64(fc.MicroSequences*s.Length*s.Ranks) / fc.Seconds.Total()
	return nil
}

// reducedBytes is what one rank sends to add up the gradients of so many numbers
// among the ranks that keep the same: all but its own part, and then the sum, or
// the new weights.
func (c *Config) reducedBytes(numbers int64, ranks int) float64 {
	gradient, sum := 4.0, 4.0
	if c.Ranks.Wire == WireBF16 {
		gradient = 2
		if !c.Ranks.slices(ranks) {
			sum = 2
		}
	}
	if c.Weights == WeightsBF16 && c.Ranks.slices(ranks) {
		sum = 2
	}
	return (gradient + sum) * float64(numbers) * float64(ranks-1) / float64(ranks)
}

// readsRest reports whether an objective looks at the whole vocabulary.
func (c *Config) readsRest() bool {
	for _, t := range append([]ObjectiveTerm{{Name: c.Objective.Name}}, c.Objective.Add...) {
		if o, err := objective.Named(t.Name, objective.Options{}); err == nil && o.Full {
			return true
		}
	}
	return false
}
