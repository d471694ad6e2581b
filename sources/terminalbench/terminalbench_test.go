package terminalbench_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/sourcetest"
	"github.com/swerm/swerm/sources/terminalbench"
)

var update = flag.Bool("update", false, "rewrite golden files")

const run = `{"run_id":"nightly","agent_name":"terminus","model_name":"anthropic/claude-sonnet-4","dataset_name":"terminal-bench-core","dataset_version":"0.1.1","agent_kwargs":{"api_key":"secret"}}`

func samples(t testing.TB) []sourcetest.Sample {
	all := sourcetest.Files(t, "testdata/*.json", "tb/nightly/task/trial")
	all[0].URI = "tb/nightly/fix-git/fix-git.1-of-1/results.json"
	all[0].Beside = map[string][]byte{
		"../../run_metadata.json":            []byte(run),
		"agent-logs/episode-0/prompt.txt":    []byte("You are in a terminal.\nInstruction: Merge my lost commits.\nroot@box:/app#"),
		"agent-logs/episode-0/response.txt":  []byte(`{"commands":[{"keystrokes":"git reflog\n"}]}`),
		"agent-logs/episode-1/prompt.txt":    []byte("New Terminal Output:\nmerged\n"),
		"agent-logs/episode-1/response.json": []byte(`{"is_task_complete":true}`),
		"agent-logs/episode-2/prompt.txt":    []byte("Are you sure?"),
		"agent-logs/episode-2/response.txt":  []byte("yes"),
		"sessions/agent.log":                 []byte("not read where the agent has a log"),
		"panes/post-test.txt":                []byte("running tests\n"),
	}
	all[1].URI = "tb/nightly/hello-world/hello-world.2-of-5.2025-07-01__10-00-00/results.json"
	all[1].Beside = map[string][]byte{
		"commands.txt": []byte("['asciinema rec --stdin /logs/agent.cast', 'Enter']\n['echo \"Hello\" > hello.txt', 'Enter']\n" +
			"[\"it's\", 'C-c']\nnot a list\n['bash /tests/run-tests.sh; tmux wait -S done', 'Enter']\n"),
		"sessions/agent.log":  []byte("root@box:/app# \x1b[1mecho\x1b[0m \"Hello\" > hello.txt\n"),
		"sessions/tests.log":  []byte("\x1b[32m2 passed\x1b[0m\n"),
		"panes/post-test.txt": []byte("2 passed\n"),
	}
	return all
}

func TestContract(t *testing.T) { sourcetest.Run(t, terminalbench.Format{}, samples(t)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, terminalbench.Format{}, samples(t), *update) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, terminalbench.Format{}, samples(f)) }

func TestTheTestsAreNoAction(t *testing.T) {
	s := samples(t)[1]
	for r, err := range (terminalbench.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data, Neighbor: func(n string) []byte { return s.Beside[n] }}) {
		if err != nil {
			t.Fatal(err)
		}
		if *r.Usage.Turns != 3 || *r.Rollout != 2 || r.RunHint != "nightly" || *r.Usage.WallSeconds != 300.25 {
			t.Errorf("%+v, run %s", r.Usage, r.RunHint)
		}
		for _, m := range r.Messages {
			if strings.Contains(text(&m), "run-tests") || strings.Contains(text(&m), "asciinema") {
				t.Errorf("%+v", m)
			}
		}
	}
}

func text(m *pipeline.Message) string {
	all := ""
	if m.Content != nil {
		all = *m.Content
	}
	for _, c := range m.ToolCalls {
		all += c.Arguments
	}
	return all
}

func TestSecretsStayBehind(t *testing.T) {
	s := samples(t)[0]
	for r := range (terminalbench.Format{}).Decode(format.Document{URI: s.URI, Data: s.Data, Neighbor: func(n string) []byte { return s.Beside[n] }}) {
		if strings.Contains(string(sourcetest.Render([]*format.Record{r})), "secret") {
			t.Error("a credential of the run's settings came through")
		}
	}
}

func TestListsOfRunsAreNoTrials(t *testing.T) {
	for _, doc := range []string{`{"results":[{"is_resolved":true,"task_id":"a"}],"accuracy":0.5,"resolved_ids":["a"]}`, `{"task_id":"a","instruction":"b"}`} {
		if (terminalbench.Format{}).Detect(format.ShapeOf([]byte(doc))) {
			t.Error(doc)
		}
	}
}
