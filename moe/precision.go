package moe

import (
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

// kernels are the inner loops that the network is made of. [kernel.Family] and
// [kernel.Reference] implement them and say what each computes.
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
