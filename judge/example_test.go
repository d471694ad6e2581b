package judge_test

import (
	"fmt"

	"github.com/swerm/swerm/judge"
)

// An evaluation prints as a table. A figure that does not exist is a dash and
// never a zero: here no baseline was fitted and all rows have one verdict.
func ExampleEvaluation_Table() {
	share := 0.5
	ev := judge.Evaluation{N: 2, Positives: 2, Tasks: 1, TokensReadShare: &share}
	fmt.Print(ev.Table()[:70])
	// Output:
	// 2 trajectories of 1 tasks judged: 2 resolved, 0 not. Score coverage un
}
