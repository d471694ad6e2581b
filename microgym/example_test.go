package microgym_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/microgym"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

// Two policies attempt one task three times each.
func Example() {
	dir, err := os.MkdirTemp("", "microgym")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	tk, err := task.Generate(ctx, task.Options{Seed: 1}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	row, err := json.Marshal(tk)
	if err != nil {
		fmt.Println(err)
		return
	}
	tasks := filepath.Join(dir, microgym.TasksFile)
	if err := os.WriteFile(tasks, append(row, '\n'), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	stage := microgym.CollectStage()
	t := &pipeline.Task{
		Stage:  stage,
		Config: &microgym.CollectConfig{Policies: []string{"thorough", "hasty"}, Rollouts: 3, Seed: 1},
		Inputs: []pipeline.Input{{Port: "tasks", Name: "tasks", URI: tasks, Kind: pipeline.KindRaw, Key: pipeline.HashKey(row)}},
		Out:    filepath.Join(dir, "runs"),
		Key:    pipeline.HashKey([]byte("example")),
	}
	if err := stage.Run(ctx, t); err != nil {
		fmt.Println(err)
		return
	}
	res := t.Result.(*microgym.CollectResult)
	fmt.Println(res.In, "attempts,", res.Failed, "failed")
	// Output: 6 attempts, 0 failed
}
