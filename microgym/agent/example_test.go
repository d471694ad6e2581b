package agent_test

import (
	"context"
	"fmt"

	"github.com/swerm/swerm/microgym/agent"
	"github.com/swerm/swerm/microgym/task"
)

func Example() {
	ctx := context.Background()
	t, err := task.Generate(ctx, task.Options{Seed: 1}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := agent.Find("thorough")
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := agent.Run(ctx, t, policy, 1, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Trajectory.Policy, e.Trajectory.Scaffold, e.Facts.Turns <= e.Facts.Budget)
	// Output: microgym/thorough microgym-shell true
}
