package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
	"github.com/swerm/swerm/trainer/objective"
)

// A network is the model in training and the loss it is trained on.
type network struct {
	engine
	layout *layout
	head   moe.Head

	cfg    *Config
	tokens *tokenFile
	terms  []term
	pairs  bool // some term compares sequences of different micro-batches

	clock   *stopwatch
	wait    func() error // for the backward pass that may still run; nil: none
	routing routing      // of the step at hand
	cause   error        // of the last step's number that is not finite, where the network gave it
	batch   moe.Batch    // scratch
}

// A term is one objective with its share of the loss.
type term struct {
	loss        *objective.Loss
	coefficient float64
}

// Work is what one global step amounted to, on all ranks.
type work struct {
	loss, aux float64 // means over the step; loss may be non-finite
	z         float64 // mean of the router's z-loss, where it has a coefficient
	norm      float64 // of the gradient, where the loss is finite
	culprit   int     // the first rank whose part of the loss is not finite
	load      expertLoad
	margins   []float64 // of the step's sequences, YES over NO, as they were before it; nil for text
	silent    bool      // nothing weighed: no pair to compare, no token to predict
	tokens    int64
	micros    int
	rounds    int // forward passes that ranks with the most micro-batches make of them
}

func newNetwork(e engine, l *layout, cfg *Config, head moe.Head, tokens *tokenFile) (*network, error) {
	n := &network{engine: e, layout: l, cfg: cfg, head: head, tokens: tokens, clock: &stopwatch{layout: l}}
	if cfg.Objective.Name == ObjectiveNextToken {
		return n, nil
	}
	return n, n.addTerms()
}

func (n *network) addTerms() error {
	o := &n.cfg.Objective
	opts := objective.Options{LabelSmoothing: o.LabelSmoothing, Gamma: o.Gamma}
	n.head.Full = false
	for _, t := range append([]ObjectiveTerm{{o.Name, 1}}, o.Add...) {
		obj, err := objective.Named(t.Name, opts)
		if err != nil {
			return err
		}
		n.terms = append(n.terms, term{objective.NewLoss(obj), t.Coefficient})
		n.head.Full = n.head.Full || obj.Full
		n.pairs = n.pairs || obj.Scope == objective.Pairs
	}
	return nil
}

// gradient runs one global batch forward and backward and leaves the sum of all
// ranks' gradients in the model, which must start at zero. When the loss is
// not finite the gradient is worth nothing.
func (n *network) gradient(list []sample) (work, error) {
	n.cause = nil
	lengths, _, _ := columns(list)
	c := n.cut(lengths)
	w := work{micros: c.total, rounds: c.rounds, load: newExpertLoad(n.config())}
	for _, l := range lengths {
		w.tokens += int64(l)
	}
	n.only(len(c.micros) <= 1)
	run := n.verdictOnce
	switch {
	case n.cfg.Objective.Name == ObjectiveNextToken:
		run = n.nextTokens
	case n.pairs && w.micros > 1 || n.pooled():
		run = n.verdictTwice
	}
	if err := n.beginRouters(w.tokens); err != nil {
		return w, err
	}
	if err := run(&w, list, c.micros); err != nil {
		return w, err
	}
	if err := n.pool(&w); err != nil || !finite(w.loss) {
		return w, err
	}
	var err error
	w.norm, err = n.reduce()
	return w, err
}

// pool adds up what all ranks did in a step.
func (n *network) pool(w *work) error {
	ranks := n.layout.world.Size()
	parts := make([]float64, 3+ranks, 3+ranks+len(w.margins))
	parts[0], parts[1], parts[2] = w.loss, w.aux, w.z
	if !finite(w.loss) {
		parts[3+n.layout.world.Rank()] = 1
	}
	parts = append(parts, w.margins...) // of this rank's sequences, and zeros
	if err := comm.AllReduce(n.layout.world, parts); err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	w.loss, w.aux, w.z = parts[0], parts[1], parts[2]
	copy(w.margins, parts[3+ranks:])
	w.culprit = slices.IndexFunc(parts[3:3+ranks], func(bad float64) bool { return bad > 0 })
	return w.load.pool(n.layout)
}

// keepMargins notes the margins of a micro-batch of the step.
func (w *work) keepMargins(logits []objective.Logits, micro []int32) {
	for i, at := range micro {
		w.margins[at] = logits[i].Yes - logits[i].No
	}
}

// verdictOnce runs every micro-batch forward and backward once.
func (n *network) verdictOnce(w *work, list []sample, micros [][]int32) error {
	rows := n.rows(list)
	scales := n.scales(rows)
	w.silent = slices.Max(scales) == 0
	w.margins = make([]float64, len(list))
	for _, micro := range micros {
		logits, err := n.forwardBeside(take(list, micro))
		if err != nil {
			return err
		}
		w.keepMargins(logits, micro)
		loss, grad, err := n.loss(logits, take(rows, micro), scales)
		if err != nil {
			return err
		}
		w.loss += loss
		n.back(w, grad, len(list))
	}
	return n.settle()
}

// verdictTwice is for losses that need the whole step before the first
// backward, since they compare sequences of different micro-batches or count
// what all tokens choose: one sweep forward, of all ranks, then one forward and
// backward. A sequence gives the same logits both times. Where no rank has
// more than one micro-batch, one forward is enough.
func (n *network) verdictTwice(w *work, list []sample, micros [][]int32) error {
	rows := n.rows(list)
	all, chosen := make([]objective.Logits, len(list)), newExpertLoad(n.config())
	w.margins = make([]float64, len(list))
	for _, micro := range micros {
		logits, err := n.forward(take(list, micro), true)
		if err != nil {
			return err
		}
		for i, at := range micro {
			all[at] = logits[i]
		}
		w.keepMargins(logits, micro)
		chosen.add(n.load(true))
	}
	if err := n.layout.pool(all); err != nil {
		return err
	}
	pooled, _ := margins(all, list)
	if n.pooled() {
		if err := n.poolRouting(chosen); err != nil {
			return err
		}
	}
	scales := n.scales(rows)
	w.silent = slices.Max(scales) == 0
	loss, grad, err := n.loss(all, rows, scales)
	if err != nil {
		return err
	}
	switch { // every rank has the whole loss; it counts once
	case finite(loss) && n.layout.lead():
		w.loss = loss
	case !finite(loss): // on every rank; those without logits say that it is theirs
		if own := anyNotFinite(w.margins); own || n.layout.lead() && !anyNotFinite(pooled) {
			w.loss = loss
		}
		return nil
	}
	for _, micro := range micros {
		if w.rounds > 1 {
			if _, err := n.forwardBeside(take(list, micro)); err != nil {
				return err
			}
		}
		n.back(w, take(grad, micro), len(list))
	}
	return n.settle()
}

// pool gives every rank the logits of all sequences; each has zeros where
// another computed.
func (l *layout) pool(all []objective.Logits) error {
	if l.alone() {
		return nil
	}
	x := make([]float64, 0, 3*len(all))
	for _, v := range all {
		x = append(x, v.Yes, v.No, v.Rest)
	}
	if err := comm.AllReduce(l.world, x); err != nil {
		return fmt.Errorf("logits: %w", err)
	}
	for i := range all {
		all[i] = objective.Logits{Yes: x[3*i], No: x[3*i+1], Rest: x[3*i+2]}
	}
	return nil
}

// nextTokens runs every micro-batch with the language-model loss, each
// predicted token of the step weighing the same.
func (n *network) nextTokens(w *work, list []sample, micros [][]int32) error {
	predictions := 0.0
	for _, s := range list {
		predictions += float64(s.length - 1)
	}
	if predictions == 0 {
		w.silent = true
		return nil
	}
	if n.pooled() {
		if err := n.route(list, micros); err != nil {
			return err
		}
	}
	for _, micro := range micros {
		b, err := n.read(take(list, micro))
		if err != nil {
			return err
		}
		sums, err := n.nextToken(b, 1/predictions, n.auxShare(len(list)))
		if errors.Is(err, moe.ErrNotFinite) {
			w.loss, n.cause, err = math.NaN(), err, nil
		}
		if err != nil {
			return err
		}
		for _, s := range sums {
			w.loss += s / predictions
		}
		n.addRouters(w, len(list))
	}
	return nil
}

// scales are the factors that turn each term's sum into its share of the mean
// over the whole global step: coefficient / weight sum, 0 where nothing weighs.
func (n *network) scales(rows []objective.Row) []float64 {
	scales := make([]float64, len(n.terms))
	for k, t := range n.terms {
		if sum := t.loss.WeightSum(rows); sum > 0 {
			scales[k] = t.coefficient / sum
		}
	}
	return scales
}

// loss evaluates all terms on some rows of a step and adds up their gradients.
func (n *network) loss(logits []objective.Logits, rows []objective.Row, scales []float64) (float64, []objective.Logits, error) {
	total, grad := 0.0, make([]objective.Logits, len(rows))
	part := make([]objective.Logits, len(rows))
	for k, t := range n.terms {
		sum, err := t.loss.Sum(logits, rows, scales[k], part)
		if err != nil {
			return 0, nil, err
		}
		total += sum * scales[k]
		for i, d := range part {
			grad[i].Yes += d.Yes
			grad[i].No += d.No
			grad[i].Rest += d.Rest
		}
	}
	return total, grad, nil
}

// forward runs a micro-batch. Where the network gives no finite logit the
// logits are NaN, and so is the loss: other ranks wait for the rest of the step.
func (n *network) forward(list []sample, train bool) ([]objective.Logits, error) {
	b, err := n.read(list)
	if err != nil {
		return nil, err
	}
	logits, err := n.engine.verdict(b, n.head, train)
	if errors.Is(err, moe.ErrNotFinite) {
		n.cause = err
		logits, err = make([]objective.Logits, len(list)), nil
		for i := range logits {
			logits[i] = objective.Logits{Yes: math.NaN(), No: math.NaN(), Rest: math.NaN()}
		}
	}
	return logits, err
}

// back ends what forward began on the same micro-batch of a step of so many
// sequences, or starts to: settle follows, after the next forward at most.
func (n *network) back(w *work, grad []objective.Logits, sequences int) {
	n.addRouters(w, sequences)
	n.wait = n.engine.backward(grad, n.auxShare(sequences))
}

// forwardBeside runs a micro-batch forward while the one before may go back, and
// waits for both. After an error it waits for nothing: other ranks hear of it
// only from the caller.
func (n *network) forwardBeside(list []sample) ([]objective.Logits, error) {
	logits, err := n.forward(list, true)
	if err != nil {
		if wait := n.wait; wait != nil {
			go wait()
		}
		return nil, err
	}
	return logits, n.settle()
}

// settle waits for what back started.
func (n *network) settle() error {
	if n.wait == nil {
		return nil
	}
	err := n.wait()
	n.wait = nil
	return err
}

// read fetches the tokens of a micro-batch. The batch is scratch: the next call
// overwrites it.
func (n *network) read(list []sample) (b moe.Batch, err error) {
	n.clock.time(phaseData, func() { b, err = n.fetch(list) })
	return b, err
}

func (n *network) fetch(list []sample) (moe.Batch, error) {
	n.batch.IDs, n.batch.Offsets = n.batch.IDs[:0], append(n.batch.Offsets[:0], 0)
	for _, s := range list {
		var err error
		if n.batch.IDs, err = n.tokens.read(n.batch.IDs, s.offset, s.length); err != nil {
			return moe.Batch{}, fmt.Errorf("tokens of %s: %w", s.id, err)
		}
		n.batch.Offsets = append(n.batch.Offsets, int32(len(n.batch.IDs)))
	}
	return n.batch, nil
}

func (n *network) rows(list []sample) []objective.Row {
	rows := make([]objective.Row, len(list))
	for i := range list {
		rows[i] = list[i].row(&n.cfg.Objective)
	}
	return rows
}

// step applies the gradient, clipped, and clears it. number counts from 1.
func (n *network) step(lr, norm float64, number int64, threads int) error {
	o, scale := n.cfg.Optimizer, 1.0
	if o.ClipNorm > 0 && norm > o.ClipNorm {
		scale = o.ClipNorm / norm
	}
	err := n.engine.update(moe.AdamW{LR: lr, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay,
		ClearGrad: true, Threads: threads}, number, scale)
	if err == nil && n.cfg.EMA.Decay > 0 {
		n.engine.average(n.cfg.EMA.decay(number))
	}
	return err
}

func take[T any](list []T, at []int32) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = list[k]
	}
	return out
}

func anyNotFinite(list []float64) bool {
	return slices.ContainsFunc(list, func(x float64) bool { return !finite(x) })
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
