package trainer_test

import (
	"fmt"

	"github.com/swerm/swerm/trainer"
)

// A config starts from the defaults; every fault is named at once.
func ExampleConfig_Validate() {
	cfg := trainer.DefaultConfig()
	cfg.Objective.Name = "two_way"
	cfg.Optimizer.LR = -1
	cfg.Schedule.Kind = "exponential"
	fmt.Println(cfg.Validate())
	// Output:
	// train: optimizer.lr -1 is not in [0, 1000]
	// train: schedule.kind "exponential" is none of ["cosine" "linear" "constant" "wsd"]
}

// The stage names what it takes and what it makes.
func ExampleStage() {
	s := trainer.Stage()
	for _, p := range s.Inputs {
		fmt.Printf("%s: %s, optional %v\n", p.Name, p.Kind, p.Optional)
	}
	fmt.Println("->", s.Output)
	// Output:
	// tokens: tokens, optional false
	// tokenizer: tokenizer, optional false
	// view: view, optional true
	// labels: labels, optional true
	// init: checkpoint, optional true
	// -> checkpoint
}
