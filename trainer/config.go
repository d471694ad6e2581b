package trainer

import (
	"errors"
	"fmt"
	"math"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/trainer/objective"
)

// ObjectiveNextToken names the language-model loss over all tokens, which
// needs no labels. The other names are those of package objective.
const ObjectiveNextToken = "next_token"

// What happens to a step whose loss or gradient is not finite.
const (
	NonFiniteStop = "stop" // the run fails with a NonFiniteError
	NonFiniteSkip = "skip" // the step leaves the weights alone and is counted
)

// Which weights are published.
const (
	KeepLast = "last"
	KeepBest = "best" // of the dev evaluations, by Eval.By
)

// What dev evaluations are compared by.
const (
	ByAUC  = "auc"
	ByLoss = "loss"
	ByECE  = "ece" // of metrics.DefaultBins bins; lower is better
)

// The precisions.
const (
	PrecisionFP32 = "fp32"
	// PrecisionBF16 and PrecisionBF16x3 round the operands of the trunk's products
	// as [moe.BF16] and [moe.BF16x3] do; the rest is that of fp32.
	PrecisionBF16   = "bf16"
	PrecisionBF16x3 = "bf16x3"
	// PrecisionFP64 is for comparisons: plain kernels, many times slower. Two
	// layouts of ranks agree in it to 1e-9 where fp32 would round.
	PrecisionFP64 = "fp64"
)

// What weights are kept in while they train, and in checkpoints; under fp64 they
// are in that.
const (
	WeightsFP32 = "fp32"
	// WeightsBF16 keeps two bytes a weight and no other copy: see
	// [moe.Tuning.BF16].
	WeightsBF16 = "bf16"
)

// What the optimizer's moments are kept in.
const (
	StateFP32 = "fp32"
	// StateInt8 keeps a byte for each moment of a large matrix, by dynamic block-wise
	// quantization: see package kernel of the network.
	StateInt8 = "int8"
)

// What published weights may be rounded to.
const (
	SaveBF16 = "bf16"
	SaveFP16 = "fp16"
)

// Limits of a config, each far above use and low enough to keep arithmetic exact.
const (
	maxSteps          = 1 << 31
	maxEpochs         = 1 << 16
	maxTokensPerMicro = 1 << 22 // the network's own bound on a batch
)

// Config is the config of stage train. Everything in it that can change a result
// is part of the task's key; the number of threads is not in it.
type Config struct {
	Objective Objective `json:"objective" yaml:"objective"`
	Model     Model     `json:"model" yaml:"model"` // not read when port init gives a checkpoint
	Optimizer Optimizer `json:"optimizer" yaml:"optimizer"`
	Schedule  Schedule  `json:"schedule" yaml:"schedule"`
	Batch     Batch     `json:"batch" yaml:"batch"`
	Data      Data      `json:"data" yaml:"data"`
	Eval      Eval      `json:"eval" yaml:"eval"`
	Aux       Aux       `json:"aux" yaml:"aux"`
	Memory    Memory    `json:"-" yaml:"memory"`
	LoRA      LoRA      `json:"lora" yaml:"lora"`
	Freeze    []string  `json:"freeze" yaml:"freeze"` // tensors that do not train: kinds, modules, layers, patterns of names
	EMA       EMA       `json:"ema" yaml:"ema"`
	Ranks     Sharing   `json:"ranks" yaml:"ranks"`

	Steps  int64   `json:"steps" yaml:"steps"`   // optimizer steps; 0: as epochs says
	Epochs float64 `json:"epochs" yaml:"epochs"` // passes over the visits, unless steps is set

	CheckpointEvery int64  `json:"checkpoint_every" yaml:"checkpoint_every"` // steps; 0: only at the end and on interruption
	KeepCheckpoints int    `json:"keep_checkpoints" yaml:"keep_checkpoints"` // unfinished run: how many to keep
	CheckpointAsync bool   `json:"-" yaml:"checkpoint_async"`                // write from a copy in memory while steps go on; outside the key
	Seed            uint64 `json:"seed" yaml:"seed"`                         // of new weights, of the order of visits and of rounding
	Precision       string `json:"precision" yaml:"precision"`               // of products: fp32, bf16 or bf16x3; fp64 on plain kernels, to compare
	Weights         string `json:"weights" yaml:"weights"`                   // what weights are kept in: fp32, or bf16 with updates rounded at random
	SaveDType       string `json:"save_dtype" yaml:"save_dtype"`             // of published weights: bf16 or fp16; "": the precision itself
	OnNonFinite     string `json:"on_nonfinite" yaml:"on_nonfinite"`         // stop or skip
}

// Objective chooses the loss.
type Objective struct {
	Name           string          `json:"name" yaml:"name"` // two_way, full, brier, focal, pairwise or next_token
	LabelSmoothing float64         `json:"label_smoothing" yaml:"label_smoothing"`
	Gamma          float64         `json:"gamma" yaml:"gamma"` // exponent of focal
	WeightYes      float64         `json:"weight_yes" yaml:"weight_yes"`
	WeightNo       float64         `json:"weight_no" yaml:"weight_no"`
	Add            []ObjectiveTerm `json:"add,omitempty" yaml:"add,omitempty"`
}

// An ObjectiveTerm is a further objective with its share.
type ObjectiveTerm struct {
	Name        string  `json:"name" yaml:"name"`
	Coefficient float64 `json:"coefficient" yaml:"coefficient"`
}

// Model is the shape of a new network; its vocabulary is the tokenizer's.
type Model struct {
	Layers          int     `json:"layers" yaml:"layers"`
	Hidden          int     `json:"hidden" yaml:"hidden"`
	Heads           int     `json:"heads" yaml:"heads"`
	KVHeads         int     `json:"kv_heads" yaml:"kv_heads"`
	HeadDim         int     `json:"head_dim" yaml:"head_dim"`
	Experts         int     `json:"experts" yaml:"experts"`
	TopK            int     `json:"top_k" yaml:"top_k"`
	MoEIntermediate int     `json:"moe_intermediate" yaml:"moe_intermediate"`
	RopeTheta       float64 `json:"rope_theta" yaml:"rope_theta"`
	Context         int     `json:"context" yaml:"context"` // 0: the contract's limit
	InitRange       float64 `json:"init_range" yaml:"init_range"`
	TieEmbeddings   bool    `json:"tie_embeddings" yaml:"tie_embeddings"`
}

// Optimizer is AdamW with clipping of the global gradient norm.
type Optimizer struct {
	LR          float64 `json:"lr" yaml:"lr"`
	Beta1       float64 `json:"beta1" yaml:"beta1"`
	Beta2       float64 `json:"beta2" yaml:"beta2"`
	Eps         float64 `json:"eps" yaml:"eps"`
	WeightDecay float64 `json:"weight_decay" yaml:"weight_decay"`
	ClipNorm    float64 `json:"clip_norm" yaml:"clip_norm"` // 0: no clipping
	State       string  `json:"state" yaml:"state"`         // what moments are kept in: fp32, or int8, a byte each with a scale for 256
}

// Batch says how many sequences a step takes and how it is cut.
type Batch struct {
	Sequences         int  `json:"sequences" yaml:"sequences"`                                 // of one global batch
	MaxTokensPerMicro int  `json:"max_tokens_per_microbatch" yaml:"max_tokens_per_microbatch"` // bounds memory
	Window            int  `json:"window" yaml:"window"`                                       // how far packing looks ahead
	GroupTasks        bool `json:"group_tasks" yaml:"group_tasks"`                             // keep trajectories of a task together
	ChunkTokens       int  `json:"chunk_tokens" yaml:"chunk_tokens"`                           // next_token: cut rows into sequences of this length; 0: whole
}

// Data chooses rows of the view.
type Data struct {
	TrainSplit string `json:"train_split" yaml:"train_split"` // "": rows without a split
	DevSplit   string `json:"dev_split" yaml:"dev_split"`     // "": no dev evaluation
	Scale      int64  `json:"scale" yaml:"scale"`             // nested scale of training rows; 0: all rows
}

// Eval says when the dev split is evaluated and what follows from it.
type Eval struct {
	Every    int64  `json:"every" yaml:"every"`       // steps; 0: only after the last
	Keep     string `json:"keep" yaml:"keep"`         // last or best
	By       string `json:"by" yaml:"by"`             // auc, loss or ece
	Patience int    `json:"patience" yaml:"patience"` // stop after so many evaluations without a better one; 0: never
}

// Memory trades time for memory; it changes no bit of a result.
type Memory struct {
	Recompute string `json:"recompute" yaml:"recompute"`   // none, or layer: activations are computed again in the backward pass
	WeightsIn string `json:"weights_in" yaml:"weights_in"` // where the weights under adapters are: file (pages are read as they are used) or memory (a copy)
}

// Where weights are that adapters train over.
const (
	WeightsInFile   = "file"
	WeightsInMemory = "memory"
)

// What is computed again in the backward pass.
const (
	RecomputeNone  = "none"
	RecomputeLayer = "layer" // all of a layer but its input and the choices of its router
)

// DefaultConfig returns the config that an empty file means.
func DefaultConfig() *Config {
	return &Config{
		Objective: Objective{Name: objective.NameTwoWay, WeightYes: 1, WeightNo: 1},
		Model: Model{Layers: 4, Hidden: 256, Heads: 4, KVHeads: 2, HeadDim: 64, Experts: 8, TopK: 2,
			MoEIntermediate: 256, RopeTheta: 1e6, InitRange: 0.02},
		Optimizer:       Optimizer{LR: 3e-4, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, ClipNorm: 1, State: StateFP32},
		Schedule:        Schedule{Kind: ScheduleCosine, WarmupRatio: 0.05, DecayRatio: 0.1, MinRatio: 0.1},
		Batch:           Batch{Sequences: 32, MaxTokensPerMicro: 16384, Window: 16},
		Data:            Data{TrainSplit: pipeline.SplitTrain, DevSplit: pipeline.SplitDev},
		Eval:            Eval{Keep: KeepLast, By: ByAUC},
		Memory:          Memory{Recompute: RecomputeNone, WeightsIn: WeightsInFile},
		LoRA:            LoRA{Alpha: 32, Targets: []string{moe.KindAttention}},
		Aux:             Aux{Coefficient: 0.001, Scope: AuxScopeSequence, BiasDecayRatio: 0.2},
		EMA:             EMA{Publish: true},
		Epochs:          1,
		KeepCheckpoints: 2,
		CheckpointAsync: true,
		Precision:       PrecisionFP32,
		Weights:         WeightsFP32,
		OnNonFinite:     NonFiniteStop,
		Ranks:           DefaultSharing(),
	}
}

// Validate lists every fault.
func (c *Config) Validate() error {
	v := &faults{}
	c.Objective.validate(v)
	c.Optimizer.validate(v)
	v.oneOf("schedule.kind", c.Schedule.Kind, ScheduleCosine, ScheduleLinear, ScheduleConstant, ScheduleWSD)
	v.within("schedule.warmup_steps", float64(c.Schedule.WarmupSteps), 0, maxSteps)
	v.within("schedule.warmup_ratio", c.Schedule.WarmupRatio, 0, 1)
	v.within("schedule.decay_ratio", c.Schedule.DecayRatio, 0, 1)
	v.within("schedule.min_ratio", c.Schedule.MinRatio, 0, 1)
	v.within("batch.sequences", float64(c.Batch.Sequences), 1, c.Objective.maxSequences())
	v.within("batch.max_tokens_per_microbatch", float64(c.Batch.MaxTokensPerMicro), 1, maxTokensPerMicro)
	v.within("batch.window", float64(c.Batch.Window), 1, objective.MaxSequences)
	v.within("batch.chunk_tokens", float64(c.Batch.ChunkTokens), 0, maxTokensPerMicro)
	v.within("data.scale", float64(c.Data.Scale), 0, math.MaxInt64)
	if c.Data.DevSplit != "" && c.Data.DevSplit == c.Data.TrainSplit {
		v.add("data.dev_split %q is the train split", c.Data.DevSplit)
	}
	v.within("steps", float64(c.Steps), 0, maxSteps)
	v.within("epochs", c.Epochs, 0, maxEpochs)
	if c.Steps == 0 && c.Epochs == 0 {
		v.add("steps and epochs are both 0: set one")
	}
	c.Eval.validate(v, c)
	v.oneOf("memory.recompute", c.Memory.Recompute, RecomputeNone, RecomputeLayer)
	v.oneOf("memory.weights_in", c.Memory.WeightsIn, WeightsInFile, WeightsInMemory)
	tune := c.tuning()
	v.wrap("tuning", tune.Validate())
	c.Aux.validate(v)
	v.within("ema.decay", c.EMA.Decay, 0, 1-1e-9)
	v.within("checkpoint_every", float64(c.CheckpointEvery), 0, maxSteps)
	v.within("keep_checkpoints", float64(c.KeepCheckpoints), 1, 1000)
	v.oneOf("precision", c.Precision, PrecisionFP32, PrecisionBF16, PrecisionBF16x3, PrecisionFP64)
	v.oneOf("weights", c.Weights, WeightsFP32, WeightsBF16)
	if c.Optimizer.State == StateInt8 && c.Precision == PrecisionFP64 {
		v.add("optimizer.state: %s and precision %s exclude each other", StateInt8, PrecisionFP64)
	}
	c.validateNarrow(v)
	v.oneOf("save_dtype", c.SaveDType, "", SaveBF16, SaveFP16)
	if c.SaveDType != "" && c.Precision == PrecisionFP64 {
		v.add("save_dtype: what %s is for is lost in rounding", PrecisionFP64)
	}
	v.oneOf("on_nonfinite", c.OnNonFinite, NonFiniteStop, NonFiniteSkip)
	c.Ranks.validate(v, c.Precision)
	shape := c.Model.shape(1, 1)
	v.wrap("model", shape.Validate())
	return errors.Join(v.list...)
}

// validateNarrow refuses what weights in bfloat16 are not for.
func (c *Config) validateNarrow(v *faults) {
	if c.Weights != WeightsBF16 {
		return
	}
	if c.Precision == PrecisionFP64 {
		v.add("weights: %s and precision %s exclude each other", WeightsBF16, PrecisionFP64)
	}
	if c.adapts() {
		v.add("weights: adapters train in %s; the weights below are read as their files have them", WeightsFP32)
	}
	if c.EMA.Decay > 0 {
		v.add("ema.decay: an average of weights moves by less than %s has room for", WeightsBF16)
	}
}

func (o *Objective) validate(v *faults) {
	opts := objective.Options{LabelSmoothing: o.LabelSmoothing, Gamma: o.Gamma}
	v.wrap("objective", opts.Validate())
	v.within("objective.weight_yes", o.WeightYes, 1e-6, 1e6)
	v.within("objective.weight_no", o.WeightNo, 1e-6, 1e6)
	if o.Name == ObjectiveNextToken {
		if len(o.Add) > 0 {
			v.add("objective.add: %s stands alone", ObjectiveNextToken)
		}
		return
	}
	if _, err := objective.Named(o.Name, opts); err != nil {
		v.add("objective.name: %w, %s", err, ObjectiveNextToken)
	}
	for i, a := range o.Add {
		if _, err := objective.Named(a.Name, opts); err != nil {
			v.add("objective.add[%d].name: %w", i, err)
		}
		v.within(fmt.Sprintf("objective.add[%d].coefficient", i), a.Coefficient, 0, 1e6)
	}
}

// maxSequences is how many sequences a step can have under the objectives.
func (o *Objective) maxSequences() float64 {
	for _, t := range append([]ObjectiveTerm{{Name: o.Name}}, o.Add...) {
		if t.Name == objective.NamePairwise {
			return objective.MaxPairSequences
		}
	}
	return objective.MaxSequences
}

func (o *Optimizer) validate(v *faults) {
	v.within("optimizer.lr", o.LR, 0, 1e3)
	v.within("optimizer.beta1", o.Beta1, 0, 1-1e-9)
	v.within("optimizer.beta2", o.Beta2, 0, 1-1e-9)
	v.within("optimizer.eps", o.Eps, 1e-30, 1)
	v.within("optimizer.weight_decay", o.WeightDecay, 0, 1e3)
	v.within("optimizer.clip_norm", o.ClipNorm, 0, 1e9)
	v.oneOf("optimizer.state", o.State, StateFP32, StateInt8)
}

func (e *Eval) validate(v *faults, c *Config) {
	v.within("eval.every", float64(e.Every), 0, maxSteps)
	v.within("eval.patience", float64(e.Patience), 0, 1e9)
	v.oneOf("eval.keep", e.Keep, KeepLast, KeepBest)
	v.oneOf("eval.by", e.By, ByAUC, ByLoss, ByECE)
	stops := e.Keep == KeepBest || e.Patience > 0
	if stops && c.Data.DevSplit == "" {
		v.add("eval.keep and eval.patience need data.dev_split")
	}
	if stops && e.By != ByLoss && c.Objective.Name == ObjectiveNextToken {
		v.add("eval.by: %s has no %s, use %q", ObjectiveNextToken, e.By, ByLoss)
	}
}

// products is the precision of the trunk's products.
func (c *Config) products() moe.Precision {
	if c.Precision == PrecisionFP64 {
		return moe.FP32 // nothing is rounded
	}
	p, _ := moe.ParsePrecision(c.Precision) // Validate has seen it
	return p
}

// shape is the network's config for a vocabulary and a context.
func (m *Model) shape(vocab, context int) moe.Config {
	if m.Context > 0 {
		context = m.Context
	}
	return moe.Config{VocabSize: vocab, HiddenSize: m.Hidden, NumHiddenLayers: m.Layers,
		NumAttentionHeads: m.Heads, NumKeyValueHeads: m.KVHeads, HeadDim: m.HeadDim,
		NumExperts: m.Experts, NumExpertsPerTok: m.TopK, MoeIntermediateSize: m.MoEIntermediate,
		IntermediateSize: m.MoEIntermediate, NormTopKProb: true, RopeTheta: m.RopeTheta, RMSNormEps: 1e-6,
		MaxPositionEmbeddings: context, TieWordEmbeddings: m.TieEmbeddings, InitializerRange: m.InitRange,
		RouterAuxLossCoef: 0.001, BOS: -1, EOS: -1, Pad: -1}
}

// faults collects what is wrong with a config.
type faults struct{ list []error }

func (f *faults) add(format string, args ...any) {
	f.list = append(f.list, fmt.Errorf("train: "+format, args...))
}

func (f *faults) wrap(what string, err error) {
	if err != nil {
		f.add("%s: %w", what, err)
	}
}

// within also catches NaN.
func (f *faults) within(what string, x, lo, hi float64) {
	if !(x >= lo && x <= hi) {
		f.add("%s %v is not in [%v, %v]", what, x, lo, hi)
	}
}

func (f *faults) oneOf(what, got string, known ...string) {
	for _, k := range known {
		if got == k {
			return
		}
	}
	f.add("%s %q is none of %q", what, got, known)
}
