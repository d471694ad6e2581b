package contract

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
)

var smallTokenizer = sync.OnceValues(func() (*tokenizer.Tokenizer, error) {
	texts := []string{DefaultTemplateText(), strings.Repeat("def test(x): return x + 1\n", 40),
		strings.Repeat("$ pytest -q\n.... 4 passed in 0.12s\n", 40), strings.Repeat("diff --git a/m.py b/m.py\n@@ -1 +1 @@\n-x\n+y\n", 40)}
	return tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.TrainOptions{VocabSize: 700, Words: []string{"YES", "NO"}})
})

// DefaultTemplateText is all text of the default template.
func DefaultTemplateText() string {
	t := Templates()[0]
	return t.Begin + t.Open + t.End + t.NoPatch + t.EmptyPatch + t.ElidedText + t.ElidedTurns
}

func small(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := smallTokenizer()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func newContract(t testing.TB, o Options) *Contract {
	t.Helper()
	c, err := New(small(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(t testing.TB, c *Contract, traj *pipeline.Trajectory) pipeline.TokenRow {
	t.Helper()
	row, err := c.Encode(traj, nil)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func ptr[T any](v T) *T { return &v }

func message(role pipeline.Role, kind pipeline.MessageKind, text string) pipeline.Message {
	return pipeline.Message{Role: role, Kind: kind, Content: &text}
}

// attempt is a short attempt with everything in it that a record can hold.
func attempt() *pipeline.Trajectory {
	t := &pipeline.Trajectory{
		ID: "0123", InstanceID: ptr("m-1"), Repo: ptr("a/m"), BaseCommit: ptr("c0"), TaskID: "a/m@c0",
		Source: "generated", Policy: "policy-a", PolicyRaw: ptr("Policy A"), Scaffold: "harness", Run: ptr("r1"),
		Rollout: ptr(int32(1)), Attempt: ptr(int32(1)), ParentID: ptr("p"), Language: ptr("python"), CreatedAt: ptr("2024-01-01T00:00:00Z"),
		License: ptr("MIT"), Environment: ptr("img"), Sampling: ptr(`{"temperature":0}`), Tools: ptr("[]"), Patch: ptr("-x\n+y\n"),
		ExitStatus: ptr("submitted"), Usage: pipeline.Usage{Turns: ptr(int32(2)), CostUSD: ptr(0.5)}, Claims: ptr(`{"resolved":true}`),
		Origin: pipeline.Origin{URI: "u", Row: 3, ContentHash: "h", Format: "f", Version: "1"},
		Messages: []pipeline.Message{
			message(pipeline.RoleSystem, pipeline.KindSystem, "You can run commands."),
			message(pipeline.RoleUser, pipeline.KindIssue, "m.py is wrong"),
			message(pipeline.RoleAssistant, pipeline.KindAction, "I will look."),
			message(pipeline.RoleTool, pipeline.KindObservation, "def f(): pass"),
			message(pipeline.RoleUser, pipeline.KindInterrupt, "Please go on."),
			message(pipeline.RoleAssistant, pipeline.KindAction, ""),
			message(pipeline.RoleTool, pipeline.KindObservation, ""),
			message(pipeline.RoleExit, pipeline.KindFinal, "submitted: resolved"),
		},
	}
	t.Messages[3].RawOutput, t.Messages[3].ReturnCode, t.Messages[3].Name, t.Messages[3].ToolCallID = ptr("long output"), ptr(int32(1)), ptr("bash"), ptr("c1")
	t.Messages[3].Extra, t.Messages[3].Reward, t.Messages[3].Mask = ptr(`{"k":1}`), ptr(0.5), ptr(true)
	t.Messages[2].Reasoning = ptr("secret thought")
	t.Messages[5].ToolCalls = []pipeline.ToolCall{{ID: ptr("c1"), Name: "bash", Arguments: `{"cmd":"ls"}`}, {Name: "submit", Arguments: ""}}
	return t
}
