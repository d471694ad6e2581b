package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/objective"
)

// A network is the model in training: weights, gradients, moments, and the
// loss they are trained on.
type network struct {
	model *moe.Model
	opt   *moe.OptState
	pass  *moe.Pass // forward and backward
	eval  *moe.Pass // forward only
	head  moe.Head

	cfg    *Config
	tokens *tokenFile
	terms  []term
	pairs  bool // some term compares sequences of different micro-batches

	batch moe.Batch // scratch
	load  [][]int64 // of the experts, in the evaluation that is under way
}

// A term is one objective with its share of the loss.
type term struct {
	loss        *objective.Loss
	coefficient float64
}

// Work is what one global step amounted to.
type work struct {
	loss, aux float64 // means over the step; loss may be non-finite
	silent    bool    // nothing weighed: no pair to compare, no token to predict
	tokens    int64
	micros    int
}

func newNetwork(model *moe.Model, cfg *Config, head moe.Head, tokens *tokenFile, threads int) (*network, error) {
	n := &network{model: model, cfg: cfg, head: head, tokens: tokens}
	if cfg.Objective.Name != ObjectiveNextToken {
		if err := n.addTerms(); err != nil {
			return nil, err
		}
	}
	model.EnableGrad()
	n.opt = model.NewOptState()
	n.pass = model.NewPass(moe.Options{Threads: threads, Train: true})
	n.eval = model.NewPass(moe.Options{Threads: threads})
	return n, nil
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

// gradient runs one global batch forward and backward and leaves its gradient
// in the model, which must start at zero. When the loss is not finite it
// returns early, with a gradient that is worth nothing.
func (n *network) gradient(list []sample) (work, error) {
	lengths, _, _ := columns(list)
	micros := pack(lengths, n.cfg.Batch.MaxTokensPerMicro, n.cfg.Batch.Window)
	w := work{micros: len(micros)}
	for _, l := range lengths {
		w.tokens += int64(l)
	}
	run := n.verdict
	switch {
	case n.cfg.Objective.Name == ObjectiveNextToken:
		run = n.nextToken
	case n.pairs && len(micros) > 1:
		run = n.verdictTwice
	}
	err := run(&w, list, micros)
	if errors.Is(err, moe.ErrNotFinite) {
		w.loss, err = math.NaN(), nil
	}
	return w, err
}

// verdict runs every micro-batch forward and backward once.
func (n *network) verdict(w *work, list []sample, micros [][]int32) error {
	rows := n.rows(list)
	scales := n.scales(rows)
	w.silent = slices.Max(scales) == 0
	for _, micro := range micros {
		part := take(list, micro)
		logits, err := n.forward(n.pass, part)
		if err != nil {
			return err
		}
		loss, grad, err := n.loss(logits, take(rows, micro), scales)
		if err != nil {
			return err
		}
		if w.loss += loss; !finite(w.loss) {
			return nil
		}
		if err := n.backward(w, grad, len(list)); err != nil {
			return err
		}
	}
	return nil
}

// verdictTwice is for losses that compare sequences of different
// micro-batches: one sweep forward for all logits, then one forward and
// backward. A sequence gives the same logits both times.
func (n *network) verdictTwice(w *work, list []sample, micros [][]int32) error {
	rows := n.rows(list)
	all := make([]objective.Logits, len(list))
	for _, micro := range micros {
		logits, err := n.forward(n.pass, take(list, micro))
		if err != nil {
			return err
		}
		for i, at := range micro {
			all[at] = logits[i]
		}
	}
	scales := n.scales(rows)
	w.silent = slices.Max(scales) == 0
	loss, grad, err := n.loss(all, rows, scales)
	if w.loss = loss; err != nil || !finite(loss) {
		return err
	}
	for _, micro := range micros {
		if _, err := n.forward(n.pass, take(list, micro)); err != nil {
			return err
		}
		if err := n.backward(w, take(grad, micro), len(list)); err != nil {
			return err
		}
	}
	return nil
}

// nextToken runs every micro-batch with the language-model loss, each
// predicted token of the step weighing the same.
func (n *network) nextToken(w *work, list []sample, micros [][]int32) error {
	predictions := 0.0
	for _, s := range list {
		predictions += float64(s.length - 1)
	}
	if predictions == 0 {
		w.silent = true
		return nil
	}
	for _, micro := range micros {
		weight, aux := make([]float32, len(micro)), make([]float32, len(micro))
		for i := range weight {
			weight[i] = float32(1 / predictions)
			aux[i] = float32(n.cfg.Aux.Coefficient / float64(len(list)))
		}
		b, err := n.read(take(list, micro))
		if err != nil {
			return err
		}
		sums, err := n.pass.NextToken(b, weight, aux)
		if err != nil {
			return err
		}
		for _, s := range sums {
			w.loss += s / predictions
		}
		n.addAux(w, len(list))
		if !finite(w.loss) {
			return nil
		}
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

func (n *network) forward(pass *moe.Pass, list []sample) ([]objective.Logits, error) {
	b, err := n.read(list)
	if err != nil {
		return nil, err
	}
	raw, err := pass.Verdict(b, n.head)
	if err != nil {
		return nil, err
	}
	logits := make([]objective.Logits, len(raw))
	for i, l := range raw {
		logits[i] = objective.Logits{Yes: float64(l.Yes), No: float64(l.No), Rest: float64(l.Rest)}
	}
	return logits, nil
}

// backward ends what forward began on the same micro-batch of a step of so
// many sequences.
func (n *network) backward(w *work, grad []objective.Logits, sequences int) error {
	n.addAux(w, sequences)
	d, aux := make([]moe.Logits, len(grad)), make([]float32, len(grad))
	for i, g := range grad {
		d[i] = moe.Logits{Yes: float32(g.Yes), No: float32(g.No), Rest: float32(g.Rest)}
		aux[i] = float32(n.cfg.Aux.Coefficient / float64(sequences))
	}
	return n.pass.BackwardVerdict(d, aux)
}

func (n *network) addAux(w *work, sequences int) {
	for _, a := range n.pass.Aux() {
		w.aux += a / float64(sequences)
	}
}

// read fetches the tokens of a micro-batch. The batch is scratch: the next call
// overwrites it.
func (n *network) read(list []sample) (moe.Batch, error) {
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

// update applies the gradient, clipped, and clears it. step counts from 1.
func (n *network) update(lr, norm float64, step int64, threads int) {
	o, scale := n.cfg.Optimizer, 1.0
	if o.ClipNorm > 0 && norm > o.ClipNorm {
		scale = o.ClipNorm / norm
	}
	n.model.AdamWStep(moe.AdamW{LR: lr, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay,
		ClearGrad: true, Threads: threads}, n.opt, int(step), scale)
}

// eachMicro calls visit with consecutive stretches of a list, each of at most
// the config's tokens or a single sample.
func (n *network) eachMicro(ctx context.Context, list []sample, visit func(lo, hi int) error) error {
	for lo := 0; lo < len(list); {
		if err := ctx.Err(); err != nil {
			return err
		}
		hi, tokens := lo+1, int(list[lo].length)
		for hi < len(list) && tokens+int(list[hi].length) <= n.cfg.Batch.MaxTokensPerMicro {
			tokens += int(list[hi].length)
			hi++
		}
		if err := visit(lo, hi); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

func take[T any](list []T, at []int32) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = list[k]
	}
	return out
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
