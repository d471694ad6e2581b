package openhands_test

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/openhands"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// samples are rows and lists of events, in which calls and tools are kept as
// they are.
func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	all := sourcetest.Files(t, "testdata/*.json", "runs/nightly")
	for _, s := range sourcetest.Files(t, "testdata/*.jsonl", "runs/nightly") {
		s.Lines = true
		all = append(all, s)
	}
	for i := range all {
		all[i].OpenKeys = []string{"tools", "outputs", "inputs"}
	}
	return all
}

func sessions(t testing.TB) []sourcetest.Sample {
	t.Helper()
	all := sourcetest.Files(t, "testdata/conversation/*.json", "runs/octo__cat-7")
	all[0].Name, all[0].Beside = "conversation", map[string][]byte{}
	for _, e := range sourcetest.Files(t, "testdata/conversation/events/*.json", "") {
		all[0].Beside["events/"+e.Name] = e.Data
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, openhands.Format{}, samples(t)) }

func TestConversationContract(t *testing.T) {
	sourcetest.Run(t, openhands.Conversation{}, sessions(t))
}

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, openhands.Format{}, samples(f)) }

func FuzzConversation(f *testing.F) { sourcetest.Fuzz(f, openhands.Conversation{}, sessions(f)) }

func TestGolden(t *testing.T) {
	sourcetest.Golden(t, openhands.Format{}, samples(t), *update)
	sourcetest.Golden(t, openhands.Conversation{}, sessions(t), *update)
}

func record(t *testing.T, doc string) *format.Record {
	t.Helper()
	for r, err := range (openhands.Format{}).Decode(format.Document{URI: "run-1/output.jsonl", Data: []byte(doc)}) {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatal("no record")
	return nil
}

// An event of one folder that is broken ends the conversation and is named.
func TestABrokenEventIsNamed(t *testing.T) {
	s := sessions(t)[0]
	for name := range s.Beside {
		if strings.Contains(name, "00003") {
			s.Beside[name] = s.Beside[name][:50]
			for _, err := range (openhands.Conversation{}).Decode(s.Document(s.Data)) {
				if err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("%v", err)
				}
			}
			return
		}
	}
	t.Fatal("no such event")
}

func TestCredentialsStayBehind(t *testing.T) {
	for _, s := range sessions(t) {
		for r := range (openhands.Conversation{}).Decode(s.Document(s.Data)) {
			if strings.Contains(string(sourcetest.Render([]*format.Record{r})), "hush") {
				t.Error("a secret came through")
			}
		}
	}
}

func TestDetects(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"history":[{"action":"message","args":{}}]}`:                                                             true,
		`{"instance_id":"x","history":[[{"action":"message"},{}]],"test_result":{"git_patch":""}}`:                 true,
		`{"instance_id":"x","history":null,"test_result":{"git_patch":""},"metadata":{"agent_class":"C"}}`:         true,
		`{"instance_id":"x","history":[{"kind":"MessageEvent","source":"user","timestamp":"t","llm_message":{}}]}`: true,
		`{"trajectory":[{"id":0,"source":"user","action":"message","args":{}}]}`:                                   true,
		`[{"id":0,"source":"environment","observation":"null","extras":{}}]`:                                       true,
		`{"trajectory":[{"action":"ls","observation":"x","response":"y"}],"history":[{"role":"user"}]}`:            false,
		`{"trajectory":[{"action":"ls","observation":"x","thought":"y"}]}`:                                         false,
		`{"instance_id":"x","messages":[{"role":"user"}],"test_result":{"git_patch":""}}`:                          false,
		`{"instance_id":"x","model_patch":"d"}`:                                                                    false,
		`[{"role":"user","content":"x"}]`:                                                                          false,
		`{"id":0,"source":"user","action":"message","args":{}}`:                                                    false,
		`{"resolved":true}`: false,
	} {
		if got := (openhands.Format{}).Detect(format.ShapeOf([]byte(doc))); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
}

func TestDetectsFilesOfEvents(t *testing.T) {
	for line, want := range map[string]bool{
		`{"kind":"MessageEvent","source":"user","timestamp":"t","llm_message":{}}`: true,
		`{"id":0,"source":"user","action":"message","args":{}}`:                    true,
		`{"instance_id":"x","history":[{"action":"message","args":{}}]}`:           false,
		`{"kind":"request","source":"proxy","timestamp":"t"}`:                      false,
		`{"type":"user","message":{"role":"user"},"timestamp":"t"}`:                false,
	} {
		sh := format.ShapeOf([]byte(line))
		sh.Lines = true
		if got := (openhands.Format{}).Detect(sh); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

// A row of an evaluation that failed before the policy acted says why.
func TestErrorsAreTheExitStatus(t *testing.T) {
	r := record(t, `{"instance_id":"o__r-1","history":null,"instruction":"Fix it.","error":"RuntimeError: `+strings.Repeat("é", 300)+`\nmore","test_result":{}}`)
	last := r.Messages[len(r.Messages)-1]
	if len(*r.ExitStatus) > 256 || !utf8.ValidString(*r.ExitStatus) || !strings.HasPrefix(*r.ExitStatus, "RuntimeError: ") || last.Role != pipeline.RoleExit || *r.Usage.Turns != 0 {
		t.Errorf("%q %+v", *r.ExitStatus, last)
	}
}

// A reply with several calls becomes several actions and is one turn; a provider
// that gives all its replies one id has made as many turns as replies.
func TestRepliesAreTurns(t *testing.T) {
	calls := func(ids ...string) string {
		var all []string
		for _, id := range ids {
			all = append(all, `{"id":"`+id+`","function":{"name":"f","arguments":"{}"}}`)
		}
		return `,"tool_call_metadata":{"tool_call_id":"` + ids[0] + `","model_response":{"id":"same","choices":[{"message":{"role":"assistant","content":"` +
			ids[0] + `","tool_calls":[` + strings.Join(all, ",") + `]}}]}}}`
	}
	second := strings.Replace(calls("t1", "t2"), `"tool_call_id":"t1"`, `"tool_call_id":"t2"`, 1)
	r := record(t, `{"history":[{"action":"run","args":{}`+calls("t1", "t2")+`,{"observation":"run","content":"1","extras":{}`+calls("t1", "t2")+
		`,{"action":"run","args":{}`+second+`,{"action":"run","args":{}`+calls("t3")+`,{"action":"run","args":{}`+calls("t3")+`]}`)
	var turns []int
	for _, m := range r.Messages {
		if m.Kind == pipeline.KindAction {
			turns = append(turns, len(m.ToolCalls))
		}
	}
	if !slices.Equal(turns, []int{2, 1, 1}) {
		t.Errorf("turns of %v calls", turns)
	}
}

// An action whose reply does not hold its call has it from its args.
func TestACallThatTheReplyDoesNotHold(t *testing.T) {
	r := record(t, `{"history":[{"action":"mcp","args":{"name":"x","arguments":{"k":1}},"tool_call_metadata":{"tool_call_id":"t9","function_name":"f",
	  "model_response":{"id":"r","choices":[{"message":{"role":"assistant","content":"c"}}]}}}]}`)
	if c := r.Messages[0].ToolCalls; len(c) != 1 || c[0].Name != "f" || c[0].Arguments != `{"arguments":{"k":1},"name":"x"}` {
		t.Errorf("%+v", c)
	}
}

func TestPatchesThatDifferAreKept(t *testing.T) {
	r := record(t, `{"instance_id":"x","model_patch":"c","model_name_or_path":"m","git_patch":"a","test_result":{"git_patch":"a"},"history":[]}`)
	if *r.Patch != "a" || *r.Extra != `{"model_name_or_path":"m","model_patch":"c"}` || *r.PolicyRaw != "m" {
		t.Errorf("%s %s", *r.Patch, *r.Extra)
	}
}

func TestAnInstructionStandsInFront(t *testing.T) {
	r := record(t, `{"instance_id":"x","instruction":"Fix it.","history":[{"source":"agent","action":"finish","args":{"outputs":{}}}]}`)
	if len(r.Messages) != 2 || r.Messages[0].Kind != pipeline.KindIssue || r.Messages[1].Kind != pipeline.KindAction {
		t.Errorf("%+v", r.Messages)
	}
}
