package moatless_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/moatless"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "evaluations/lite")
	for i := range all {
		all[i].OpenKeys = []string{"action"}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, moatless.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, moatless.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, moatless.Format{}, samples(f)) }

func sample(t *testing.T, name string) []byte {
	t.Helper()
	for _, s := range samples(t) {
		if s.Name == name {
			return s.Data
		}
	}
	t.Fatal(name)
	return nil
}

func TestEachLeafIsAnAttempt(t *testing.T) {
	recs := sourcetest.Lossless(t, moatless.Format{}, format.Document{URI: "a/trajectory.json", Data: sample(t, "tree.json")})
	if len(recs) != 2 || *recs[0].Attempt != 0 || *recs[1].Attempt != 1 {
		t.Fatalf("%d records", len(recs))
	}
	a, b := recs[0], recs[1]
	if *a.Patch != "--- a/cat.py\n+++ b/cat.py\n--- a/dog.py\n+++ b/dog.py\n" || b.Patch != nil {
		t.Errorf("patches %v, %v", a.Patch, b.Patch)
	}
	if *a.Usage.PromptTokens != 900 || *b.Usage.PromptTokens != 400 || *a.Usage.APICalls != 2 {
		t.Errorf("%+v, %+v", a.Usage, b.Usage)
	}
	if m := a.Messages[1]; m.ToolCalls[0].Name != "FindClass" || *m.Reward != 75 || *m.Content != "I look for it." {
		t.Errorf("%+v", m)
	}
	last := b.Messages[len(b.Messages)-1]
	if last.Kind != pipeline.KindInterrupt || *last.Content != "no budget left" {
		t.Errorf("%+v", last)
	}
	if strings.Contains(string(sourcetest.Render(recs)), "secret") {
		t.Error("a credential of the configuration came through")
	}
}

func TestCirclesEnd(t *testing.T) {
	for range (moatless.Format{}).Decode(format.Document{Data: []byte(`{"nodes":[{"node_id":1,"parent_id":2},{"node_id":2,"parent_id":1},{"node_id":3,"parent_id":3},{"node_id":3,"parent_id":1}]}`)}) {
	}
}

func TestTransitions(t *testing.T) {
	recs := sourcetest.Lossless(t, moatless.Format{}, format.Document{URI: "a/b.json", Data: sample(t, "transitions.json")})
	r := recs[0]
	if len(recs) != 1 || *r.Usage.Turns != 2 || *r.PolicyRaw != "gpt-4o-2024-05-13" || *r.Claims != `{"resolved":true}` || *r.Usage.PromptTokens != 1007 {
		t.Errorf("%+v", r.Trajectory)
	}
}
