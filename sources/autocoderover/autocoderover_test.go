package autocoderover_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/autocoderover"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const thread = `[{"role":"system","content":"You search."},{"role":"user","content":"<issue>The cat is silent.</issue>"},{"role":"assistant","content":"search_class(\"Cat\")"}`

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "acr/lite-1/octo__cat-5_2024-04-06_12-00-00")
	all[0].Beside = map[string][]byte{
		"conversation_round_0.json":      []byte(thread + "]"),
		"conversation_round_10.json":     []byte(thread + `,{"role":"user","content":"Result: class Cat"},{"role":"assistant","content":"Enough.","logprobs":[1]}]`),
		"conversation_round_9.json":      []byte(thread + "]"),
		"debug_agent_write_patch_1.json": []byte(`[{"role":"system","content":"You write a patch."},{"role":"user","content":"<issue>The cat is silent.</issue>"},{"role":"assistant","content":"# modification 1"}]`),
		"extracted_patch_1.diff":         []byte("diff --git a/old"),
		"extracted_patch_2.diff":         []byte("diff --git a/cat.py b/cat.py\n"),
		"cost.json":                      []byte(`{"model":"gpt-4-0125-preview","commit":"abc","total_input_tokens":1200,"total_output_tokens":90,"total_cost":0.5,"elapsed_seconds":61.5}`),
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, autocoderover.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, autocoderover.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, autocoderover.Format{}, samples(f)) }

func document(s *sourcetest.Sample) format.Document {
	return format.Document{URI: s.URI, Data: s.Data, Neighbor: func(name string) []byte { return s.Beside[name] },
		Siblings: func(pattern string) []string {
			var names []string
			for name := range s.Beside {
				if strings.HasPrefix(name, strings.TrimSuffix(strings.TrimSuffix(pattern, "*.json"), "*.diff")) {
					names = append(names, name)
				}
			}
			return names
		}}
}

func TestTheLastThreadIsRead(t *testing.T) {
	s := samples(t)[0]
	for r, err := range (autocoderover.Format{}).Decode(document(&s)) {
		if err != nil {
			t.Fatal(err)
		}
		var kinds []pipeline.MessageKind
		for _, m := range r.Messages {
			kinds = append(kinds, m.Kind)
		}
		if len(kinds) != 7 || kinds[3] != pipeline.KindObservation || *r.Messages[6].Content != "# modification 1" || r.RunHint != "lite-1" {
			t.Errorf("%v, run %s", kinds, r.RunHint)
		}
		if *r.Patch != "diff --git a/cat.py b/cat.py\n" || *r.Usage.WallSeconds != 61.5 {
			t.Errorf("%s", *r.Patch)
		}
		if out := string(sourcetest.Render([]*format.Record{r})); strings.Contains(out, "hidden") || strings.Contains(out, "solution") {
			t.Error("the task's solution or hidden tests came through")
		}
	}
}

func TestABrokenThreadFailsTheRun(t *testing.T) {
	s := samples(t)[0]
	s.Beside["conversation_round_11.json"] = []byte(thread)
	for _, err := range (autocoderover.Format{}).Decode(document(&s)) {
		if err == nil || !strings.Contains(err.Error(), "conversation_round_11.json") {
			t.Errorf("%v", err)
		}
	}
}
