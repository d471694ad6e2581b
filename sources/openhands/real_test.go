package openhands_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openhands"
	"github.com/swerm/swerm/sources/sourcetest"
)

// rows splits a file as the importer does: a file of lines into its lines.
func rows(t *testing.T, file string) (all [][]byte) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if json.Valid(data) {
		return [][]byte{data}
	}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) > 0 {
			all = append(all, line)
		}
	}
	return all
}

func TestRealEventStreams(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Real(t, "openhands", "events"), "*.json*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		for i, row := range rows(t, file) {
			if !(openhands.Format{}).Detect(format.ShapeOf(row)) {
				t.Errorf("%s: row %d is not claimed", file, i)
			}
			d := format.Document{URI: "events/" + filepath.Base(file), Row: int64(i), Data: row}
			for _, rec := range sourcetest.Lossless(t, openhands.Format{}, d) {
				linked(t, file, &rec.Trajectory)
			}
		}
	}
}

// linked checks that every answer names a call that was made before it.
func linked(t *testing.T, file string, tr *pipeline.Trajectory) {
	t.Helper()
	calls := map[string]bool{}
	for i := range tr.Messages {
		m := &tr.Messages[i]
		for _, c := range m.ToolCalls {
			if c.ID != nil {
				if calls[*c.ID] {
					t.Errorf("%s: call %s was made twice", file, *c.ID)
				}
				calls[*c.ID] = true
			}
		}
		if m.ToolCallID != nil && !calls[*m.ToolCallID] {
			t.Errorf("%s: message %d answers %s, which was not called", file, i, *m.ToolCallID)
		}
	}
	if *tr.Usage.Turns == 0 {
		t.Errorf("%s: nobody acts", file)
	}
}

func TestRealConversation(t *testing.T) {
	file := testpath.Real(t, "openhands", "sdk-v1", "conversations", "v1_11_5_cli_default", "base_state.json")
	doc := rows(t, file)[0]
	d := format.Document{URI: "conversations/v1_11_5_cli_default/base_state.json", Data: doc}
	for _, rec := range sourcetest.Lossless(t, openhands.Conversation{}, d) {
		if *rec.InstanceID != "v1_11_5_cli_default" || *rec.PolicyRaw != "gpt-4o-mini" || len(rec.Messages) != 0 {
			t.Errorf("%+v", rec.Trajectory)
		}
	}
}
