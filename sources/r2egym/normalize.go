package r2egym

import (
	"fmt"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is R2E-Gym.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "r2e-gym"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "r2e-gym".
func (Format) Name() string { return Scaffold }

// Detect claims rows with steps and what they began and ended with.
func (Format) Detect(sh format.Shape) bool {
	if sh.Lines || sh.Key("trajectory_steps") == nil {
		return false
	}
	return sh.Has("trajectory_steps", "step_idx") || sh.Key("problem_statement") != nil && (sh.Key("exit_reason") != nil || sh.Key("docker_image") != nil)
}

// Decode reads the run of a row.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		doc := document{claims: chat.Rest{Limit: jsonscan.MaxTextBytes}}
		if doc.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("r2egym: %w", s.Err()))
			return
		}
		r := doc.record(&d)
		r.Repaired = s.Repaired()
		yield(r, nil)
	}
}

func (d *document) record(src *format.Document) *format.Record {
	r := &format.Record{SourceHint: d.image, RunHint: d.experiment}
	if r.RunHint == "" {
		r.RunHint = src.Stem()
	}
	t := &r.Trajectory
	instance := d.instance(src)
	t.InstanceID = &instance
	t.Scaffold = Scaffold
	t.PolicyRaw = chat.NonEmpty(d.agent.policy())
	t.Environment = chat.NonEmpty(d.image)
	t.Repo = chat.NonEmpty(d.task.repo)
	if t.Repo == nil {
		t.Repo = chat.NonEmpty(d.task.repoName)
	}
	if identity.IsCommit(d.task.baseCommit) {
		t.BaseCommit = &d.task.baseCommit
	}
	t.Language, t.CreatedAt, t.License = chat.NonEmpty(d.task.language), chat.NonEmpty(d.task.created), chat.NonEmpty(d.task.license)
	t.Sampling = d.limits.JSON()
	t.Messages = d.messages()
	t.Patch, t.ExitStatus = d.patch, d.exit
	t.Usage = d.usage(t.Messages)
	t.Claims = d.claim()
	if d.task.commit != "" {
		d.rest.Set("commit_hash", d.task.commit)
	}
	if d.experiment != "" {
		d.rest.Set("exp_name", d.experiment)
	}
	if d.agent.model != "" && d.agent.model != d.agent.policy() {
		d.agent.rest.Set("llm_name", d.agent.model)
	}
	d.rest.SetJSON("agent_args", d.agent.rest.JSON())
	t.Extra = d.rest.JSON()
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

// policy is the model's name; "local" is none.
func (a *agent) policy() string {
	if (a.model == "" || a.model == "local") && a.local != "" {
		return a.local
	}
	return a.model
}

// evalImage is how SWE-bench names the image of an instance; _1776_ stands for
// the two underscores that a registry does not take.
var evalImage = regexp.MustCompile(`sweb\.eval\.[a-z0-9_]+\.(.+)$`)

// instance is the task's id, else what the image is named after: a SWE-bench
// instance, or in R2E-Gym's own images project and commit.
func (d *document) instance(src *format.Document) string {
	if d.task.instance != "" {
		return d.task.instance
	}
	name := path.Base(d.image)
	if m := evalImage.FindStringSubmatch(name); m != nil {
		id, _, _ := strings.Cut(m[1], ":")
		return strings.Replace(id, "_1776_", "__", 1)
	}
	if d.image != "" {
		return name
	}
	return fmt.Sprintf("%s#%d", src.Stem(), src.Row)
}

func (d *document) messages() []pipeline.Message {
	var all []pipeline.Message
	if d.agent.system != nil {
		all = append(all, pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: d.agent.system})
	}
	if d.problem != nil {
		all = append(all, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: d.problem})
	}
	for i := range d.steps {
		all = append(all, d.steps[i].turn())
		if o := d.steps[i].observation; o != nil {
			all = append(all, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: o, ReturnCode: returnCode(*o)})
		}
	}
	return all
}

// turn is what the policy wrote. Thought and action are made from it; where it is
// not recorded they are what there is, one below the other as it wrote them.
func (st *step) turn() pipeline.Message {
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Reasoning: st.reasoning, Reward: st.reward}
	if st.said != nil && (chat.OrEmpty(st.said.Content) != "" || len(st.said.ToolCalls) > 0) {
		m.Content, m.ToolCalls = st.said.Content, st.said.ToolCalls
		if m.Reasoning == nil {
			m.Reasoning = st.said.Reasoning
		}
		st.keep("thought", st.thought, m.Content)
		st.keep("action", st.action, m.Content)
	} else {
		text := strings.TrimSpace(chat.OrEmpty(st.thought) + "\n\n" + chat.OrEmpty(st.action))
		m.Content = &text
	}
	m.Extra = st.rest.JSON()
	return m
}

// keep remembers a part that the text does not show.
func (st *step) keep(key string, part, text *string) {
	if p := strings.TrimSpace(chat.OrEmpty(part)); !strings.Contains(chat.OrEmpty(text), p) {
		st.rest.Set(key, *part)
	}
}

var exitCode = regexp.MustCompile(`^Exit code: (-?\d{1,9})\n`)

func returnCode(observation string) *int32 {
	m := exitCode.FindStringSubmatch(observation[:min(len(observation), 32)])
	if m == nil {
		return nil
	}
	v, _ := strconv.ParseInt(m[1], 10, 32)
	return chat.Int32(&v)
}

func (d *document) usage(messages []pipeline.Message) pipeline.Usage {
	u := pipeline.Usage{Turns: chat.Turns(messages)}
	var sum chat.Tally
	for i := range d.steps {
		st := &d.steps[i]
		sum.Tokens(st.prompt, st.completion)
		if st.total != nil {
			u.WallSeconds = st.total
		}
	}
	sum.Fill(&u)
	return u
}

// withoutTests begin the output of rows whose reward was not measured.
var withoutTests = []string{"[ENV_EXCEPTION]", "[EXCEPTION]", "[REWARD_EXCEPTION]", "The command took too long to execute"}

// claim gathers what the row says about success. A reward that no test gave is
// not called one.
func (d *document) claim() *string {
	output := chat.OrEmpty(d.testOutput)
	if output != "" {
		d.claims.Set("test_output", output)
	}
	if d.reward != nil {
		name := "reward"
		for _, mark := range withoutTests {
			if strings.HasPrefix(strings.TrimSpace(output), mark) {
				name = "reward_without_tests"
			}
		}
		d.claims.Set(name, *d.reward)
	}
	return d.claims.JSON()
}
