package objective

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ErrGraph is returned when an objective cannot be built or differentiated:
// a fault of its Terms, found at the first batch of each size.
var ErrGraph = errors.New("the graph does not compile")

// A graph is one objective compiled for one batch size. Its input tensors are
// made once; run refills the slices behind them.
type graph struct {
	n                     int
	pairs                 bool
	yes, no, rest, target []float64 // [n]
	weight                []float64 // [n], or [n, n] for pairs
	vm                    gorgonia.VM
	sum, dYes, dNo, dRest gorgonia.Value
	nodes                 []*gorgonia.Node // in the order of tensors
	tensors               []*tensor.Dense
}

// compile builds sum(weight * terms) and its symbolic derivative. Whatever
// panics in a user's Terms or in Gorgonia becomes an error.
func compile(o Objective, n int) (g *graph, err error) {
	defer func() {
		if r := recover(); r != nil {
			g, err = nil, fmt.Errorf("%w: %v", ErrGraph, r)
		}
	}()
	g = &graph{n: n, pairs: o.Scope == Pairs}
	eg := gorgonia.NewGraph()
	in := Inputs{N: n}
	in.Yes, g.yes = g.input(eg, "yes", n)
	in.No, g.no = g.input(eg, "no", n)
	wrt := gorgonia.Nodes{in.Yes, in.No}
	if o.Full {
		in.Rest, g.rest = g.input(eg, "rest", n)
		wrt = append(wrt, in.Rest)
	}
	in.Target, g.target = g.input(eg, "target", n)
	shape := []int{n}
	if g.pairs {
		shape = []int{n, n}
	}
	var weight *gorgonia.Node
	weight, g.weight = g.input(eg, "weight", shape...)

	terms := o.Terms(in)
	if !terms.Shape().Eq(weight.Shape()) {
		return nil, fmt.Errorf("%w: terms have shape %v and not %v", ErrGraph, terms.Shape(), weight.Shape())
	}
	sum := gorgonia.Must(gorgonia.Sum(Mul(terms, weight)))
	grads, err := gorgonia.Grad(sum, wrt...)
	if err != nil {
		return nil, fmt.Errorf("%w: every logit must be used, and Rest if Full: %w", ErrGraph, err)
	}
	gorgonia.Read(sum, &g.sum)
	gorgonia.Read(grads[0], &g.dYes)
	gorgonia.Read(grads[1], &g.dNo)
	if o.Full {
		gorgonia.Read(grads[2], &g.dRest)
	}
	g.vm = gorgonia.NewTapeMachine(eg)
	return g, nil
}

// input adds one input node backed by a slice that run fills.
func (g *graph) input(eg *gorgonia.ExprGraph, name string, shape ...int) (*gorgonia.Node, []float64) {
	size := 1
	for _, s := range shape {
		size *= s
	}
	data := make([]float64, size)
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	n := gorgonia.NewTensor(eg, gorgonia.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	g.nodes, g.tensors = append(g.nodes, n), append(g.tensors, t)
	return n, data
}

// run evaluates the graph on at most n rows.
func (g *graph) run(logits []Logits, rows []Row, scale float64, grad []Logits) (sum float64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("evaluation: %v", r)
		}
	}()
	g.fill(logits, rows)
	for i, n := range g.nodes {
		if err := gorgonia.Let(n, g.tensors[i]); err != nil {
			return 0, err
		}
	}
	err = g.vm.RunAll()
	if err == nil {
		sum = scalar(g.sum)
		g.read(rows, scale, grad)
	}
	g.vm.Reset()
	return sum, err
}

// fill copies a batch into the inputs. Rows that pad, and rows of weight zero,
// are all zeros: whatever the network said on those cannot spoil a sum.
func (g *graph) fill(logits []Logits, rows []Row) {
	for i := range g.n {
		var l Logits
		var r Row
		if i < len(rows) && rows[i].Weight != 0 {
			l, r = logits[i], rows[i]
		}
		g.yes[i], g.no[i], g.target[i] = l.Yes, l.No, r.Target
		if g.rest != nil {
			g.rest[i] = l.Rest
		}
		if !g.pairs {
			g.weight[i] = r.Weight
		}
	}
	if !g.pairs {
		return
	}
	clear(g.weight)
	for i := range rows {
		for j := range rows {
			g.weight[i*g.n+j] = pairWeight(rows[i], rows[j])
		}
	}
}

func (g *graph) read(rows []Row, scale float64, grad []Logits) {
	dYes, dNo := vector(g.dYes), vector(g.dNo)
	var dRest []float64
	if g.dRest != nil {
		dRest = vector(g.dRest)
	}
	for i := range grad {
		grad[i] = Logits{}
		if rows[i].Weight == 0 {
			continue
		}
		grad[i].Yes, grad[i].No = scale*dYes[i], scale*dNo[i]
		if dRest != nil {
			grad[i].Rest = scale * dRest[i]
		}
	}
}

// scalar and vector hide that Gorgonia turns tensors of one element into
// scalars on some paths and not on others.
func scalar(v gorgonia.Value) float64 {
	if f, ok := v.Data().(float64); ok {
		return f
	}
	return v.Data().([]float64)[0]
}

func vector(v gorgonia.Value) []float64 {
	if f, ok := v.Data().(float64); ok {
		return []float64{f}
	}
	return v.Data().([]float64)
}

func onesOf(rows, cols int) *tensor.Dense {
	return tensor.Ones(tensor.Float64, rows, cols)
}
