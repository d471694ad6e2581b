package r2egym_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/r2egym"
	"github.com/swerm/swerm/sources/sourcetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func samples(t testing.TB) []sourcetest.Sample {
	t.Helper()
	return sourcetest.Files(t, "testdata/*.json", "traj")
}

func TestContract(t *testing.T) { sourcetest.Run(t, r2egym.Format{}, samples(t)) }

func FuzzDecode(f *testing.F) { sourcetest.Fuzz(f, r2egym.Format{}, samples(f)) }

func TestGolden(t *testing.T) { sourcetest.Golden(t, r2egym.Format{}, samples(t), *update) }

func record(t *testing.T, doc string) *format.Record {
	t.Helper()
	for r, err := range (r2egym.Format{}).Decode(format.Document{URI: "traj/small-agent.jsonl", Row: 7, Data: []byte(doc)}) {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatal("no record")
	return nil
}

func TestARewardWithoutTestsIsNone(t *testing.T) {
	for output, want := range map[string]string{
		`"PASSED test_a"`:                                 `"reward":0`,
		`"[ENV_EXCEPTION]\\nImageNotFound"`:               `"reward_without_tests":0`,
		`"[EXCEPTION]\\nx"`:                               `"reward_without_tests":0`,
		`"The command took too long to execute (>300s)"`:  `"reward_without_tests":0`,
		`"FAILED test_a: [EXCEPTION] is what it printed"`: `"reward":0`,
	} {
		r := record(t, `{"trajectory_steps":[],"problem_statement":"x","exit_reason":"agent","reward":0.0,"test_output":`+output+`}`)
		if !strings.Contains(*r.Claims, want) {
			t.Errorf("%s: %s", output, *r.Claims)
		}
	}
	if r := record(t, `{"trajectory_steps":[],"problem_statement":"x","exit_reason":"agent","reward":null}`); r.Claims != nil {
		t.Error(*r.Claims)
	}
}

func TestInstances(t *testing.T) {
	for doc, want := range map[string]string{
		`"docker_image":"namanjain12/aiohttp_final:006fbc"`:                                   "aiohttp_final:006fbc",
		`"docker_image":"slimshetty/swebench-verified:sweb.eval.x86_64.django__django-11099"`: "django__django-11099",
		`"docker_image":"swebench/sweb.eval.x86_64.django_1776_django-11099:latest"`:          "django__django-11099",
		`"docker_image":"x","ds":{"instance_id":"o__r-1"}`:                                    "o__r-1",
		`"docker_image":""`: "small-agent#7",
	} {
		if r := record(t, `{"trajectory_steps":[],"problem_statement":"x",`+doc+`}`); *r.InstanceID != want {
			t.Errorf("%s: %s, want %s", doc, *r.InstanceID, want)
		}
	}
}

func TestCredentialsStayBehind(t *testing.T) {
	for _, s := range samples(t) {
		if r := record(t, string(s.Data)); strings.Contains(string(sourcetest.Render([]*format.Record{r})), "hush") {
			t.Errorf("%s: a credential came through", s.Name)
		}
	}
}
