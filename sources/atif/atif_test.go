package atif_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/atif"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const result = `{"id":"0b1f","task_name":"count-lines","trial_name":"count-lines__aB3xYz1","trial_uri":"file:///jobs/x","source":"terminal-bench","task_checksum":"9f8e7d",
  "agent_info":{"name":"terminus-2","version":"2.0.0","model_info":{"name":"claude-sonnet-4","provider":"anthropic"}},
  "agent_result":{"n_input_tokens":2211,"n_cache_tokens":1024,"n_output_tokens":97,"cost_usd":0.5},
  "verifier_result":{"rewards":{"reward":1.0}},"exception_info":{"exception_type":"AgentTimeoutError","exception_message":"900 s","exception_traceback":"…","occurred_at":"2025-10-16T14:45:00"},
  "started_at":"2025-10-16T14:29:00","finished_at":"2025-10-16T14:46:00"}`

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "jobs/nightly/count-lines__aB3xYz1/agent")
	for i := range all {
		all[i].OpenKeys = []string{"arguments", "tool_definitions"}
	}
	all[0].Beside = map[string][]byte{"../result.json": []byte(result), "../verifier/reward.txt": []byte("1\n"), "../verifier/test-stdout.txt": []byte("3 passed in 0.1s\n")}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, atif.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, atif.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, atif.Format{}, samples(f)) }

func decode(t *testing.T, d format.Document) []*format.Record {
	t.Helper()
	var all []*format.Record
	for r, err := range (atif.Format{}).Decode(d) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestTheTrialNamesTheRun(t *testing.T) {
	s := samples(t)[0]
	r := decode(t, format.Document{URI: s.URI, Data: s.Data, Neighbor: func(name string) []byte { return s.Beside[name] }})[0]
	if *r.InstanceID != "count-lines" || r.RunHint != "nightly" || r.Source != "terminal-bench" || *r.ExitStatus != "AgentTimeoutError" {
		t.Errorf("instance %s, run %s, source %s, exit %s", *r.InstanceID, r.RunHint, r.Source, *r.ExitStatus)
	}
	for _, want := range []string{`"rewards":{"reward":1.0}`, "3 passed", "AgentTimeoutError"} {
		if !strings.Contains(*r.Claims, want) {
			t.Errorf("claims lack %s: %s", want, *r.Claims)
		}
	}
	if *r.Usage.PromptTokens != 2210 || *r.Usage.CostUSD != 0.0125 || *r.Usage.WallSeconds != 20 {
		t.Errorf("the trajectory's own figures come first: %+v", r.Usage)
	}
	if alone := decode(t, format.Document{URI: "run/x.json", Data: s.Data})[0]; *alone.InstanceID != "4c7e2a90" || alone.Claims != nil {
		t.Errorf("%+v", alone)
	}
}

func TestSubagentsHaveAParent(t *testing.T) {
	recs := decode(t, format.Document{URI: "run/x.json", Data: samples(t)[1].Data})
	if len(recs) != 2 || recs[0].ParentID != nil || *recs[1].ParentID != "t-88" || *recs[1].InstanceID != "t-88-1" {
		t.Fatalf("%d records", len(recs))
	}
	m := recs[0].Messages
	if m[1].Kind != pipeline.KindIssue || m[3].Kind != pipeline.KindInterrupt || m[2].Mask == nil || *m[2].Mask || *m[5].Name != "Read" || *m[7].ToolCallID != "toolu_99" {
		t.Errorf("%+v", m)
	}
}
