package trainer

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
	"github.com/swerm/swerm/trainer/comm"
	"github.com/swerm/swerm/trainer/objective"
)

// An engine is the network in training in one precision: weights, gradients,
// moments and the passes over them. Under expert parallelism its passes are
// collective, and an empty batch is one of them.
type engine interface {
	config() moe.Config
	// verdict runs a batch forward, to train or to evaluate.
	verdict(b moe.Batch, h moe.Head, train bool) ([]objective.Logits, error)
	// backward goes back through the last training verdict; aux is the
	// coefficient of each sequence's auxiliary loss.
	backward(d []objective.Logits, aux float64) error
	// nextToken runs a batch forward and, unless weight is 0, backward, and
	// returns the loss sums of its sequences.
	nextToken(b moe.Batch, weight, aux float64) ([]float64, error)
	aux() []float64
	load(train bool) [][]int64 // tokens at each expert in the last forward

	// reduce adds up the gradients of all ranks, and returns their norm.
	reduce() (float64, error)
	update(o moe.AdamW, step int64, scale float64)
	zeroGrad()

	// write puts this rank's part of a checkpoint into dir, finish what makes
	// the parts one.
	write(dir string) error
	finish(dir string) error
	loadMoments(dir string) error
	loadAdapters(dir string) error
	// bytes is what this rank keeps: weights, gradients and moments.
	bytes() (parameters, gradients, optimizer int64)
	// memory is all that this rank has come to keep: to train, and what the
	// passes that evaluate have beside it.
	memory() (training, evaluation moe.Memory)
}

// An origin is where weights come from: a checkpoint, or a shape and a seed.
type origin struct {
	dir   string
	shape moe.Config
	seed  uint64
}

func newEngine(cfg *Config, from origin, l *layout, threads int) (engine, error) {
	if cfg.Precision == PrecisionFP64 {
		return newEngineOf[float64](cfg, from, l, threads)
	}
	return newEngineOf[float32](cfg, from, l, threads)
}

// kernelFamily names the machine code of a precision.
func kernelFamily(precision string) string {
	if precision == PrecisionFP64 {
		return "reference"
	}
	return moe.KernelFamily()
}

// engineOf is the engine of one precision.
type engineOf[Num moe.Float] struct {
	*layout
	adapts bool // adapters train, and are all of the weights that checkpoints hold
	model  *moe.ModelOf[Num]
	opt    *moe.OptStateOf[Num]
	pass   *moe.PassOf[Num] // forward and backward
	scorer *moe.PassOf[Num] // forward only
}

func newEngineOf[Num moe.Float](cfg *Config, from origin, l *layout, threads int) (engine, error) {
	e := &engineOf[Num]{layout: l, adapts: cfg.adapts()}
	var err error
	if from.dir != "" {
		e.model, err = moe.LoadTuned[Num](from.dir, from.seed, l.shard(), cfg.tuning())
	} else {
		e.model, err = moe.NewTuned[Num](from.shape, from.seed, l.shard(), cfg.tuning())
	}
	if err != nil {
		return nil, err
	}
	e.model.EnableGrad()
	e.opt = e.model.NewOptState()
	e.pass = e.model.NewPass(moe.Options{Threads: threads, Train: true, Recompute: cfg.Memory.Recompute == RecomputeLayer, Peers: l.peers()})
	e.scorer = e.model.NewPass(moe.Options{Threads: threads, Peers: l.peers()})
	return e, nil
}

func (e *engineOf[Num]) config() moe.Config { return e.model.Config() }
func (e *engineOf[Num]) aux() []float64     { return e.pass.Aux() }
func (e *engineOf[Num]) zeroGrad()          { e.model.ZeroGrad() }

func (e *engineOf[Num]) memory() (training, evaluation moe.Memory) {
	training = e.pass.Memory()
	of := e.model.Memory()
	training.Weights, training.Gradients, training.Moments = of.Weights, of.Gradients, e.opt.Memory().Moments
	return training, e.scorer.Memory()
}

func (e *engineOf[Num]) load(train bool) [][]int64 { return e.of(train).ExpertLoad() }

func (e *engineOf[Num]) of(train bool) *moe.PassOf[Num] {
	if train {
		return e.pass
	}
	return e.scorer
}

func (e *engineOf[Num]) verdict(b moe.Batch, h moe.Head, train bool) ([]objective.Logits, error) {
	raw, err := e.of(train).Verdict(b, h)
	if err != nil {
		return nil, err
	}
	logits := make([]objective.Logits, len(raw))
	for i, l := range raw {
		logits[i] = objective.Logits{Yes: float64(l.Yes), No: float64(l.No), Rest: float64(l.Rest)}
	}
	return logits, nil
}

func (e *engineOf[Num]) backward(grad []objective.Logits, aux float64) error {
	d := make([]moe.LogitsOf[Num], len(grad))
	for i, g := range grad {
		d[i] = moe.LogitsOf[Num]{Yes: Num(g.Yes), No: Num(g.No), Rest: Num(g.Rest)}
	}
	return e.pass.BackwardVerdict(d, repeat(Num(aux), len(grad)))
}

func (e *engineOf[Num]) nextToken(b moe.Batch, weight, aux float64) ([]float64, error) {
	if weight == 0 {
		return e.scorer.NextToken(b, nil, nil)
	}
	return e.pass.NextToken(b, repeat(Num(weight), b.Len()), repeat(Num(aux), b.Len()))
}

func repeat[Num moe.Float](x Num, n int) []Num {
	list := make([]Num, n)
	for i := range list {
		list[i] = x
	}
	return list
}

// reduce sums dense gradients over the world and those of experts over their
// replicas. Each was scaled by the weight of the whole global step, so a plain
// sum is all. The norm counts dense gradients once, and each expert once.
func (e *engineOf[Num]) reduce() (float64, error) {
	dense, experts := e.model.Grads()
	if err := sumNumbers(e.world, dense); err != nil {
		return 0, fmt.Errorf("gradients: %w", err)
	}
	if err := sumNumbers(e.replicas, experts); err != nil {
		return 0, fmt.Errorf("gradients of experts: %w", err)
	}
	once, shard := e.model.GradSquares()
	all := []float64{shard}
	if err := comm.AllReduce(e.layout.experts, all); err != nil {
		return 0, fmt.Errorf("gradient norm: %w", err)
	}
	return math.Sqrt(once + all[0]), nil
}

// sumNumbers is comm.AllReduce in a precision of the network.
func sumNumbers[Num moe.Float](c comm.Comm, x []Num) error {
	if wide, ok := any(x).([]float64); ok {
		return comm.AllReduce(c, wide)
	}
	return comm.AllReduce(c, any(x).([]float32))
}

func (e *engineOf[Num]) update(o moe.AdamW, step int64, scale float64) {
	e.model.AdamWStep(o, e.opt, int(step), scale)
}

func (e *engineOf[Num]) bytes() (parameters, gradients, optimizer int64) {
	for _, p := range slices.Concat(e.model.Params(), e.model.Adapters()) {
		parameters += int64(len(comm.Bytes(p.Data)))
	}
	for _, p := range e.model.Trained() {
		first, second := e.opt.Of(p)
		gradients += int64(len(comm.Bytes(p.Grad)))
		optimizer += int64(len(comm.Bytes(first)) + len(comm.Bytes(second)))
	}
	return parameters, gradients, optimizer
}

// dtype is what files hold: the precision itself, so that a run goes on as if
// it had never stopped.
func (e *engineOf[Num]) dtype() safetensors.DType {
	if _, wide := any(e.opt).(*moe.OptStateOf[float64]); wide {
		return safetensors.F64
	}
	return safetensors.F32
}

func (e *engineOf[Num]) write(dir string) error {
	if !e.writes() {
		return nil
	}
	if err := e.writeWeights(dir); err != nil {
		return err
	}
	var items []safetensors.Item
	for _, p := range e.model.Trained() {
		if e.model.Owns(p) {
			first, second := e.opt.Of(p)
			items = append(items, p.Item(p.Name+".m", first), p.Item(p.Name+".v", second))
		}
	}
	return safetensors.Write(filepath.Join(dir, stateDir, shardFile(momentsPrefix, e.shard())), items, e.dtype())
}

// writeWeights writes what the run changes: the model, or the adapters over it.
func (e *engineOf[Num]) writeWeights(dir string) error {
	if e.adapts {
		return e.writeAdapters(dir)
	}
	return e.model.SavePart(dir, moe.SaveOptions{DType: string(e.dtype())})
}

func (e *engineOf[Num]) finish(dir string) error {
	if e.adapts {
		return nil
	}
	return e.model.FinishParts(dir, moe.SaveOptions{DType: string(e.dtype())})
}

// shardFile is the file of one shard's part of the state.
func shardFile(prefix string, s moe.Shard) string {
	if s.Of <= 1 {
		return prefix + ".safetensors"
	}
	return fmt.Sprintf("%s-%05d-of-%05d.safetensors", prefix, s.Rank+1, s.Of)
}

// loadMoments finds each tensor's moments in whichever file holds them: the
// checkpoint may be of another layout.
func (e *engineOf[Num]) loadMoments(dir string) error {
	set, err := openState(dir, momentsPrefix)
	if err != nil {
		return fmt.Errorf("moments: %w", err)
	}
	defer set.Close()
	for _, p := range e.model.Trained() {
		first, second := e.opt.Of(p)
		for name, into := range map[string][]Num{p.Name + ".m": first, p.Name + ".v": second} {
			if err := readNumbers(set, name, into); err != nil {
				return fmt.Errorf("moments: %w", err)
			}
		}
	}
	return nil
}

func readNumbers[Num moe.Float](f *safetensors.Set, name string, into []Num) error {
	if wide, ok := any(into).([]float64); ok {
		return f.ReadFloat64(name, wide)
	}
	return f.ReadFloat32(name, any(into).([]float32))
}
