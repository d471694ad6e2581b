package codex_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/codex"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.jsonl", "codex/sessions/2025")
	for i := range all {
		all[i].Lines, all[i].OpenKeys = true, []string{"action", "source"}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, codex.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, codex.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, codex.Format{}, samples(f)) }

func decode(t *testing.T, doc string) *format.Record {
	t.Helper()
	recs := sourcetest.Lossless(t, codex.Format{}, format.Document{URI: "codex/rollout-x.jsonl", Data: []byte(doc)})
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	return recs[0]
}

func TestAnAnswerIsOneAction(t *testing.T) {
	r := decode(t, string(samples(t)[0].Data))
	var kinds []pipeline.MessageKind
	for _, m := range r.Messages {
		kinds = append(kinds, m.Kind)
	}
	want := []pipeline.MessageKind{"system", "system", "issue", "action", "observation", "observation", "action", "interrupt", "interrupt", "interrupt"}
	if len(kinds) != len(want) {
		t.Fatalf("%v", kinds)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("message %d is %s, want %s", i, kinds[i], want[i])
		}
	}
	a, o := r.Messages[3], r.Messages[4]
	if *a.Reasoning != "**Looking**" || *a.Content != "I'll look at it." || len(a.ToolCalls) != 2 || a.ToolCalls[1].Name != "apply_patch" {
		t.Errorf("%+v", a)
	}
	if *o.ReturnCode != 0 || !strings.Contains(*o.RawOutput, "and more") || *o.Name != "shell" || *r.Messages[5].ReturnCode != 1 {
		t.Errorf("%+v", o)
	}
	if *r.ParentID != "019a-00" || *r.ExitStatus != "turn_aborted: interrupted" || *r.Usage.PromptTokens != 1200 || *r.PolicyRaw != "gpt-5.1-codex" {
		t.Errorf("%+v", r.Trajectory)
	}
	if *r.Messages[9].Content != "Hurry up." {
		t.Error("what stands only in an event is lost")
	}
}

func TestTheFirstGeneration(t *testing.T) {
	r := decode(t, string(samples(t)[1].Data))
	if *r.InstanceID != "c3c4-b3" || *r.Usage.Turns != 2 || *r.Messages[3].ReturnCode != 2 || *r.Messages[2].Reasoning != "Cats meow." {
		t.Errorf("%+v", r.Messages)
	}
	if m := r.Messages[4]; *m.Content != "Done." || m.ToolCalls[0].Name != "local_shell" {
		t.Errorf("%+v", m)
	}
}

func TestEventsThatRepeatItemsAreLeftOut(t *testing.T) {
	r := decode(t, `{"type":"event_msg","payload":{"type":"user_message","message":"Only here."}}
{"type":"event_msg","payload":{"type":"user_message","message":"Go on."}}
{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Go on.\n"}]}}
{"type":"response_item","payload":{"type":"message","role":"assistant","content":"One."}}
{"type":"event_msg","payload":{"type":"agent_message","message":"One."}}
{"type":"response_item","payload":{"type":"message","role":"assistant","content":"Two."}}
{"type":"event_msg","payload":{"type":"agent_message","message":"Two."}}`)
	if len(r.Messages) != 3 || *r.Messages[0].Content != "Only here." || *r.Messages[2].Content != "One.\n\nTwo." {
		t.Errorf("%+v", r.Messages)
	}
}

func TestForkedSessionsHaveOneHead(t *testing.T) {
	r := decode(t, `{"type":"session_meta","payload":{"id":"child","cli_version":"1"}}
{"type":"session_meta","payload":{"id":"parent","cli_version":"1"}}
{"type":"response_item","payload":{"type":"message","role":"assistant","content":"x"}}`)
	if *r.InstanceID != "child" || !strings.Contains(*r.Extra, "parent") {
		t.Errorf("%s %s", *r.InstanceID, *r.Extra)
	}
}
