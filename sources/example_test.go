package sources_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/identity"
)

// A reader tells apart what a folder holds: trajectories become records, other
// files are ignored, and both are accounted for.
func ExampleReader() {
	dir, err := os.MkdirTemp("", "runs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	run := `{"trajectory_format":"mini-swe-agent-1.1","instance_id":"octo__cat-7",
	  "info":{"exit_status":"Submitted","submission":"diff","config":{"model":{"model_name":"openrouter/acme/Rocket-1"}}},
	  "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Fix it."},
	    {"role":"assistant","content":"Done."},{"role":"exit","content":"diff"}]}`
	_ = os.WriteFile(filepath.Join(dir, "a.traj.json"), []byte(run), 0o600)
	_ = os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not a run"), 0o600)

	names, err := identity.Shipped()
	if err != nil {
		fmt.Println(err)
		return
	}
	r := sources.Reader{Inputs: []pipeline.Input{{Port: "raw", Name: "runs", URI: dir}}, Names: names}
	for item, err := range r.All(context.Background()) {
		switch {
		case err != nil:
			fmt.Println(err)
		case item.Ignored:
			fmt.Println(item.URI, "ignored")
		case item.Err != nil:
			fmt.Println(item.Err)
		default:
			t := item.Record.Trajectory
			fmt.Println(item.URI, t.TaskID, *t.Repo, t.Policy, t.Scaffold, len(t.Messages))
		}
	}
	// Output:
	// a.traj.json octo__cat-7 octo/cat rocket-1 mini-swe-agent 4
	// notes.txt ignored
}
