package identity

import "testing"

func TestSpellingsOfOneModelAreOnePolicy(t *testing.T) {
	tables, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"google/gemini-3-pro-preview":                      "gemini-3-pro-preview",
		"@google/gemini-3-pro-preview":                     "gemini-3-pro-preview",
		"openrouter/google/gemini-3-pro-preview":           "gemini-3-pro-preview",
		"deepseek/deepseek-chat":                           "deepseek-chat",
		"openrouter/deepseek/deepseek-chat:free":           "deepseek-chat",
		"anthropic/claude-3-7-sonnet-20250219":             "claude-3-7-sonnet",
		"us.anthropic.claude-3-7-sonnet-20250219-v1:0":     "claude-3-7-sonnet",
		"vertex_ai/claude-3-7-sonnet@20250219":             "claude-3-7-sonnet",
		"Qwen/Qwen3-Coder-480B-A35B-Instruct":              "qwen3-coder-480b-a35b-instruct",
		"fireworks_ai/accounts/fireworks/models/deepseek1": "deepseek1",
		"gpt4":            "gpt-4",
		"/models/run-3/c": "/models/run-3/c",
		"":                Unknown,
		"openai/":         Unknown,
	} {
		if got := tables.Policy(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestTablesAreReadOnTopOfEachOther(t *testing.T) {
	base, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := Parse([]byte("policies:\n  Vendor/X-1: x\nimages:\n  swebench/sweb.eval.x86_64.my: mine\n"))
	if err != nil {
		t.Fatal(err)
	}
	both := base.With(mine)
	if got := both.Policy("Vendor/X-1"); got != "x" {
		t.Errorf("policy %s", got)
	}
	if got := base.Policy("Vendor/X-1"); got != "x-1" {
		t.Errorf("the shipped table changed: %s", got)
	}
	if a, b := both.Source("docker.io/swebench/sweb.eval.x86_64.my"), both.Source("docker.io/swebench/sweb.eval.x86_64.other"); a != "mine" || b != "swe-bench" {
		t.Errorf("sources %s, %s", a, b)
	}
	for _, bad := range []string{"policy: {}", "policies: {a: ''}", "images: {a: ''}"} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestSources(t *testing.T) {
	tables, _ := Shipped()
	for image, want := range map[string]string{
		"docker.io/swebench/sweb.eval.x86_64.sympy_1776_sympy-11618:latest": "swe-bench",
		"sweb.eval.x86_64.sympy_1776_sympy-11618":                           "swe-bench",
		"swesmith.x86_64.pydantic__pydantic.acb0f10f":                       "swe-smith",
		"xingyaoww/sweb.eval.x86_64.getmoto_s_moto-1":                       "swe-gym",
		"ubuntu:24.04": Unknown,
		"":             Unknown,
	} {
		if got := tables.Source(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

func TestTasks(t *testing.T) {
	const sha = "bfd2593d4b416122e30cdefe0c72d322ef471611"
	for _, c := range []struct{ instance, repo, commit, wantRepo, wantTask string }{
		{"sympy__sympy-11618", "", "", "sympy/sympy", "sympy__sympy-11618"},
		{"pvlib__pvlib-python-1154", "", sha, "pvlib/pvlib-python", "pvlib__pvlib-python-1154"},
		{"pydantic__pydantic.acb0f10f.pr_8316", "x/y", sha, "pydantic/pydantic", "pydantic__pydantic.acb0f10f.pr_8316"},
		{"humanevalfix-python-0", "", "", "", "humanevalfix-python-0"},
		{"6e44b9", "Org/Repo", sha, "", "org/repo@" + sha},
	} {
		if got, _ := Repo(c.instance); got != c.wantRepo {
			t.Errorf("%s: repo %s", c.instance, got)
		}
		if got := TaskID(c.instance, c.repo, c.commit); got != c.wantTask {
			t.Errorf("%s: task %s", c.instance, got)
		}
	}
	if base, k := SplitSample("pudo__dataset.5c2dc8d3.func_pm_op__fq79104s.arbkompf_2"); base != "pudo__dataset.5c2dc8d3.func_pm_op__fq79104s" || k == nil || *k != 2 {
		t.Errorf("a run of a mutation: %s %v", base, k)
	}
	for in, want := range map[string]int32{"getmoto__moto-5752_3": 3, "a__b-1": -1, "pydantic__pydantic.acb0f10f.pr_8316": -1} {
		base, k := SplitSample(in)
		if want < 0 && (k != nil || base != in) || want >= 0 && (k == nil || *k != want || base != "getmoto__moto-5752") {
			t.Errorf("%s: %s %v", in, base, k)
		}
	}
}
