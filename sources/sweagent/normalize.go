package sweagent

import (
	"fmt"
	"iter"
	"math"
	"path"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is SWE-agent.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "swe-agent"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "swe-agent".
func (Format) Name() string { return Scaffold }

// Neighbors names the file in which 0.x wrote the policy.
func (Format) Neighbors() []string { return []string{"args.yaml"} }

// Detect claims objects with a history of turns, or with a trajectory of steps
// that have an action and an observation or response. Retrying agents write
// attempts beside them.
func (Format) Detect(sh format.Shape) bool {
	if sh.Kind != jsonscan.Object {
		return false
	}
	if sh.Has("history", "role") && (sh.Has("history", "agent") || sh.Has("history", "message_type") || sh.Key("trajectory") != nil) {
		return true
	}
	if sh.Has("trajectory", "action") && (sh.Has("trajectory", "observation") || sh.Has("trajectory", "response")) {
		return true
	}
	return sh.Key("attempts") != nil && sh.Has("attempts", "history")
}

// Decode reads the attempt of a document, or each of its attempts.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc attempt
		doc.read(s, false)
		s.End()
		if s.Err() != nil {
			yield(nil, fmt.Errorf("sweagent: %w", s.Err()))
			return
		}
		if len(doc.attempts) == 0 {
			yield(doc.record(d, doc.replay, nil, s.Repaired()))
			return
		}
		for i := range doc.attempts {
			one := &doc.attempts[i]
			if one.environment == "" {
				one.environment = doc.environment
			}
			n, repaired := int32(i), 0
			if i == 0 {
				repaired = s.Repaired()
			}
			if !yield(one.record(d, doc.replay, &n, repaired)) {
				return
			}
		}
	}
}

func (a *attempt) record(src format.Document, config replay, number *int32, repaired int) (*format.Record, error) {
	if a.replay.model != "" {
		config = a.replay
	}
	r := &format.Record{Version: a.info.version, SourceHint: config.image, Repaired: repaired}
	t := &r.Trajectory
	if err := a.messages(t); err != nil {
		return nil, err
	}
	instance := a.instance(config, src)
	t.InstanceID, t.Attempt = &instance, number
	t.Scaffold = Scaffold
	t.PolicyRaw = chat.NonEmpty(policy(config, src))
	t.Environment = chat.NonEmpty(config.image)
	t.Sampling = config.sampling.JSON()
	if isCommit(config.baseCommit) {
		t.BaseCommit = &config.baseCommit
	}
	t.ExitStatus, t.Patch = a.info.exitStatus, chat.CleanPatch(a.info.submission)
	t.Usage = a.usage(t.Messages)
	r.RunHint = runHint(src, instance)
	t.Origin = pipeline.Origin{Format: formatName(a), Version: version}
	return r, nil
}

// formatName tells the generations apart: 0.x writes its state as a string and
// no tool calls, 1.x says its version or has typed messages.
func formatName(a *attempt) string {
	if a.info.version != "" || a.replay.model != "" || a.environment != "" && a.environment != "swe_main" {
		return "swe-agent-1"
	}
	return "swe-agent-0"
}

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

func isCommit(s string) bool { return commitHash.MatchString(s) }

func (a *attempt) instance(config replay, src format.Document) string {
	switch {
	case a.environment != "" && a.environment != "swe_main" && a.environment != "main":
		return a.environment
	case config.problem != "":
		return config.problem
	}
	return src.Stem()
}

// runFolder is how 0.x names a batch of runs after its settings.
var runFolder = regexp.MustCompile(`^(.+?)__.+__t-[0-9.]+__p-[0-9.]+__c-[0-9.]+__install-\d`)

func policy(config replay, src format.Document) string {
	if config.model != "" {
		return config.model
	}
	if raw := src.Beside("args.yaml"); len(raw) > 0 {
		var args struct {
			Agent struct {
				Model struct {
					Name string `yaml:"model_name"`
				} `yaml:"model"`
			} `yaml:"agent"`
		}
		if yaml.Unmarshal(raw, &args) == nil && args.Agent.Model.Name != "" {
			return args.Agent.Model.Name
		}
	}
	for dir := path.Dir(src.URI); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if m := runFolder.FindStringSubmatch(path.Base(dir)); m != nil {
			return m[1]
		}
	}
	return ""
}

// runHint is the folder that holds a run's instances: the file's own, or the
// one above where every instance has a folder to itself.
func runHint(src format.Document, instance string) string {
	near := src.Folder(0)
	if near == instance || near == src.Stem() {
		return src.Folder(1)
	}
	return near
}

func (a *attempt) messages(t *pipeline.Trajectory) error {
	if !a.hasHistory && a.rawSteps != nil {
		s := jsonscan.New(a.rawSteps)
		steps := readStepTexts(s)
		if s.Err() != nil {
			return fmt.Errorf("sweagent: trajectory: %w", s.Err())
		}
		t.Messages = fromSteps(steps)
		return nil
	}
	issue := false
	t.Messages = make([]pipeline.Message, len(a.history))
	turns := 0
	for i := range a.history {
		m := a.history[i].message(&issue)
		if m.Kind == pipeline.KindAction {
			turns++
		}
		t.Messages[i] = m
	}
	if n := len(t.Messages); n > 0 && a.steps != 0 && a.steps != turns {
		chat.Note(&t.Messages[n-1], "trajectory_steps", a.steps)
	}
	return nil
}

// fromSteps builds the dialogue of a file that has only steps. The prompt is
// not in it: what is not recorded is not made up.
func fromSteps(steps []step) []pipeline.Message {
	var all []pipeline.Message
	for _, st := range steps {
		text := st.response
		if chat.OrEmpty(text) == "" {
			joined := strings.TrimSpace(chat.OrEmpty(st.thought) + "\n```\n" + strings.TrimRight(chat.OrEmpty(st.action), "\n") + "\n```")
			text = &joined
		}
		all = append(all, pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: text})
		if st.observation != nil {
			all = append(all, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: st.observation})
		}
	}
	return all
}

func (u *turn) message(issue *bool) pipeline.Message {
	m := pipeline.Message{Content: u.Content, Reasoning: u.Reasoning, ToolCalls: u.ToolCalls}
	if m.Reasoning == nil {
		m.Reasoning = u.thinking
	}
	m.Role, m.Kind = u.classify(issue)
	if len(u.toolCallIDs) > 0 {
		m.ToolCallID = &u.toolCallIDs[0]
	}
	if len(u.toolCallIDs) > 1 {
		chat.Note(&m, "tool_call_ids", u.toolCallIDs)
	}
	if len(u.Omitted) > 0 {
		chat.Note(&m, "omitted_parts", u.Omitted)
	}
	if u.Repaired > 0 {
		chat.Note(&m, "invalid_utf8", u.Repaired)
	}
	// An action that neither the content nor a call shows would be lost.
	if act := strings.TrimSpace(chat.OrEmpty(u.action)); act != "" && len(u.ToolCalls) == 0 && !strings.Contains(chat.OrEmpty(u.Content), act) {
		chat.Note(&m, "action", chat.OrEmpty(u.action))
	}
	return m
}

func (u *turn) classify(issue *bool) (pipeline.Role, pipeline.MessageKind) {
	role := pipeline.RoleUser
	switch u.Role {
	case "system", "developer":
		role = pipeline.RoleSystem
	case "assistant":
		role = pipeline.RoleAssistant
	case "tool", "function":
		role = pipeline.RoleTool
	}
	switch {
	case u.demo || u.messageType == "demonstration":
		return role, pipeline.KindDemo
	case role == pipeline.RoleSystem:
		return role, pipeline.KindSystem
	case role == pipeline.RoleAssistant:
		return role, pipeline.KindAction
	case role == pipeline.RoleUser && !*issue:
		*issue = true
		return role, pipeline.KindIssue
	}
	return role, pipeline.KindObservation
}

func (a *attempt) usage(messages []pipeline.Message) pipeline.Usage {
	st := a.info.stats
	u := pipeline.Usage{Turns: chat.Turns(messages), APICalls: chat.Int32(st.apiCalls), CostUSD: st.cost,
		PromptTokens: st.sent, CompletionTokens: st.received}
	if a.wall != nil {
		wall := math.Round(*a.wall*1000) / 1000
		u.WallSeconds = &wall
	}
	return u
}
