package claudecode_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/claudecode"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.jsonl", "claude/projects/-work-cat")
	for i := range all {
		all[i].Lines, all[i].OpenKeys = true, []string{"input"}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, claudecode.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, claudecode.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, claudecode.Format{}, samples(f)) }

func decode(t *testing.T, uri, doc string) []*format.Record {
	t.Helper()
	return sourcetest.Lossless(t, claudecode.Format{}, format.Document{URI: uri, Data: []byte(doc)})
}

func TestRealSessionsAreKept(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Real(t, "other", "claude-code-fixtures"), "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sh := format.ShapeOf(doc)
		if sh.Lines = true; !(claudecode.Format{}).Detect(sh) {
			t.Errorf("%s is not claimed", file)
		}
		recs := decode(t, file, string(doc))
		if len(recs) != 1 || *recs[0].Usage.Turns == 0 || recs[0].PolicyRaw == nil {
			t.Errorf("%s: %d records", file, len(recs))
		}
	}
}

func TestLinesOfOneAnswerAreOneMessage(t *testing.T) {
	recs := decode(t, "p/s.jsonl", string(samples(t)[0].Data))
	if len(recs) != 2 {
		t.Fatalf("%d records", len(recs))
	}
	m := recs[0].Messages[2]
	if *m.Reasoning != "Look first." || *m.Content != "I'll read it." || m.ToolCalls[0].Name != "Read" {
		t.Errorf("%+v", m)
	}
	u := recs[0].Usage
	if *u.PromptTokens != 1014 || *u.CompletionTokens != 100 || *u.APICalls != 2 || *u.CostUSD != 0.0125 || *u.WallSeconds != 15 || *u.Turns != 2 {
		t.Errorf("prompt %d, completion %d, calls %d", *u.PromptTokens, *u.CompletionTokens, *u.APICalls)
	}
	if side := recs[1]; *side.ParentID != "5f0c-11" || side.Messages[0].Kind != pipeline.KindIssue || *side.PolicyRaw != "claude-haiku-4-5" {
		t.Errorf("%+v", side)
	}
}

func TestSeveralResultsInOneLine(t *testing.T) {
	recs := decode(t, "x/s.jsonl", `{"type":"user","sessionId":"a","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"first"},{"type":"tool_result","tool_use_id":"2","content":null},{"type":"text","text":"and go on"},{"type":"image","source":{"type":"base64","data":"AAAA"}}]}}`)
	m := recs[0].Messages
	if len(m) != 3 || m[0].Kind != pipeline.KindObservation || *m[1].ToolCallID != "2" || m[1].Content != nil || m[2].Role != pipeline.RoleUser || !strings.Contains(*m[2].Extra, "AAAA") {
		t.Errorf("%+v", m)
	}
}

func TestFoldersNameTheTask(t *testing.T) {
	doc := `{"type":"assistant","sessionId":"a","message":{"role":"assistant","content":"x"}}`
	for uri, want := range map[string]string{"run/django__django-11206/s.jsonl": "django__django-11206", "run/django__django-11206_2.jsonl": "django__django-11206_2", "s.jsonl": "a"} {
		if got := *decode(t, uri, doc)[0].InstanceID; got != want {
			t.Errorf("%s: %s", uri, got)
		}
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for _, err := range (claudecode.Format{}).Decode(format.Document{Data: []byte("{\"type\":\"user\"}\n{\"type\":\"user\",\"message\":{\"role\"\n")}) {
		if err == nil || !strings.Contains(err.Error(), "line 3") && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%v", err)
		}
	}
}
