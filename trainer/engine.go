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
	// coefficient of each sequence's auxiliary loss. It may go on beside the next
	// verdict, after which wait must be called before anything else is.
	backward(d []objective.Logits, aux float64) (wait func() error)
	// nextToken runs a batch forward and, unless weight is 0, backward, and
	// returns the loss sums of its sequences.
	nextToken(b moe.Batch, weight, aux float64) ([]float64, error)
	aux() []float64
	// route runs a batch forward as far as its routers, in training. routers sets
	// what backward adds for them from now on, bias what is added when experts are
	// chosen in training; probSums and zSum are of the last training forward.
	route(b moe.Batch) error
	routers(slopes []float64, z float64) error
	bias(b [][]float64) error
	// only says whether the step at hand has one micro-batch here, so that gradients
	// are zero whenever a forward pass begins.
	only(is bool)
	probSums() []float64
	zSum() float64
	load(train bool) [][]int64 // tokens at each expert in the last forward

	// reduce adds up the gradients of all ranks, and returns their norm.
	reduce() (float64, error)
	update(o moe.AdamW, step int64, scale float64) error
	zeroGrad()

	// average moves the average of the weights, swap exchanges the two.
	average(decay float64)
	swap()

	// parts are the files of a checkpoint that this rank writes, none where
	// another does; finish writes what makes the parts of all ranks one, and
	// may run beside a step.
	parts() []part
	finish(dir string) error
	loadMoments(dir string) error
	loadAdapters(dir string) error
	loadAverage(dir string) error
	// bytes is what this rank keeps: weights, gradients, and moments with the average.
	bytes() (parameters, gradients, optimizer int64)
	// memory is all that this rank has come to keep. Passes that evaluate have
	// theirs in that of passes that train.
	memory() moe.Memory
	// close gives up the files of weights; no pass may run then, or later.
	close() error
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

// KernelFamily names the machine code that this process trains with.
func (c *Config) KernelFamily() string { return kernelFamily(c.Precision) }

// kernelFamily names the machine code of a precision.
func kernelFamily(precision string) string {
	if precision == PrecisionFP64 {
		return "reference"
	}
	p, _ := moe.ParsePrecision(precision) // a state of another program may have one that is unknown, and is as it was then
	return moe.KernelFamilyOf(p)
}

// engineOf is the engine of one precision.
type engineOf[Num moe.Float] struct {
	*layout
	adapts bool // adapters train, and are all of the weights that checkpoints hold
	model  *moe.ModelOf[Num]
	opt    *moe.OptStateOf[Num]
	pass   *moe.PassOf[Num] // forward and backward; of the next verdict
	scorer *moe.PassOf[Num] // forward only
	sliced bool             // moments are shared among the ranks that hold a tensor
	halves bool             // tokens and gradients travel in bfloat16
	narrow bool             // weights are in bfloat16
	eight  bool             // moments are in eight bits
	seed   uint64           // of their rounding

	turns   *turns           // of two passes; nil where there is one
	spare   *moe.PassOf[Num] // the other one
	current int              // which of the two pass is

	ema     EMA
	mean    *moe.AverageOf[Num] // nil: none is kept
	threads int
}

func newEngineOf[Num moe.Float](cfg *Config, from origin, l *layout, threads int) (engine, error) {
	e := &engineOf[Num]{layout: l, adapts: cfg.adapts(), sliced: cfg.Ranks.slices(l.world.Size()), narrow: cfg.Weights == WeightsBF16, eight: cfg.Optimizer.State == StateInt8, seed: cfg.Seed, ema: cfg.EMA, threads: threads}
	var err error
	if from.dir != "" {
		e.model, err = moe.LoadTuned[Num](from.dir, from.seed, l.shard(), cfg.tuningOver(from.dir))
	} else {
		e.model, err = moe.NewTuned[Num](from.shape, from.seed, l.shard(), cfg.tuning())
	}
	if err != nil {
		return nil, err
	}
	e.model.EnableGrad()
	if e.opt, err = e.newMoments(); err != nil {
		return nil, err
	}
	e.halves = cfg.Ranks.Wire == WireBF16
	e.twoPasses(moe.Options{Threads: threads, Train: true, Recompute: cfg.Memory.Recompute == RecomputeLayer, Peers: l.peers(), BF16Wire: e.halves, Precision: cfg.products()}, cfg.Ranks.Overlap)
	e.scorer = e.model.NewPassIn(e.pass, moe.Options{Threads: threads, Peers: l.peers(), BF16Wire: e.halves, Precision: cfg.products()})
	if cfg.EMA.Decay > 0 {
		e.mean = e.model.NewAverage()
	}
	return e, nil
}

func (e *engineOf[Num]) config() moe.Config { return e.model.Config() }
func (e *engineOf[Num]) aux() []float64     { return e.pass.Aux() }
func (e *engineOf[Num]) zeroGrad()          { e.model.ZeroGrad() }
func (e *engineOf[Num]) close() error       { return e.model.Close() }

func (e *engineOf[Num]) route(b moe.Batch) error { return e.pass.Route(b) }
func (e *engineOf[Num]) probSums() []float64     { return e.pass.ProbSums() }
func (e *engineOf[Num]) zSum() float64           { return e.pass.ZSum() }

func (e *engineOf[Num]) bias(b [][]float64) error {
	return e.eachPass(func(p *moe.PassOf[Num]) error { return p.SetBias(b) })
}

func (e *engineOf[Num]) only(is bool) {
	if e.spare == nil { // of two passes one goes back while the other would borrow
		e.pass.SetBorrowGrads(is)
	}
}

func (e *engineOf[Num]) routers(slopes []float64, z float64) error {
	r := moe.RouterLossOf[Num]{Z: Num(z)}
	for _, s := range slopes {
		r.Probs = append(r.Probs, Num(s))
	}
	return e.eachPass(func(p *moe.PassOf[Num]) error { return p.SetRouterLoss(r) })
}

func (e *engineOf[Num]) memory() moe.Memory {
	m := e.model.Memory().Plus(e.opt.Memory()).Plus(e.pass.Memory())
	if e.spare != nil {
		m = m.Plus(e.spare.Memory())
	}
	if e.mean != nil {
		m = m.Plus(e.mean.Memory())
	}
	return m
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

func (e *engineOf[Num]) backward(grad []objective.Logits, aux float64) (wait func() error) {
	d := make([]moe.LogitsOf[Num], len(grad))
	for i, g := range grad {
		d[i] = moe.LogitsOf[Num]{Yes: Num(g.Yes), No: Num(g.No), Rest: Num(g.Rest)}
	}
	pass := e.pass
	return e.start(func() error { return pass.BackwardVerdict(d, repeat(Num(aux), len(grad))) })
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
	run := e.reduceWhole
	if e.sliced {
		run = e.reduceSlices
	}
	squares, err := run()
	if err != nil {
		return 0, err
	}
	all := []float64{squares[1]}
	if err := comm.AllReduce(e.layout.experts, all); err != nil {
		return 0, fmt.Errorf("gradient norm: %w", err)
	}
	return math.Sqrt(squares[0] + all[0]), nil
}

// reduceWhole leaves all sums on every rank, and returns the squares of the
// dense gradients and of this rank's experts.
func (e *engineOf[Num]) reduceWhole() (squares [2]float64, err error) {
	for _, h := range e.holdings() {
		if err := e.sum(h, comm.AllReduce[Num], comm.AllReduceBF16); err != nil {
			return squares, fmt.Errorf("gradients: %w", err)
		}
	}
	squares[0], squares[1] = e.model.GradSquares()
	return squares, nil
}

func (e *engineOf[Num]) update(o moe.AdamW, step int64, scale float64) error {
	o.Seed = e.seed
	if e.sliced {
		return e.updateSlices(o, step, scale)
	}
	e.model.AdamWStep(o, e.opt, int(step), scale)
	return nil
}

func (e *engineOf[Num]) bytes() (parameters, gradients, optimizer int64) {
	for _, p := range slices.Concat(e.model.Params(), e.model.Adapters()) {
		parameters += p.Bytes()
	}
	for _, p := range e.model.Trained() {
		_, first, second := e.opt.Of(p)
		_, first8, second8, _ := e.opt.Of8(p)
		gradients += int64(len(comm.Bytes(p.Grad)))
		optimizer += int64(len(comm.Bytes(first)) + len(comm.Bytes(second)) + first8.Len() + second8.Len())
		if e.mean != nil {
			optimizer += int64(len(comm.Bytes(e.mean.Of(p))))
		}
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

func (e *engineOf[Num]) parts() (all []part) {
	if e.writes() || e.sliced {
		all = append(all, part{filepath.Join(stateDir, e.momentsFile()), e.momentItems(), e.dtype()})
	}
	switch {
	case !e.writes():
		return all
	case e.mean == nil:
		return append(all, e.weights())
	}
	published, other := e.withAverage(e.weights())
	return append(all, published, other)
}

// weights are what the run changes: the model, or the adapters over it.
func (e *engineOf[Num]) weights() part {
	if e.adapts {
		return part{filepath.Join(stateDir, shardFile(adapterPrefix, e.shard())), e.model.AdapterItems(), e.dtype()}
	}
	name, items := e.model.Part()
	return part{name, items, e.weightType()}
}

// weightType is what files of the model hold.
func (e *engineOf[Num]) weightType() safetensors.DType {
	if e.narrow {
		return safetensors.BF16
	}
	return e.dtype()
}

func (e *engineOf[Num]) finish(dir string) error {
	if e.adapts {
		return nil
	}
	return e.model.FinishParts(dir, moe.SaveOptions{DType: string(e.weightType())})
}

// shardFile is the file of one shard's part of the state.
func shardFile(prefix string, s moe.Shard) string {
	if s.Of <= 1 {
		return prefix + ".safetensors"
	}
	return fmt.Sprintf("%s-%05d-of-%05d.safetensors", prefix, s.Rank+1, s.Of)
}

func readNumbers[Num moe.Float](f *safetensors.Set, name string, into []Num) error {
	if wide, ok := any(into).([]float64); ok {
		return f.ReadFloat64(name, wide)
	}
	return f.ReadFloat32(name, any(into).([]float32))
}
