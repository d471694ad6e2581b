package moe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/moe/kernel"
)

// Float is the type that a network computes in: float32 on the fast kernels,
// float64 on the plain ones of [kernel.Reference], which are slow and exist so
// that two ways to train one model can be compared without rounding in the way.
type Float interface{ float32 | float64 }

// The network in float32, which is what all but comparisons use.
type (
	Model    = ModelOf[float32]
	Pass     = PassOf[float32]
	Param    = ParamOf[float32]
	OptState = OptStateOf[float32]
	Logits   = LogitsOf[float32]
)

// Precision says what the operands of a pass's products are rounded to. It is
// a choice of the caller and never one of the machine.
//
// Rounded are both operands of every product of the trunk, forward and backward:
// projections, experts, adapters, the two products of attention, and all of
// their gradients. Sums are float32, and so is everything else: the stream,
// norms, softmax, rotation, SwiGLU, the router, whose choice must not hang on 8
// bits, the head, gradients and weights.
type Precision uint8

// The precisions. Between kernel families a precision differs by the order of sums.
const (
	FP32   Precision = iota // no rounding
	BF16                    // to bfloat16, to nearest and ties to even
	BF16x3                  // to two parts of bfloat16, of which three products are taken: about 16 bits
)

var precisionNames = [...]string{FP32: "fp32", BF16: "bf16", BF16x3: "bf16x3"}

// String returns the name that [ParsePrecision] takes.
func (p Precision) String() string { return precisionNames[p] }

// ParsePrecision reads fp32, bf16 or bf16x3.
func ParsePrecision(name string) (Precision, error) {
	if i := slices.Index(precisionNames[:], name); i >= 0 {
		return Precision(i), nil
	}
	return FP32, fmt.Errorf("moe: precision %q is none of %s", name, strings.Join(precisionNames[:], ", "))
}

// parts is how many numbers of bfloat16 an operand becomes; 0: it stays whole.
func (p Precision) parts() kernel.Parts { return kernel.Parts(p) }

// kernels are the inner loops that the network is made of. [kernel.Family] and
// [kernel.Reference] implement them and say what each computes; those that they
// return from their Rounded multiply rounded operands. In panels of depth k
// column j is at PanelLen(k, j).
type kernels[Num Float] interface{ kernel.Operations[Num] }

// kernelsOf picks the kernels of a type.
func kernelsOf[Num Float]() (kernels[Num], error) {
	if k, ok := any(kernel.Reference{}).(kernels[Num]); ok {
		return k, nil
	}
	f, err := kernel.FromEnv()
	if err != nil {
		return nil, err
	}
	return any(f).(kernels[Num]), nil
}

// rounded returns the kernels whose products have a precision.
func rounded[Num Float](k kernels[Num], p Precision) kernels[Num] {
	if p == FP32 {
		return k
	}
	var r any
	switch k := any(k).(type) {
	case kernel.Family:
		r = k.Rounded(p.parts())
	case kernel.Reference:
		r = k.Rounded(p.parts())
	}
	return r.(kernels[Num])
}
