package chat

import (
	"slices"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

func message(role pipeline.Role, text string) pipeline.Message {
	return pipeline.Message{Role: role, Content: &text}
}

func TestKindsOfPlainDialogues(t *testing.T) {
	const sys, user, act, tool = pipeline.RoleSystem, pipeline.RoleUser, pipeline.RoleAssistant, pipeline.RoleTool
	for _, c := range []struct {
		name     string
		messages []pipeline.Message
		want     []pipeline.MessageKind
	}{
		{"text protocol",
			[]pipeline.Message{message(sys, "s"), message(user, "Here is a demonstration of how to correctly accomplish this task: x"), message(user, "i"), message(act, "a"), message(user, "o"), message(act, "a"), message(user, "Your output was not formatted correctly. Again.")},
			[]pipeline.MessageKind{"system", "demo", "issue", "action", "observation", "action", "interrupt"}},
		{"tools",
			[]pipeline.Message{message(user, "i"), message(user, "more of it"), message(act, "a"), message(tool, "o"), message(act, "a"), message(user, "go on"), message(act, "a"), message(user, "OBSERVATION:\nx")},
			[]pipeline.MessageKind{"issue", "issue", "action", "observation", "action", "interrupt", "action", "observation"}},
		{"known kinds stay",
			[]pipeline.Message{{Role: user, Kind: pipeline.KindDemo}, {Role: act, Kind: pipeline.KindDemo}, message(user, "i"), {Role: pipeline.RoleExit}},
			[]pipeline.MessageKind{"demo", "demo", "issue", "final"}},
	} {
		Classify(c.messages)
		var got []pipeline.MessageKind
		for _, m := range c.messages {
			got = append(got, m.Kind)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestReturnCodes(t *testing.T) {
	for text, want := range map[string]int32{
		"<returncode>0</returncode>\n": 0, "Observation: <returncode>-9</returncode>": -9, "<returncode>2147483647</returncode>": 2147483647,
	} {
		if got := ReturnCode(text); got == nil || *got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"", "x <returncode>0</returncode>", "<returncode>", "<returncode></returncode>", "<returncode>+1</returncode>",
		"<returncode>1", "<returncode>99999999999</returncode>", "<returncode>0                                 </returncode>"} {
		if got := ReturnCode(text); got != nil {
			t.Errorf("%s: %d", text, *got)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for text, want := range map[string]string{
		"YES": "YES", " no.\n": "NO", "<judgement>YES</judgement>": "YES", "<verdict> no </verdict>": "NO", "<judgement>NO": "NO",
		"Yes, it is done.": "", "": "", "NOTHING": "", "<judgement></judgement>": "", "<function=submit>": "",
	} {
		if got := Verdict(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	calls := message(pipeline.RoleAssistant, "YES")
	calls.ToolCalls = []pipeline.ToolCall{{Name: "finish"}}
	for _, last := range []pipeline.Message{calls, message(pipeline.RoleUser, "YES"), {Role: pipeline.RoleAssistant}} {
		if rest, verdict := TakeVerdict([]pipeline.Message{last}); len(rest) != 1 || verdict != "" {
			t.Errorf("%+v is taken for a verdict", last)
		}
	}
	if rest, verdict := TakeVerdict([]pipeline.Message{message(pipeline.RoleAssistant, "yes ")}); len(rest) != 0 || verdict != "yes " {
		t.Errorf("%d messages left, verdict %q", len(rest), verdict)
	}
}

func TestPatchesOfOtherRepositories(t *testing.T) {
	diff := func(files ...string) (all string) {
		for _, f := range files {
			all += "diff --git a/" + f + " b/" + f + "\n--- a/" + f + "\n+++ b/" + f + "\n@@ -1 +1 @@\n-x\n+y\n"
		}
		return all
	}
	dialogue := []pipeline.Message{message(pipeline.RoleUser, "see /testbed/src/attr/_make.py"),
		{Role: pipeline.RoleAssistant, ToolCalls: []pipeline.ToolCall{{Name: "edit", Arguments: `{"path":"/testbed/lib/widget_store.py"}`}}}}
	for _, c := range []struct {
		repo, patch string
		foreign     bool
	}{
		{"o/cat", diff("dogs/bark.py"), true},
		{"o/cat", diff("dogs/bark.py", "dogs/__init__.py"), true},
		{"o/cat", diff("dogs/bark.py", "src/attr/_make.py"), false}, // one is named
		{"o/cat", diff("lib/widget_store.py"), false},               // in a call
		{"o/cat", diff("cat/bark.py"), false},                       // the project's folder
		{"o/python-Cat", diff("python_cat/bark.py"), false},
		{"o/cat", diff("tests/pycat.py"), false},
		{"o/cat", diff("setup.py"), false}, // any project's
		{"o/cat", diff("dogs/__init__.py"), true},
		{"o/cat", "", false},
		{"o/cat", "no diff", false},
		{"cat", diff("dogs/bark.py"), false}, // no repository
	} {
		if got := ForeignPatch(c.repo, c.patch, dialogue); (got != nil) != c.foreign {
			t.Errorf("%s %.60q: %v", c.repo, c.patch, got)
		}
	}
}
