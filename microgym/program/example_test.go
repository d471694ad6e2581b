package program_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/swerm/swerm/microgym/program"
)

// One template gives as many programs as there are seeds; the same seed gives
// the same program.
func Example() {
	for _, t := range program.Templates() {
		if t.Name != "nearest_step" {
			continue
		}
		for seed := range uint64(2) {
			p := t.Build(rand.New(rand.NewPCG(seed, 0)))
			f := p.Funcs[0]
			fmt.Printf("%s: %s, one of %d cases of what %s\n", p.Target, f.Cases[0], len(f.Cases), f.Summary)
		}
	}
	// Output:
	// gauge/steps.star: nearest(46), one of 15 cases of what rounds a number to the nearest multiple of a step, halves upwards
	// knob/steps.star: round_near(16), one of 15 cases of what rounds a number to the nearest multiple of a step, halves upwards
}
