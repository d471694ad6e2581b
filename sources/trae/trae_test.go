package trae_test

import (
	"flag"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
	"github.com/swerm/swerm/sources/trae"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "trae/nightly")
	for i := range all {
		all[i].OpenKeys = []string{"arguments"}
		all[i].Beside = map[string][]byte{"octo__cat-5.patch": []byte("diff --git a/cat.py b/cat.py\n")}
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, trae.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, trae.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, trae.Format{}, samples(f)) }

func decode(t *testing.T, doc string) *format.Record {
	t.Helper()
	return sourcetest.Lossless(t, trae.Format{}, format.Document{URI: "run/t.json", Data: []byte(doc)})[0]
}

func TestWhatWasSaidIsNotSaidAgain(t *testing.T) {
	r := decode(t, `{"task":"T","llm_interactions":[],"agent_steps":[
	 {"llm_messages":[{"role":"user","content":"T"}],"llm_response":{"content":"one","tool_calls":[{"call_id":"c","name":"bash","arguments":{}}]},"tool_results":[{"call_id":"c","success":true,"result":"out"}]},
	 {"llm_messages":[{"role":"user","content":"T"},{"role":"assistant","content":"one"},{"role":"user","content":"","tool_result":{"call_id":"c","success":true,"result":"out"}}],"llm_response":{"content":"two"}}]}`)
	var kinds []pipeline.MessageKind
	for _, m := range r.Messages {
		kinds = append(kinds, m.Kind)
	}
	if len(kinds) != 4 || kinds[0] != pipeline.KindIssue || kinds[2] != pipeline.KindObservation || *r.Messages[2].Name != "bash" {
		t.Errorf("%v", kinds)
	}
}

func TestCallsAreReadWhereThereAreNoSteps(t *testing.T) {
	r := decode(t, `{"task":"Do it.","agent_steps":[],"llm_interactions":[{"input_messages":[{"role":"system","content":"S"}],"response":{"content":"one","usage":{"input_tokens":1,"output_tokens":2}}}]}`)
	if len(r.Messages) != 3 || *r.Messages[1].Content != "Do it." || r.Messages[1].Kind != pipeline.KindIssue || *r.Usage.PromptTokens != 1 {
		t.Errorf("%+v", r.Messages)
	}
}
