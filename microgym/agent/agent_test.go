package agent_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/microgym/agent"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

func generate(t *testing.T, index int) *task.Task {
	t.Helper()
	tk, err := task.Generate(context.Background(), task.Options{Seed: 3}, index)
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// TestRunsAreDeterminedByTheirNames runs in another order and twice.
func TestRunsAreDeterminedByTheirNames(t *testing.T) {
	tk := generate(t, 0)
	p := agent.Policies()[0]
	menu, err := agent.Prepare(context.Background(), tk, 5)
	if err != nil {
		t.Fatal(err)
	}
	var forth []*agent.Episode
	for rollout := range 3 {
		e, err := menu.Run(context.Background(), p, rollout)
		if err != nil {
			t.Fatal(err)
		}
		forth = append(forth, e)
	}
	for rollout := 2; rollout >= 0; rollout-- {
		e, err := agent.Run(context.Background(), tk, p, 5, rollout)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(forth[rollout], e); diff != "" {
			t.Errorf("rollout %d differs (-first +second):\n%s", rollout, diff)
		}
	}
	if forth[0].Trajectory.ComputeID() == forth[1].Trajectory.ComputeID() {
		t.Error("two rollouts are the same run")
	}
}

// TestTrajectoriesHoldTogether checks what every record must: the patch leads
// from the task's tree to the final one, actions and answers alternate, and
// nothing outside the messages says how it went.
func TestTrajectoriesHoldTogether(t *testing.T) {
	for index := range 12 {
		tk := generate(t, index)
		menu, err := agent.Prepare(context.Background(), tk, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range agent.Policies() {
			e, err := menu.Run(context.Background(), p, 0)
			if err != nil {
				t.Fatal(err)
			}
			checkEpisode(t, tk, p, e)
		}
	}
}

func checkEpisode(t *testing.T, tk *task.Task, p agent.Policy, e *agent.Episode) {
	t.Helper()
	tr := &e.Trajectory
	after, err := gitdiff.Apply(tk.Files, *tr.Patch)
	if err != nil {
		t.Fatalf("%s: patch: %v", p.Name, err)
	}
	if diff := cmp.Diff(e.Final, after); diff != "" {
		t.Errorf("%s: the patch does not lead to the final tree:\n%s", p.Name, diff)
	}
	turns := 0
	for i, m := range tr.Messages {
		switch {
		case i == 0 && m.Kind == pipeline.KindSystem, i == 1 && m.Kind == pipeline.KindIssue:
		case i == len(tr.Messages)-1 && m.Kind == pipeline.KindFinal && m.Role == pipeline.RoleExit:
		case m.Kind == pipeline.KindAction:
			turns++
		case m.Kind == pipeline.KindObservation && tr.Messages[i-1].Kind == pipeline.KindAction && m.ReturnCode != nil:
		default:
			t.Errorf("%s: message %d is %s/%s", p.Name, i, m.Role, m.Kind)
		}
	}
	if int32(turns) != *tr.Usage.Turns || turns > e.Facts.Budget {
		t.Errorf("%s: %d actions, usage says %d, budget %d", p.Name, turns, *tr.Usage.Turns, e.Facts.Budget)
	}
	ends := []string{agent.Submitted, agent.Limit, agent.GaveUp}
	if !slices.Contains(ends, *tr.ExitStatus) || tr.Claims != nil || tr.TaskID != tk.InstanceID {
		t.Errorf("%s: exit %q, claims %v, task %q", p.Name, *tr.ExitStatus, tr.Claims, tr.TaskID)
	}
	if (tr.Tools != nil) != (p.Scaffold == agent.Tools) {
		t.Errorf("%s: tools recorded: %v", p.Name, tr.Tools != nil)
	}
	for _, m := range tr.Messages {
		if p.Scaffold == agent.Shell && m.Kind == pipeline.KindAction && strings.Count(*m.Content, "```bash") > 1 {
			t.Errorf("%s: two commands in one message:\n%s", p.Name, *m.Content)
		}
	}
}

func TestFind(t *testing.T) {
	for _, p := range agent.Policies() {
		for _, name := range []string{p.Name, string(p.Style)} {
			if got, err := agent.Find(name); err != nil || got.Name != p.Name {
				t.Errorf("Find(%q) = %v, %v", name, got.Name, err)
			}
		}
	}
	if _, err := agent.Find("nobody"); err == nil || !strings.Contains(err.Error(), "microgym/thorough") {
		t.Errorf("an unknown policy gives %v; want the known ones named", err)
	}
}
