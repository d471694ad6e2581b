package exports

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// A Format is one way to write trajectories.
type Format struct {
	Name string
	Doc  string

	suffix string              // of a file of its own for each trajectory; "" = a line each
	encode func(r *record) any // what is marshalled; nil where no turn of the policy is left
}

// Formats lists every format.
func Formats() []Format {
	return []Format{
		{"openai", "JSON lines of chat messages, tools and ids", "", openAI},
		{"sharegpt", "JSON lines of conversations, calls as text", "", shareGPT},
		{"atif", "a folder of ATIF documents", ".json", atif},
		{"miniswe", "a folder of mini-swe-agent runs", ".traj.json", miniSWE},
		{"sweagent", "a folder of SWE-agent runs", ".traj", sweAgent},
	}
}

func findFormat(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("format %q is not one of %s", name, strings.Join(names, ", "))
}

// A record is a trajectory with what is said about it.
type record struct {
	*pipeline.Trajectory
	resolved *bool // nil where no verdict is a score
	count    int32 // how often a view visits it
	o        *Options
}

// turns yields the messages that are written.
func (r *record) turns() iter.Seq[*pipeline.Message] {
	return func(yield func(*pipeline.Message) bool) {
		for i := range r.Messages {
			m := &r.Messages[i]
			if m.Kind == pipeline.KindDemo && !r.o.Demos || (m.Kind == pipeline.KindFinal || m.Role == pipeline.RoleExit) && !r.o.Final {
				continue
			}
			if !yield(m) {
				return
			}
		}
	}
}

// acted reports whether a turn of the policy is among what is written.
func (r *record) acted() bool {
	return slices.ContainsFunc(r.Messages, func(m pipeline.Message) bool { return m.Kind == pipeline.KindAction })
}

// reasoning returns the hidden reasoning of a turn where it is asked for.
func (r *record) reasoning(m *pipeline.Message) *string {
	if !r.o.Reasoning {
		return nil
	}
	return m.Reasoning
}

// ids are what every row says of the trajectory beside its text.
type ids struct {
	TrajectoryID string  `json:"trajectory_id"`
	InstanceID   *string `json:"instance_id,omitempty"`
	TaskID       string  `json:"task_id"`
	Repo         *string `json:"repo,omitempty"`
	BaseCommit   *string `json:"base_commit,omitempty"`
	Source       string  `json:"source"`
	Policy       string  `json:"policy"`
	Scaffold     string  `json:"scaffold"`
	Run          *string `json:"run,omitempty"`
	Rollout      *int32  `json:"rollout,omitempty"`
	Attempt      *int32  `json:"attempt,omitempty"`
	ExitStatus   *string `json:"exit_status,omitempty"`
	Patch        *string `json:"patch,omitempty"`
	Count        int32   `json:"count,omitempty"` // how often an epoch visits it, where that is more than once
	Resolved     *bool   `json:"resolved,omitempty"`
}

func (r *record) ids() ids {
	x := ids{
		TrajectoryID: r.ID, InstanceID: r.InstanceID, TaskID: r.TaskID, Repo: r.Repo, BaseCommit: r.BaseCommit,
		Source: r.Source, Policy: r.Policy, Scaffold: r.Scaffold, Run: r.Run, Rollout: r.Rollout, Attempt: r.Attempt,
		ExitStatus: r.ExitStatus, Patch: r.Patch, Resolved: r.resolved,
	}
	if r.count > 1 {
		x.Count = r.count
	}
	return x
}

// value returns JSON text as the value that it is, and other text as a string.
func value(text *string) any {
	if text == nil {
		return nil
	}
	if json.Valid([]byte(*text)) {
		return json.RawMessage(*text)
	}
	return *text
}

// finite leaves out a number that JSON has no form for.
func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
