package objective

import (
	"gorgonia.org/gorgonia"
)

// Scope says what the terms of an objective are.
type Scope int

// An objective has one term per sequence or one per ordered pair of sequences.
const (
	Sequences Scope = iota
	Pairs
)

// Inputs are the nodes an objective is built from. All are float64. n is the
// number of sequences.
type Inputs struct {
	Yes, No *gorgonia.Node // [n] logits of the two verdict tokens
	Rest    *gorgonia.Node // [n] log-sum-exp of all other tokens; nil unless the objective is Full
	Target  *gorgonia.Node // [n] in [0, 1], 1 meaning resolved
	N       int
}

// An Objective is a loss over verdict logits.
type Objective struct {
	Name  string
	Scope Scope
	Full  bool // reads Inputs.Rest, so the network must compute the whole vocabulary

	// Terms returns the loss of every sequence, shape [n], or for scope Pairs
	// of every ordered pair, shape [n, n] with the preferred one in the row.
	// Weights are not its business: the terms are multiplied by the weights of
	// the sequences, or of the pairs, and summed afterwards. It is called once
	// per batch shape; a panic in it (as from [gorgonia.Must]) becomes an
	// error that names the objective.
	Terms func(in Inputs) *gorgonia.Node
}

// Margin returns yes - no, the logit of p(YES) among the two.
func (in Inputs) Margin() *gorgonia.Node { return Sub(in.Yes, in.No) }

// Add returns a + b, elementwise; a scalar meets every element.
func Add(a, b *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Add(a, b)) }

// Sub returns a - b, elementwise; a scalar meets every element.
func Sub(a, b *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Sub(a, b)) }

// Mul returns a * b, elementwise; a scalar meets every element.
func Mul(a, b *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.HadamardProd(a, b)) }

// Scale returns c * a.
func Scale(c float64, a *gorgonia.Node) *gorgonia.Node { return Mul(Const(c), a) }

// Const returns a scalar.
func Const(c float64) *gorgonia.Node { return gorgonia.NewConstant(c) }

// Sigmoid returns 1 / (1 + exp(-a)), elementwise.
func Sigmoid(a *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Sigmoid(a)) }

// Softplus returns log(1 + exp(a)), elementwise, without overflow.
func Softplus(a *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Softplus(a)) }

// Exp returns exp(a), elementwise.
func Exp(a *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Exp(a)) }

// Square returns a * a, elementwise.
func Square(a *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Square(a)) }

// Neg returns -a, elementwise.
func Neg(a *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(gorgonia.Neg(a)) }

// LogAddExp returns log(exp(a) + exp(b)), elementwise, without overflow.
func LogAddExp(a, b *gorgonia.Node) *gorgonia.Node { return Add(a, Softplus(Sub(b, a))) }

// Differences returns the matrix a_i - a_j of a vector of n elements.
func Differences(a *gorgonia.Node, n int) *gorgonia.Node {
	col := gorgonia.Must(gorgonia.Reshape(a, []int{n, 1}))
	row := gorgonia.Must(gorgonia.Reshape(a, []int{1, n}))
	ones := gorgonia.NewConstant(onesOf(1, n))
	return Sub(gorgonia.Must(gorgonia.Mul(col, ones)),
		gorgonia.Must(gorgonia.Mul(gorgonia.NewConstant(onesOf(n, 1)), row)))
}
