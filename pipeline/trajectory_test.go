package pipeline

import (
	"reflect"
	"strings"
	"testing"
)

func sample() *Trajectory {
	s := func(v string) *string { return &v }
	n := func(v int32) *int32 { return &v }
	return &Trajectory{
		InstanceID: s("a__b-1"),
		TaskID:     "a__b-1",
		Source:     "src", Policy: "p", Scaffold: "sc",
		Messages: []Message{
			{Role: RoleSystem, Kind: KindSystem, Content: s("be good")},
			{Role: RoleAssistant, Kind: KindAction, Content: s(""), Reasoning: s("hm"),
				ToolCalls: []ToolCall{{ID: s("1"), Name: "bash", Arguments: `{"command":"ls"}`}}},
			{Role: RoleTool, Kind: KindObservation, Content: s("a\n"), RawOutput: s("a\nb\n"),
				ReturnCode: n(0), Name: s("bash"), ToolCallID: s("1")},
		},
		Patch:  s("+x"),
		Origin: Origin{URI: "runs/a.traj.json", Row: 3},
	}
}

func TestIDChangesWithContentAndNotWithFlags(t *testing.T) {
	base := sample().ComputeID()
	if len(base) != 32 {
		t.Fatalf("id %q has %d characters, want 32", base, len(base))
	}
	alters := map[string]func(*Trajectory){
		"instance":        func(t *Trajectory) { v := "a__b-2"; t.InstanceID = &v },
		"no instance":     func(t *Trajectory) { t.InstanceID = nil },
		"role":            func(t *Trajectory) { t.Messages[0].Role = RoleUser },
		"kind":            func(t *Trajectory) { t.Messages[0].Kind = KindIssue },
		"content":         func(t *Trajectory) { v := "be bad"; t.Messages[0].Content = &v },
		"null is not ''":  func(t *Trajectory) { t.Messages[1].Content = nil },
		"reasoning":       func(t *Trajectory) { t.Messages[1].Reasoning = nil },
		"raw output":      func(t *Trajectory) { t.Messages[2].RawOutput = nil },
		"return code":     func(t *Trajectory) { v := int32(1); t.Messages[2].ReturnCode = &v },
		"tool name":       func(t *Trajectory) { t.Messages[2].Name = nil },
		"tool call id":    func(t *Trajectory) { t.Messages[2].ToolCallID = nil },
		"call id":         func(t *Trajectory) { t.Messages[1].ToolCalls[0].ID = nil },
		"call arguments":  func(t *Trajectory) { t.Messages[1].ToolCalls[0].Arguments = "{}" },
		"a message less":  func(t *Trajectory) { t.Messages = t.Messages[:2] },
		"empty patch":     func(t *Trajectory) { v := ""; t.Patch = &v },
		"no patch":        func(t *Trajectory) { t.Patch = nil },
		"origin file":     func(t *Trajectory) { t.Origin.URI = "runs/b.traj.json" },
		"origin row":      func(t *Trajectory) { t.Origin.Row = 4 },
		"calls moved":     func(t *Trajectory) { t.Messages[1].ToolCalls = nil },
		"split of string": func(t *Trajectory) { v := "ls"; t.Messages[1].Reasoning = &v },
	}
	seen := map[string]string{base: "the sample"}
	for name, alter := range alters {
		tr := sample()
		alter(tr)
		id := tr.ComputeID()
		if other, dup := seen[id]; dup {
			t.Errorf("%s: same id as %s", name, other)
		}
		seen[id] = name
	}

	tr := sample()
	tr.Source, tr.Policy, tr.Scaffold = "other", "other", "other"
	v := "run-7"
	tr.Run, tr.Claims = &v, &v
	if tr.ComputeID() != base {
		t.Error("identity that flags fill in changed the id")
	}
}

func TestIDLayoutIsPinned(t *testing.T) {
	const want = "70117c2451ffa74a49b73dde1899d154"
	if got := sample().ComputeID(); got != want {
		t.Errorf("id of the sample is %s, was %s: a change of layout needs a new IDLayout", got, want)
	}
}

func TestTextBytesCountsWhatIsStored(t *testing.T) {
	tr := sample()
	// system 7, reasoning 2, call name 4 + arguments 16, content 2, raw output 4, patch 2
	if got := tr.TextBytes(); got != 37 {
		t.Errorf("TextBytes = %d, want 37", got)
	}
}

func TestTaskKeyDependsOnEachPart(t *testing.T) {
	type cfg struct {
		B int               `json:"b"`
		A map[string]string `json:"a"`
	}
	key := func(stage string, version int, c cfg, in ...InputKey) Key {
		t.Helper()
		k, err := TaskKey(stage, version, c, in)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	c := cfg{1, map[string]string{"x": "1", "y": "2"}}
	base := key("mix", 1, c, InputKey{"a", "k1"}, InputKey{"b", "k2"})
	if again := key("mix", 1, c, InputKey{"b", "k2"}, InputKey{"a", "k1"}); again != base {
		t.Error("the order in which ports are listed changed the key")
	}
	for name, k := range map[string]Key{
		"stage":        key("split", 1, c, InputKey{"a", "k1"}, InputKey{"b", "k2"}),
		"version":      key("mix", 2, c, InputKey{"a", "k1"}, InputKey{"b", "k2"}),
		"config":       key("mix", 1, cfg{2, c.A}, InputKey{"a", "k1"}, InputKey{"b", "k2"}),
		"input":        key("mix", 1, c, InputKey{"a", "k1"}, InputKey{"b", "k3"}),
		"swapped":      key("mix", 1, c, InputKey{"a", "k2"}, InputKey{"b", "k1"}),
		"input absent": key("mix", 1, c, InputKey{"a", "k1"}),
	} {
		if k == base {
			t.Errorf("%s: the key did not change", name)
		}
	}
	ab := key("mix", 1, c, InputKey{"a", "k1"}, InputKey{"a", "k2"})
	if ba := key("mix", 1, c, InputKey{"a", "k2"}, InputKey{"a", "k1"}); ab == ba {
		t.Error("the order of inputs within a port is part of the key")
	}
}

func TestCountsRefuseUnknownReason(t *testing.T) {
	c := Counts{In: 1, Dropped: map[DropReason]int64{"whim": 1}}
	if c.Check() == nil {
		t.Error("a reason outside the closed set was accepted")
	}
}

func TestCountsAddAndClone(t *testing.T) {
	a := Counts{In: 2, Out: 1}
	a.Drop(DropOverflow)
	b := a.Clone()
	b.Add(a)
	want := Counts{In: 4, Out: 2, Dropped: map[DropReason]int64{DropOverflow: 2}}
	if !reflect.DeepEqual(b, want) {
		t.Errorf("sum is %+v, want %+v", b, want)
	}
	if a.Dropped[DropOverflow] != 1 {
		t.Error("Clone shares its map")
	}
}

// TestIdentifyIsComputeID names batches whose text fits once, and not at all.
func TestIdentifyIsComputeID(t *testing.T) {
	var ids Identifier
	for _, size := range []int{0, 1, 3000, identityGather / 3, identityGather + 1} {
		var ts []*Trajectory
		for i := range 40 {
			text := strings.Repeat("x", size*(i%5)/4)
			ts = append(ts, &Trajectory{InstanceID: &text, Messages: []Message{{Role: RoleUser, Content: &text}}, Origin: Origin{Row: int64(i)}})
			if size > 1<<16 && i == 6 {
				break
			}
		}
		ids.Identify(ts)
		for i, tr := range ts {
			if want := tr.ComputeID(); tr.ID != want {
				t.Fatalf("size %d, trajectory %d: %s, want %s", size, i, tr.ID, want)
			}
		}
	}
}
