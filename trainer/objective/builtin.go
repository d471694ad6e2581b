package objective

import (
	"errors"
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
)

// Names of the objectives that a config can choose.
const (
	NameTwoWay   = "two_way"
	NameFull     = "full"
	NameBrier    = "brier"
	NameFocal    = "focal"
	NamePairwise = "pairwise"
)

// Options are the numbers that the built-in objectives take. The zero value
// is plain cross-entropy without smoothing; Focal uses Gamma as it stands.
type Options struct {
	LabelSmoothing float64 // s: the target t becomes t(1-s) + s/2
	Gamma          float64 // exponent of the focal loss; 0 makes it two_way
}

// Validate lists every fault.
func (o Options) Validate() error {
	var errs []error
	if !(o.LabelSmoothing >= 0 && o.LabelSmoothing < 1) {
		errs = append(errs, fmt.Errorf("label_smoothing %v is not in [0, 1)", o.LabelSmoothing))
	}
	if !(o.Gamma >= 0 && o.Gamma <= maxGamma) {
		errs = append(errs, fmt.Errorf("gamma %v is not in [0, %d]", o.Gamma, maxGamma))
	}
	return errors.Join(errs...)
}

// maxGamma is far above any published focal exponent; more would only underflow.
const maxGamma = 16

// Builtin lists the objectives that a config can name.
func Builtin(o Options) []Objective {
	return []Objective{TwoWay(o), Full(o), Brier(o), Focal(o), Pairwise()}
}

// Named returns the built-in objective of that name.
func Named(name string, o Options) (Objective, error) {
	var names []string
	for _, b := range Builtin(o) {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return Objective{}, fmt.Errorf("objective %q is none of %s", name, strings.Join(names, ", "))
}

// TwoWay is cross-entropy over YES and NO alone:
// softplus(m) - t m with the margin m = yes - no.
func TwoWay(o Options) Objective {
	return Objective{Name: NameTwoWay, Terms: func(in Inputs) *gorgonia.Node {
		m := in.Margin()
		return Sub(Softplus(m), Mul(smooth(in.Target, o), m))
	}}
}

// Full is cross-entropy over YES, NO and REST, which equals cross-entropy of
// the verdict token over the whole vocabulary:
// logsumexp(yes, no, rest) - no - t (yes - no).
// Smoothing spreads over YES and NO only.
func Full(o Options) Objective {
	return Objective{Name: NameFull, Full: true, Terms: func(in Inputs) *gorgonia.Node {
		all := LogAddExp(LogAddExp(in.Yes, in.No), in.Rest)
		return Sub(Sub(all, in.No), Mul(smooth(in.Target, o), in.Margin()))
	}}
}

// Brier is the squared distance of p(YES) from the target.
func Brier(o Options) Objective {
	return Objective{Name: NameBrier, Terms: func(in Inputs) *gorgonia.Node {
		return Square(Sub(Sigmoid(in.Margin()), smooth(in.Target, o)))
	}}
}

// Focal is two-way cross-entropy that weighs down what is already right
// (Lin et al. 2017, without the class weight, which is the trainer's):
// t (1-p)^g softplus(-m) + (1-t) p^g softplus(m).
func Focal(o Options) Objective {
	return Objective{Name: NameFocal, Terms: func(in Inputs) *gorgonia.Node {
		m, t := in.Margin(), smooth(in.Target, o)
		nllYes, nllNo := Softplus(Neg(m)), Softplus(m) // -log p, -log(1-p)
		yes := Mul(t, Mul(Exp(Scale(-o.Gamma, nllNo)), nllYes))
		no := Mul(Sub(Const(1), t), Mul(Exp(Scale(-o.Gamma, nllYes)), nllNo))
		return Add(yes, no)
	}}
}

// Pairwise is the Bradley-Terry loss within groups: softplus(m_j - m_i) for
// every pair of one group whose targets order i above j. A batch without such
// a pair has no terms and a weight sum of zero.
func Pairwise() Objective {
	return Objective{Name: NamePairwise, Scope: Pairs, Terms: func(in Inputs) *gorgonia.Node {
		return Softplus(Neg(Differences(in.Margin(), in.N)))
	}}
}

func smooth(t *gorgonia.Node, o Options) *gorgonia.Node {
	if o.LabelSmoothing == 0 {
		return t
	}
	return Add(Scale(1-o.LabelSmoothing, t), Const(o.LabelSmoothing/2))
}
