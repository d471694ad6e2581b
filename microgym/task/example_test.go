package task_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/swerm/swerm/microgym/task"
)

func Example() {
	ctx := context.Background()
	t, err := task.Generate(ctx, task.Options{Seed: 1, Templates: []string{"grade_bands"}}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fixes, err := t.Fixes(ctx, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Repo, len(t.FailToPass) >= 2, t.Files[t.Site.Path] != t.Gold()[t.Site.Path])
	fmt.Println(fixes[0].Kind, fixes[0].Right)
	// Output:
	// microgym/grade_bands true true
	// gold true
}
