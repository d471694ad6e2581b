package rows

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// record reads a row that has no dialogue of its own.
func record(doc string, src format.Document, messages ...pipeline.Message) (*format.Record, error) {
	s := jsonscan.New([]byte(doc))
	var r Row
	for key := range s.Fields() {
		r.Note(s, key)
	}
	s.End()
	return r.Record(s, src, "test", messages)
}

func mustRecord(t *testing.T, doc string, src format.Document, messages ...pipeline.Message) *format.Record {
	t.Helper()
	r, err := record(doc, src, messages...)
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return r
}

func said(role pipeline.Role, text string) pipeline.Message {
	return pipeline.Message{Role: role, Content: &text}
}

func TestOfSeveralKeysTheFirstOfTheTableIsRead(t *testing.T) {
	for _, doc := range []string{
		`{"model_name_or_path":"b","metadata":{"model":"c","repo":"x/y"},"model":"a"}`,
		`{"model":"a","model_name_or_path":"b","metadata":{"repo":"x/y","model":"c"}}`,
		`{"metadata":"{\"model\":\"c\",\"repo\":\"x/y\"}","model_name_or_path":"b","model":"a"}`,
	} {
		r := mustRecord(t, doc, format.Document{URI: "a.jsonl"})
		if got := chat.OrEmpty(r.PolicyRaw) + " " + chat.OrEmpty(r.Repo) + " " + chat.OrEmpty(r.Extra); got != `a x/y {"metadata":{"model":"c"},"model_name_or_path":"b"}` {
			t.Errorf("%s: %s", doc, got)
		}
	}
}

func TestInstancesAreNamedByWhatThereIs(t *testing.T) {
	for _, c := range []struct {
		doc  string
		row  int64
		want string
	}{
		{`{"instance_id":"o__r-1","trajectory_id":"o__r-2_run3","id":"x"}`, 7, "o__r-1"},
		{`{"instance_id":7}`, 0, "7"},
		{`{"instance_id":"","id":"x"}`, 0, "x"},
		{`{"trajectory_id":"o__r-2_run3","image":"i:1","id":"x"}`, 7, "o__r-2 run 3"},
		{`{"docker_images":"i:1","id":"x"}`, 7, "i:1"},
		{`{"id":12}`, 7, "12"},
		{`{"traj_id":"t","uuid":"u"}`, 7, "t"},
		{`{"x":1}`, 7, "train#7"},
		{`{"x":1}`, 0, "train"},
	} {
		r := mustRecord(t, c.doc, format.Document{URI: "data/train.jsonl", Row: c.row})
		got := *r.InstanceID
		if r.Rollout != nil {
			got += fmt.Sprintf(" run %d", *r.Rollout)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.doc, got, c.want)
		}
	}
}

func TestAPatchOfTheTaskIsNotTheAttempts(t *testing.T) {
	for doc, want := range map[string]string{
		`{"patch":"p"}`:                                         "p",
		`{"patch":"p","test_patch":"t"}`:                        "",
		`{"patch":"p","FAIL_TO_PASS":[]}`:                       "",
		`{"patch":"p","test_patch":null}`:                       "p",
		`{"patch":"p","model_patch":"m","test_patch":"t"}`:      "m",
		`{"patch":"p","test_result":{"git_patch":"\r\n\ng\n"}}`: "p",
		`{"test_result":{"git_patch":"\r\n\ng\n"}}`:             "g\n",
	} {
		r := mustRecord(t, doc, format.Document{URI: "a.jsonl"})
		if got := chat.OrEmpty(r.Patch); got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
		if strings.Contains(doc, `"t"`) && !strings.Contains(chat.OrEmpty(r.Extra), `"patch":"p"`) {
			t.Errorf("%s: the task's patch is lost: %v", doc, chat.OrEmpty(r.Extra))
		}
	}
}

func TestKnownSets(t *testing.T) {
	for _, c := range []struct{ doc, uri, want string }{
		{`{"instance_id":"a","run_id":"gpt-4o_maxiter_30_N","messages":[],"test_result":{}}`, "x", "openhands swe-gym gpt-4o"},
		{`{"messages":[]}`, "SWE-Gym/OpenHands-SFT-Trajectories/data/train.parquet", "openhands swe-gym "},
		{`{"messages":[],"docker_images":"namanjain12/x","rewards":1}`, "x", "r2e-gym r2e-gym "},
		{`{"trajectory_id":"t","instance_id":"a","trajectory":[],"model_patch":"","exit_status":"submit","resolved":1}`, "x", "openhands swe-rebench " + qwenCoder},
		{`{"trajectory_id":"t","instance_id":"a","trajectory":[],"model_patch":"","dataset":"SWE-Gym/SWE-Gym-Raw","repo":"o/r"}`, "x", "openhands swe-gym " + qwenCoder},
		{`{"trajectory_id":"t_run1","finish_reason":"stop","image":"i","messages":"[]","reward":1}`, "x", "openhands  "},
		{`{"messages":[],"instance_id":"a","model":"m","traj_id":"t","patch":""}`, "x", "swe-agent swe-smith m"},
		{`{"trajectory_id":"t","instance_id":"a","messages":[],"hf_dataset_name":"nebius/SWE-rebench-V2"}`, "traces/sweagent/minimax_m25/x.parquet", "swe-agent swe-rebench-v2 MiniMax-M2.5"},
		{`{"messages":[],"scaffold":"SWE_Agent","data_source":"org/My_Tasks"}`, "x", "swe-agent my-tasks "},
		{`{"messages":[],"source":"swe-gym","dataset":"org/First"}`, "x", "unknown first "},
		{`{"messages":[],"source":"SWE-Gym","policy":"p"}`, "x", "unknown swe-gym p"},
		{`{"messages":[],"agent":"Home-Made"}`, "x", "home-made  "},
		{`{"messages":[]}`, "x", "unknown  "},
		{`{"messages":[],"model":" ","model_name":"n"}`, "x", "unknown  n"},
	} {
		r := mustRecord(t, c.doc, format.Document{URI: c.uri})
		if got := r.Scaffold + " " + r.Source + " " + chat.OrEmpty(r.PolicyRaw); got != c.want {
			t.Errorf("%s: %q, want %q", c.doc, got, c.want)
		}
	}
}

func TestConfigurationsLeaveTheirCredentials(t *testing.T) {
	r := mustRecord(t, `{"metadata":{"llm_config":{"model":"m","api_key":"secret","temperature":0.5},"seed":7},"config":{"token":"secret"},"top_p":[1]}`, format.Document{URI: "a.json"})
	if got := chat.OrEmpty(r.PolicyRaw) + chat.OrEmpty(r.Sampling) + chat.OrEmpty(r.Extra); got != `m{"seed":7,"temperature":0.5}{"top_p":[1]}` {
		t.Error(got)
	}
}

func TestAVerdictIsAClaimAndNoMessage(t *testing.T) {
	r := mustRecord(t, `{"resolved":false}`, format.Document{URI: "a.json"}, said(pipeline.RoleUser, "judge it"), said(pipeline.RoleAssistant, " <judgement>Yes</judgement>\n"))
	if len(r.Messages) != 1 || *r.Usage.Turns != 0 || *r.Claims != `{"resolved":false,"verdict":" \u003cjudgement\u003eYes\u003c/judgement\u003e\n"}` {
		t.Errorf("%d messages, claims %s", len(r.Messages), chat.OrEmpty(r.Claims))
	}
}

func TestNestedClaimsDoNotOverruleTheRows(t *testing.T) {
	r := mustRecord(t, `{"test_result":{"resolved":false,"report":{"resolved":true}},"resolved":true,"commit":"main"}`, format.Document{URI: "a.json"})
	if got := *r.Claims + *r.Extra; got != `{"report":{"resolved":true},"resolved":true}{"commit":"main","test_result":{"resolved":false}}` {
		t.Error(got)
	}
}

func TestToolsInEveryForm(t *testing.T) {
	for doc, want := range map[string]string{
		`{"tools":[{"a": 1}, {"b":2}]}`:       `[{"a": 1},{"b":2}]`,
		`{"tools":["{\"a\":1}","{\"b\":2}"]}`: `[{"a":1},{"b":2}]`,
		`{"tools":"[{\"a\":1}]"}`:             `[{"a":1}]`,
		`{"tools":"none"}`:                    "",
		`{"tools":[{"a":NaN}]}`:               "",
		`{"tools":null}`:                      "",
		`{"tools":["bash"]}`:                  `["bash"]`,
	} {
		r := mustRecord(t, doc, format.Document{URI: "a.json"})
		if got := chat.OrEmpty(r.Tools); got != want {
			t.Errorf("%s: %s, want %s", doc, got, want)
		}
		if want == "" && !strings.Contains(doc, "null") && r.Extra == nil {
			t.Errorf("%s: neither schemas nor kept", doc)
		}
	}
}

func TestRowsAreBoundedAndNotAmbiguous(t *testing.T) {
	if _, err := record(`{"id":1,"id":1}`, format.Document{}); !errors.Is(err, jsonscan.ErrDuplicate) {
		t.Error(err)
	}
	if _, err := record(`{"metadata":{"a":1,"a":2}}`, format.Document{}); !errors.Is(err, jsonscan.ErrDuplicate) {
		t.Error(err)
	}
	var b strings.Builder
	for i := range maxFields {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	if _, err := record(`{`+strings.TrimSuffix(b.String(), ",")+`}`, format.Document{}); err != nil {
		t.Error(err)
	}
	if _, err := record(`{`+b.String()+`"z":1}`, format.Document{}); !errors.Is(err, errFields) {
		t.Error(err)
	}
}

func TestEveryKeyHasOnePlace(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range columns {
		for _, key := range c.keys {
			if seen[key] {
				t.Errorf("%s stands twice in the table", key)
			}
			seen[key] = true
		}
	}
	for i := range datasets {
		if (len(datasets[i].keys) == 0) == (datasets[i].path == "") {
			t.Errorf("%s is recognised by its keys or its path", datasets[i].name)
		}
	}
}
