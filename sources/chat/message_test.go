package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// A call says the same with its function in an object of its own and without.
func TestReadToolCalls(t *testing.T) {
	id := "call_1"
	want := []pipeline.ToolCall{{ID: &id, Name: "bash", Arguments: `{"command": "ls"}`}}
	for _, doc := range []string{
		`[{"id": "call_1", "type": "function", "function": {"name": "bash", "arguments": "{\"command\": \"ls\"}"}}]`,
		`[{"function": {"arguments": {"command": "ls"}, "name": "bash"}, "id": "call_1"}]`,
		`[{"id": "call_1", "name": "bash", "arguments": "{\"command\": \"ls\"}"}]`,
		`[{"arguments": {"command": "ls"}, "name": "bash", "id": "call_1"}]`,
		`[{"id": "call_1", "function": {"name": "bash", "arguments": "{\"command\": \"ls\"}"}, "name": null, "arguments": [1]}]`,
	} {
		s := jsonscan.New([]byte(doc))
		got := chat.ReadToolCalls(s)
		if s.End(); s.Err() != nil {
			t.Fatalf("%s: %v", doc, s.Err())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", doc, diff)
		}
	}
}
