package audit_test

import (
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
)

func TestLeavesAreKeptFatedOrLost(t *testing.T) {
	text, extra := "one line of text\n", `{"seed":7,"ok":true}`
	rec := &format.Record{Trajectory: pipeline.Trajectory{
		Extra:    &extra,
		Messages: []pipeline.Message{{Content: &text, ToolCalls: []pipeline.ToolCall{{Name: "ls", Arguments: `{"dir": "/src"}`}}}},
	}}
	doc := `{"a":{"text":"line of"},"seed":7,"ok":true,"dir":"/src","args":"{\"dir\": \"/src\", \"n\": 8}",
	  "gone":{"deep":["x1y2"]},"ab":"ne","no":false,"blank":" ","nil":null,"n":8.5}`
	r, err := audit.Compare([]byte(doc), []*format.Record{rec}, []format.Fate{{Path: "gone.**"}, {Path: "args.$.n"}})
	if err != nil {
		t.Fatal(err)
	}
	var lost []string
	for _, l := range r.Lost {
		lost = append(lost, l.Path)
	}
	if r.Leaves != 10 || r.Kept != 5 || r.Fated["gone.**"] != 1 || r.Fated["args.$.n"] != 1 || len(lost) != 3 || lost[0] != "ab" || lost[1] != "n" || lost[2] != "no" {
		t.Errorf("%+v", r)
	}
}

func TestPatternsCoverPaths(t *testing.T) {
	doc := `{"m":[{"x":{"y":"aaaa"}},{"x":{"z":"bbbb"}}]}`
	for pattern, covered := range map[string]int{"m[].x.y": 1, "m[].*.z": 1, "m[].**": 2, "m[]": 0, "m": 0, "m[].x": 0, "*.**": 2, "n[].**": 0, "m.x.y": 0} {
		r, err := audit.Compare([]byte(doc), nil, []format.Fate{{Path: pattern}})
		if err != nil || 2-len(r.Lost) != covered {
			t.Errorf("%s covers %d of %d (%v)", pattern, 2-len(r.Lost), r.Leaves, err)
		}
	}
}

func TestPatternsOfLists(t *testing.T) {
	r, err := audit.Compare([]byte(`[{"type":"text"},["deep"]]`), nil, []format.Fate{{Path: "[].type"}, {Path: "[][]"}})
	if err != nil || len(r.Lost) != 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestDocumentsOfLines(t *testing.T) {
	r, err := audit.Compare([]byte("{\"a\":\"aaaa\"}\n{\"b\":\"bbbb\"}\n"), nil, nil)
	if err != nil || len(r.Lost) != 2 {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := audit.Compare([]byte(`{"a":`), nil, nil); err == nil {
		t.Error("half a document is no error")
	}
}

// TestSamplesStandInTheirNumber is for ids of which an importer takes the sample.
func TestSamplesStandInTheirNumber(t *testing.T) {
	id, n := "octo__cat-7", int32(3)
	recs := []*format.Record{{Trajectory: pipeline.Trajectory{InstanceID: &id, Rollout: &n}}}
	for doc, lost := range map[string]int{`{"id":"octo__cat-7_3"}`: 0, `{"id":"octo__cat-7_run3"}`: 0, `{"id":"octo__cat-7_4"}`: 1} {
		r, err := audit.Compare([]byte(doc), recs, nil)
		if err != nil || len(r.Lost) != lost {
			t.Errorf("%s: %+v %v", doc, r, err)
		}
	}
}
