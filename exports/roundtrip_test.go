package exports_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/swerm/swerm/exports"
	"github.com/swerm/swerm/internal/arguments"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
)

// imported reads files into a dataset and returns its URI.
func imported(t testing.TB, roots ...string) string {
	t.Helper()
	st := sources.Stage()
	task := &pipeline.Task{Stage: st, Config: st.NewConfig(), Out: filepath.Join(t.TempDir(), "ds"), Progress: pipeline.NoProgress{}}
	for _, root := range roots {
		task.Inputs = append(task.Inputs, pipeline.Input{Port: "raw", Name: filepath.Base(root), URI: root, Kind: pipeline.KindRaw, Key: pipeline.HashKey([]byte(root))})
	}
	var err error
	if task.Key, err = pipeline.TaskKey(st.Name, st.Version, task.Config, nil); err != nil {
		t.Fatal(err)
	}
	if err := st.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	return task.Out
}

func trajectories(t testing.TB, uri string) []*pipeline.Trajectory {
	t.Helper()
	d, err := dataset.Open(context.Background(), uri)
	if err != nil {
		t.Fatal(err)
	}
	var all []*pipeline.Trajectory
	for l, err := range dataset.Read[pipeline.Trajectory](context.Background(), d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l.Value)
	}
	return all
}

// roundTrip holds that what a scaffold's writer wrote is read as the same messages.
func roundTrip(t *testing.T, format string, roots ...string) {
	t.Helper()
	before := imported(t, roots...)
	out := filepath.Join(t.TempDir(), "out")
	res := export(t, exports.Options{Dataset: before, Format: format, Out: out})
	again := map[string]*pipeline.Trajectory{}
	for _, tr := range trajectories(t, imported(t, out)) {
		// octo__cat-7.ID.traj.json
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(tr.Origin.URI), ".json"), ".traj")
		again[name[strings.LastIndexByte(name, '.')+1:]] = tr
	}
	all := trajectories(t, before)
	if len(all) == 0 || int64(len(all)) != res.In {
		t.Fatalf("%d read, %+v", len(all), res)
	}
	ignore := cmpopts.IgnoreFields(pipeline.Message{}, "Extra")
	for _, tr := range all {
		got := again[tr.ID]
		if got == nil {
			t.Errorf("%s: not there again", tr.Origin.URI)
			continue
		}
		if d := cmp.Diff(tr.Messages, got.Messages, ignore); d != "" {
			t.Errorf("%s:\n%.3000s", tr.Origin.URI, d)
		}
		type facts struct{ Instance, Policy, Patch, Exit, Run, Sampling any }
		of := func(t *pipeline.Trajectory) facts {
			return facts{t.InstanceID, t.Policy, t.Patch, t.ExitStatus, t.Run, t.Sampling}
		}
		if d := cmp.Diff(of(tr), of(got)); d != "" {
			t.Errorf("%s:\n%s", tr.Origin.URI, d)
		}
	}
}

func TestMiniSWERoundTrip(t *testing.T) {
	roundTrip(t, "miniswe", filepath.Join(testpath.Root(), "sources", "miniswe", "testdata"))
}

func TestSWEAgentRoundTrip(t *testing.T) {
	roundTrip(t, "sweagent", filepath.Join(testpath.Root(), "sources", "sweagent", "testdata"))
}

func TestRealMiniSWERoundTrip(t *testing.T) {
	roundTrip(t, "miniswe", testpath.Real(t, "mini"), testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz"), testpath.Real(t, "packed", "mini-gemini-3-pro.tar.xz"))
}

func TestRealSWEAgentRoundTrip(t *testing.T) {
	roundTrip(t, "sweagent", testpath.Real(t, "sweagent"))
}

// seen is what a chat API carries of a message.
type seen struct {
	Role       pipeline.Role
	Content    string
	Reasoning  *string
	Name       *string
	ToolCallID *string
	ToolCalls  []pipeline.ToolCall
}

// chatRoundTrip holds that rows of chat messages are read as what was written.
func chatRoundTrip(t *testing.T, roots ...string) {
	t.Helper()
	before := imported(t, roots...)
	out := filepath.Join(t.TempDir(), "rows.jsonl")
	res := export(t, exports.Options{Dataset: before, Format: "openai", Out: out, Reasoning: true})
	again := trajectories(t, imported(t, out))
	all := trajectories(t, before)
	if int64(len(again)) != res.Out || len(all) != len(again) {
		t.Fatalf("%d before, %d after, %+v", len(all), len(again), res)
	}
	for i, tr := range all {
		if d := cmp.Diff(shown(tr), shown(again[i])); d != "" {
			t.Errorf("%s:\n%.2000s", tr.Origin.URI, d)
		}
		type facts struct{ Instance, Policy, Patch, Exit any }
		of := func(t *pipeline.Trajectory) facts { return facts{t.InstanceID, t.Policy, t.Patch, t.ExitStatus} }
		if d := cmp.Diff(of(tr), of(again[i])); d != "" {
			t.Errorf("%s:\n%s", tr.Origin.URI, d)
		}
	}
}

func shown(t *pipeline.Trajectory) []seen {
	var all []seen
	for _, m := range t.Messages {
		if m.Kind == pipeline.KindDemo || m.Kind == pipeline.KindFinal {
			continue
		}
		content := ""
		if m.Content != nil {
			content = *m.Content
		}
		all = append(all, seen{m.Role, content, m.Reasoning, m.Name, m.ToolCallID, m.ToolCalls})
	}
	return all
}

func TestChatRoundTrip(t *testing.T) {
	chatRoundTrip(t, filepath.Join(testpath.Root(), "sources", "miniswe", "testdata"), filepath.Join(testpath.Root(), "sources", "sweagent", "testdata"))
}

func TestRealChatRoundTrip(t *testing.T) {
	chatRoundTrip(t, testpath.Real(t, "mini"), testpath.Real(t, "sweagent"), testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz"))
}

// TestATIFRoundTrip holds that documents of the interchange format are read as what
// was written. Arguments are objects there: their white space is not kept.
func TestATIFRoundTrip(t *testing.T) {
	before := imported(t, filepath.Join(testpath.Root(), "sources", "miniswe", "testdata"))
	out := filepath.Join(t.TempDir(), "out")
	res := export(t, exports.Options{Dataset: before, Format: "atif", Out: out, Reasoning: true})
	again := map[string]*pipeline.Trajectory{}
	for _, tr := range trajectories(t, imported(t, out)) {
		name := strings.TrimSuffix(filepath.Base(tr.Origin.URI), ".json")
		again[name[strings.LastIndexByte(name, '.')+1:]] = tr
	}
	if int64(len(again)) != res.Out || res.Out == 0 {
		t.Fatalf("%d again, %+v", len(again), res)
	}
	for _, tr := range trajectories(t, before) {
		got := again[tr.ID]
		if got == nil {
			t.Errorf("%s: not there again", tr.Origin.URI)
			continue
		}
		if d := cmp.Diff(turns(tr), turns(got)); d != "" {
			t.Errorf("%s:\n%.2000s", tr.Origin.URI, d)
		}
		if *got.InstanceID != *tr.InstanceID || got.TaskID != tr.TaskID || !cmp.Equal(got.Rollout, tr.Rollout) || got.Policy != tr.Policy || !cmp.Equal(got.ExitStatus, tr.ExitStatus) {
			t.Errorf("%s: %s of %s by %s became %s of %s by %s", tr.Origin.URI, *tr.InstanceID, tr.TaskID, tr.Policy, *got.InstanceID, got.TaskID, got.Policy)
		}
	}
}

// turns are what every format keeps of a dialogue: who, what, which calls.
func turns(t *pipeline.Trajectory) []string {
	var all []string
	for _, m := range shown(t) {
		line := string(m.Role)
		if m.Role != pipeline.RoleAssistant && m.Role != pipeline.RoleSystem {
			line = "environment" // observations of text and of tools are alike there
		}
		line += ": " + m.Content
		for _, c := range m.ToolCalls {
			args, ok := arguments.Parse(c.Arguments)
			if !ok {
				args = []arguments.Argument{{Name: "_raw", Value: c.Arguments}} // the format has objects alone
			}
			line += fmt.Sprintf(" %s%v", c.Name, args)
		}
		all = append(all, line)
	}
	return all
}
