package planted

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Options says what is planted. Equal options give equal files.
type Options struct {
	Tasks    int     `json:"tasks" yaml:"tasks"`       // different instances
	Rollouts int     `json:"rollouts" yaml:"rollouts"` // attempts of each policy at each
	Noise    float64 `json:"noise" yaml:"noise"`       // share of attempts whose last check misleads
	Seed     uint64  `json:"seed" yaml:"seed"`
}

// The policies that pretend to act, with the share of attempts that succeed.
var policies = []struct {
	name    string
	success float64
}{
	{"planted/steady", 0.55},
	{"planted/hasty", 0.35},
}

var (
	repos = []string{"acme__ledger", "acme__parser", "globex__router", "globex__units", "initech__forms", "initech__queue"}
	nouns = []string{"total", "price", "offset", "index", "window", "ratio", "weight", "limit"}
	files = []string{"core.py", "convert.py", "report.py", "cache.py"}
)

// A File is one planted file.
type File struct {
	Path string
	Data []byte
}

// Attempt writes the run and the report of one attempt. Its random stream
// depends on the seed, the task, the policy and the rollout alone.
func (o Options) Attempt(task, policy, rollout int) ([]File, error) {
	r := rand.New(rand.NewPCG(o.Seed, uint64(task)<<32|uint64(policy)<<16|uint64(rollout)))
	instance := fmt.Sprintf("%s-%d", repos[task%len(repos)], 100+task)
	a := attempt{r: r, instance: instance, noun: nouns[r.IntN(len(nouns))], file: files[r.IntN(len(files))]}
	a.resolved = r.Float64() < policies[policy].success
	a.shown = a.resolved != (r.Float64() < o.Noise)
	run := fmt.Sprintf("%s-%d", strings.ReplaceAll(policies[policy].name, "/", "-"), rollout)
	traj, err := encode(a.trajectory(policies[policy].name))
	if err != nil {
		return nil, err
	}
	report, err := encode(map[string]any{instance: a.report()})
	if err != nil {
		return nil, err
	}
	dir := run + "/" + instance + "/"
	return []File{{dir + instance + ".traj.json", traj}, {dir + "report.json", report}}, nil
}

// attempt is one pretended run.
type attempt struct {
	r               *rand.Rand
	instance        string
	noun, file      string
	resolved, shown bool
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (a *attempt) trajectory(policy string) map[string]any {
	messages := []message{
		{"system", "You are a developer with a shell. Answer with one command in a bash block."},
		{"user", fmt.Sprintf("The %s is wrong when the list is empty. Mend it in %s.", a.noun, a.file)},
	}
	say := func(thought, command, output string, code int) {
		messages = append(messages,
			message{"assistant", fmt.Sprintf("%s\n\n```bash\n%s\n```", thought, command)},
			message{"user", fmt.Sprintf("<returncode>%d</returncode>\n<output>\n%s</output>", code, output)})
	}
	for i := range 1 + a.r.IntN(3) {
		say(fmt.Sprintf("Step %d: look at the code.", i+1), fmt.Sprintf("sed -n %d,%dp %s", 10*i+1, 10*i+10, a.file), a.listing(), 0)
	}
	say("Now the change.", fmt.Sprintf("apply_edit %s", a.file), "", 0)
	if a.shown {
		say("Check it.", "python check.py", fmt.Sprintf("check %s: all good\n", a.noun), 0)
	} else {
		say("Check it.", "python check.py", fmt.Sprintf("check %s: mismatch on empty\n", a.noun), 1)
	}
	for range a.r.IntN(2) {
		say("Tidy up.", "git status --short", " M "+a.file+"\n", 0)
	}
	patch := a.patch()
	messages = append(messages,
		message{"assistant", "Done.\n\n```bash\necho COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff\n```"},
		message{"user", patch})
	status := []string{"Submitted", "Submitted", "Submitted", "LimitsExceeded"}[a.r.IntN(4)]
	return map[string]any{
		"info": map[string]any{
			"exit_status": status, "submission": patch, "mini_version": "1.0.0",
			"model_stats": map[string]any{"instance_cost": 0.01 * float64(len(messages)), "api_calls": len(messages) / 2},
			"config":      map[string]any{"model": map[string]any{"model_name": policy}},
		},
		"messages":          messages,
		"trajectory_format": "mini-swe-agent-1",
		"instance_id":       a.instance,
	}
}

func (a *attempt) listing() string {
	var b strings.Builder
	for range 1 + a.r.IntN(3) {
		fmt.Fprintf(&b, "    %s = %s[%d] + %d\n", nouns[a.r.IntN(len(nouns))], nouns[a.r.IntN(len(nouns))], a.r.IntN(9), a.r.IntN(99))
	}
	return b.String()
}

func (a *attempt) patch() string {
	return fmt.Sprintf("diff --git a/%[1]s b/%[1]s\n--- a/%[1]s\n+++ b/%[1]s\n@@ -%[2]d +%[2]d @@\n-    return %[3]s[0]\n+    return %[3]s[0] if %[3]s else %[4]d\n",
		a.file, 1+a.r.IntN(200), a.noun, a.r.IntN(3))
}

func (a *attempt) report() map[string]any {
	outcome := func(ok bool) map[string]any {
		if ok {
			return map[string]any{"success": []string{"test_empty"}, "failure": []string{}}
		}
		return map[string]any{"success": []string{}, "failure": []string{"test_empty"}}
	}
	return map[string]any{
		"patch_is_None": false, "patch_exists": true, "patch_successfully_applied": true, "resolved": a.resolved,
		"tests_status": map[string]any{
			"FAIL_TO_PASS": outcome(a.resolved),
			"PASS_TO_PASS": map[string]any{"success": []string{"test_one", "test_many"}, "failure": []string{}},
		},
	}
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
