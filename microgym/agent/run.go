package agent

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/shell"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

// A Menu is a task with the fixes that runs choose their attempts from.
// Preparing it costs more than a run, so runs at one task share it. It is safe
// for concurrent use.
type Menu struct {
	task  *task.Task
	seed  uint64
	right []task.Fix
	wrong []task.Fix
	fools []bool // by wrong fix: the issue's example gives what is wanted
}

// fooled is the weight of a wrong fix with which the issue's example works,
// beside 1: careful people stop at such fixes, careless ones pass them by, and
// a world full of them would have nothing to read but code.
const fooled = 0.4

// Prepare draws the menu of a task. It depends on the task and the seed alone.
func Prepare(ctx context.Context, t *task.Task, seed uint64) (*Menu, error) {
	fixes, err := t.Fixes(ctx, stream(seed, t.InstanceID, "menu", 0))
	if err != nil {
		return nil, fmt.Errorf("agent: %s: fixes: %w", t.InstanceID, err)
	}
	m := &Menu{task: t, seed: seed}
	for _, f := range fixes {
		if f.Right {
			m.right = append(m.right, f)
		} else {
			m.wrong = append(m.wrong, f)
		}
	}
	if len(m.right) == 0 || len(m.wrong) == 0 {
		return nil, fmt.Errorf("agent: %s: the menu has %d right and %d wrong fixes", t.InstanceID, len(m.right), len(m.wrong))
	}
	return m, m.seeFools(ctx)
}

// seeFools runs the issue's example with every wrong fix.
func (m *Menu) seeFools(ctx context.Context) error {
	preamble := strings.Join(loads(m.task.Files, m.task.Symptom.Call), "\n")
	m.fools = make([]bool, len(m.wrong))
	for i, f := range m.wrong {
		files := maps.Clone(m.task.Files)
		maps.Copy(files, f.Files)
		v, err := harness.Eval(ctx, files, preamble, []string{m.task.Symptom.Call}, harness.Limits{})
		if err != nil {
			return fmt.Errorf("agent: %s: example: %w", m.task.InstanceID, err)
		}
		m.fools[i] = v[0].Err == "" && v[0].Repr == m.task.Symptom.Want
	}
	return nil
}

// Run lets a policy attempt a task. Equal arguments give equal episodes.
func Run(ctx context.Context, t *task.Task, p Policy, seed uint64, rollout int) (*Episode, error) {
	m, err := Prepare(ctx, t, seed)
	if err != nil {
		return nil, err
	}
	return m.Run(ctx, p, rollout)
}

// stream is the random stream of a name.
func stream(seed uint64, instance, name string, rollout int) *rand.Rand {
	h := sha256.New()
	fmt.Fprintf(h, "microgym agent 1\n%d\n%s\n%s\n%d\n", seed, instance, name, rollout)
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}

// An episode is a run under way.
type episode struct {
	r      *rand.Rand
	task   *task.Task
	policy Policy
	plan   plan
	tries  []task.Fix // by attempt
	ex     example
	suite  string // how it runs tests in a shell
	ws     *shell.Workspace

	messages []pipeline.Message
	turns    int
	text     int // bytes of messages
	edited   int // attempts so far
	facts    Facts
}

// Run lets a policy attempt the menu's task.
func (m *Menu) Run(ctx context.Context, p Policy, rollout int) (*Episode, error) {
	r := stream(m.seed, m.task.InstanceID, p.Name, rollout)
	e := &episode{r: r, task: m.task, policy: p, plan: p.habits.draw(r), ws: shell.New(maps.Clone(m.task.Files))}
	e.tries = m.choose(r, e.plan.attempts, p.habits.wrong)
	e.ex = newExample(r, m.task, p.Scaffold == Shell)
	e.suite = oneOf(r, suites)
	e.facts = Facts{Style: p.Style, Budget: e.plan.budget, LastVisible: None, LastRepro: None}
	e.open()
	for _, s := range e.plan.steps {
		if e.facts.ExitStatus != "" {
			break
		}
		if err := e.step(ctx, s); err != nil {
			return nil, fmt.Errorf("agent: %s: %s: rollout %d: turn %d: %w", m.task.InstanceID, p.Name, rollout, e.turns, err)
		}
	}
	return e.close(m.seed, rollout)
}

// choose picks a fix for every attempt, no two alike in a row where there is a
// choice, short ones more often: right and wrong ones are of like size.
func (m *Menu) choose(r *rand.Rand, right []bool, weight map[task.FixKind]float64) []task.Fix {
	out := make([]task.Fix, len(right))
	for k, ok := range right {
		list := m.wrong
		if ok {
			list = m.right
		}
		weights := make([]float64, len(list))
		for i, f := range list {
			lines := float64(3 + strings.Count(f.Old, "\n") + strings.Count(f.New, "\n"))
			weights[i] = 1 / (lines * lines * lines)
			if w, known := weight[f.Kind]; known && !ok {
				weights[i] *= w
			}
			if !ok && m.fools[i] {
				weights[i] *= fooled
			}
			if k > 0 && len(list) > 1 && maps.Equal(f.Files, out[k-1].Files) {
				weights[i] = 0
			}
		}
		out[k] = list[pick(r, weights)]
	}
	return out
}

func (e *episode) say(m pipeline.Message) {
	e.messages = append(e.messages, m)
	e.text += len(*m.Content)
	for _, c := range m.ToolCalls {
		e.text += len(c.Name) + len(c.Arguments)
	}
}

// open writes the system prompt and the issue.
func (e *episode) open() {
	system, issue := systemShell, e.task.ProblemStatement
	if e.policy.Scaffold == Tools {
		system = systemTools
	}
	e.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: &system})
	e.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: &issue})
}

// maxText is how many bytes of text end a run, as a full context would. With
// the longest turn that can follow, a transcript stays below 6 KB.
const maxText = 4400

// spent ends the run where no turn is left, or no room.
func (e *episode) spent() bool {
	if e.turns >= e.plan.budget || e.text > maxText {
		e.facts.ExitStatus = Limit
		return true
	}
	return false
}

// close makes the record of a run that has ended.
func (e *episode) close(seed uint64, rollout int) (*Episode, error) {
	if e.facts.ExitStatus == "" {
		e.facts.ExitStatus = Limit
	}
	e.facts.Turns = e.turns
	status := e.facts.ExitStatus
	e.say(pipeline.Message{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: &status})
	sampling, err := json.Marshal(struct {
		Style     Style   `json:"style"`
		Skill     float64 `json:"skill"`
		Verbosity int     `json:"verbosity"`
		Budget    int     `json:"budget"`
	}{e.policy.Style, e.plan.skill, e.plan.verbosity, e.plan.budget})
	if err != nil {
		return nil, err
	}
	t := e.task
	instance, repo, base, run, language := t.InstanceID, t.Repo, t.BaseCommit, fmt.Sprintf("seed-%d", seed), "starlark"
	policy, settings, patch := e.policy.Name, string(sampling), e.ws.Diff()
	number, turns := int32(rollout), int32(e.turns)
	tr := pipeline.Trajectory{
		InstanceID: &instance, Repo: &repo, BaseCommit: &base, TaskID: instance,
		Source: task.Source, Policy: policy, PolicyRaw: &policy, Scaffold: "microgym-" + e.policy.Scaffold,
		Run: &run, Rollout: &number, Language: &language, Sampling: &settings,
		Messages: e.messages, Patch: &patch, ExitStatus: &status, Usage: pipeline.Usage{Turns: &turns},
	}
	if e.policy.Scaffold == Tools {
		schemas := shell.ToolSchemas()
		tr.Tools = &schemas
	}
	return &Episode{Trajectory: tr, Facts: e.facts, Final: e.ws.Files()}, nil
}

// codePaths lists the files that are not tests, in order.
func codePaths(files map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(p string) bool {
		return strings.HasPrefix(p, "tests/") || !strings.HasSuffix(p, ".star")
	})
}
