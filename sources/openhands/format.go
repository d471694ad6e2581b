package openhands

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is the event streams of OpenHands: rows of output.jsonl, and the events
// that sessions save.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "openhands"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "openhands".
func (Format) Name() string { return Scaffold }

// Detect claims rows of an evaluation or of the resolver, with or without a
// history, and the events of a session as a list or one a line.
func (Format) Detect(sh format.Shape) bool {
	if sh.Lines {
		return isEvent(names(sh.Keys))
	}
	if sh.Kind == jsonscan.Array {
		return isEvent(sh.First)
	}
	for _, key := range []string{"history", "trajectory"} {
		if k := sh.Key(key); k != nil && isEvent(k.Sub) {
			return true
		}
	}
	if sh.Key("messages") != nil || sh.Key("trajectory") != nil || sh.Has("history", "role") {
		return false
	}
	history := sh.Key("history") != nil
	switch {
	case sh.Has("test_result", "git_patch"):
		return sh.Key("instance_id") != nil
	case sh.Has("metadata", "llm_config"), sh.Has("metadata", "agent_class"):
		return history || sh.Key("instruction") != nil || sh.Key("test_result") != nil
	}
	return history && sh.Key("test_result") != nil && sh.Key("instance_id") != nil ||
		history && sh.Key("issue") != nil && sh.Key("git_patch") != nil
}

func names(keys []format.Key) (all []string) {
	for _, k := range keys {
		all = append(all, k.Name)
	}
	return all
}

// isEvent knows the keys of an event of each generation: of the flat stream, of
// the SDK, and of the first producers.
func isEvent(keys []string) bool {
	has := func(names ...string) bool {
		for _, n := range names {
			if !slices.Contains(keys, n) {
				return false
			}
		}
		return true
	}
	switch {
	case has("role"), has("response"):
		return false
	case has("action", "args"), has("observation", "extras"):
		return true
	case has("kind", "source", "timestamp"):
		return has("llm_message") || has("system_prompt") || has("tool_call") || has("tool_call_id") || has("key", "value") || has("summary")
	}
	return has("action", "action_risk") || has("action", "wait_for_response") || has("action", "is_confirmed")
}

// Decode reads the one attempt of a row or of a list.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		r := row{claims: chat.Rest{Limit: jsonscan.MaxTextBytes}}
		if sh := format.ShapeOf(firstLine(d.Data)); isEvent(names(sh.Keys)) {
			r.readLines(s)
		} else {
			r.dialogue.evaluation = s.Kind() == jsonscan.Object
			r.read(s)
		}
		if s.Err() != nil {
			yield(nil, fmt.Errorf("openhands: %w", s.Err()))
			return
		}
		rec := r.record(&d)
		rec.Repaired = s.Repaired()
		yield(rec, nil)
	}
}

func firstLine(doc []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimSpace(doc), []byte("\n"))
	return line
}

func (r *row) record(src *format.Document) *format.Record {
	d := &r.dialogue
	rec := &format.Record{Version: d.version, SourceHint: first(r.metadata.source(), r.task.image), RunHint: first(r.metadata.runName, src.Folder(0))}
	if rec.Version == "" {
		rec.Version = r.metadata.commit
	}
	r.withoutEvents()
	t := &rec.Trajectory
	t.ExitStatus = d.finish(r.failure)
	t.Messages = d.messages
	instance := first(r.instanceID, r.task.instanceID, src.Stem())
	if r.task.instanceID != "" && r.task.instanceID != instance {
		r.task.rest.Set("instance_id", r.task.instanceID)
	}
	t.InstanceID, t.Attempt = &instance, chat.Int32(r.attempt)
	t.Scaffold = Scaffold
	t.PolicyRaw = chat.NonEmpty(first(r.metadata.model, r.predictor, d.model))
	t.Repo, t.Language = chat.NonEmpty(r.task.repo), chat.NonEmpty(r.task.language)
	if c := first(r.task.baseCommit, r.baseCommit); identity.IsCommit(c) {
		t.BaseCommit = &c
	}
	t.CreatedAt, t.License, t.Environment = chat.NonEmpty(r.task.created), chat.NonEmpty(r.task.license), chat.NonEmpty(r.task.image)
	t.Sampling = r.metadata.sampling.JSON()
	t.Tools, t.Patch, t.Claims = d.tools, r.submission(), r.claims.JSON()
	if t.Tools == nil {
		t.Tools = r.rawTools
	}
	t.Usage = usage(&r.metrics, d)
	t.Extra = r.extra()
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return rec
}

// submission is the patch, which a row may hold in up to three places; one that
// differs from the others is kept beside the record.
func (r *row) submission() (patch *string) {
	for _, p := range []struct {
		key   string
		value *string
	}{{"test_result.git_patch", r.patch}, {"git_patch", r.topPatch}, {"model_patch", r.predicted}} {
		switch {
		case p.value == nil:
		case patch == nil:
			patch = p.value
		case *p.value != *patch:
			r.rest.Set(p.key, *p.value)
		}
	}
	return patch
}

// source is the data set as its publisher names it; evaluations write two
// underscores for a slash, and the path of a file where the set was one.
func (m *metadata) source() string {
	name := strings.ReplaceAll(m.dataset, "__", "/")
	if strings.HasPrefix(name, "/") {
		return ""
	}
	return name
}

// withoutEvents fills the dialogue of a row that has no history: with the prompt
// of its last call, else with the instruction that the policy was to be given. A
// history in which nobody gives an issue has it in front.
func (r *row) withoutEvents() {
	d := &r.dialogue
	if len(d.messages) > 0 {
		if r.instruction != nil && !d.issue {
			d.user(r.instruction, &chat.Rest{})
			last := len(d.messages) - 1
			d.messages = slices.Insert(d.messages[:last], 0, d.messages[last])
		}
		return
	}
	for i := range r.raw {
		d.chat(&r.raw[i])
	}
	if len(d.messages) == 0 && r.instruction != nil {
		d.user(r.instruction, &chat.Rest{})
	}
}

// chat adds a message as chat APIs write it.
func (d *dialogue) chat(in *chat.Message) {
	m := pipeline.Message{Content: in.Content, Reasoning: in.Reasoning, ToolCalls: in.ToolCalls, ToolCallID: in.ToolCallID, Name: in.Name}
	var rest chat.Rest
	if len(in.Omitted) > 0 {
		rest.Set("omitted_parts", in.Omitted)
	}
	switch in.Role {
	case "system", "developer":
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	case "assistant":
		m.Role, m.Kind = pipeline.RoleAssistant, pipeline.KindAction
	case "tool", "function":
		m.Role, m.Kind = pipeline.RoleTool, pipeline.KindObservation
	default:
		d.user(in.Content, &rest)
		return
	}
	d.say(m, &rest)
}

// usage prefers the scaffold's own sums to sums over calls and over replies.
func usage(m *metrics, d *dialogue) pipeline.Usage {
	u := pipeline.Usage{Turns: chat.Turns(d.messages), CostUSD: m.cost, APICalls: chat.Int32(m.calls), WallSeconds: d.clock.Seconds(),
		PromptTokens: m.total.prompt, CompletionTokens: m.total.completion}
	m.sum.Fill(&u)
	d.spent.Fill(&u)
	return u
}

// extra gathers what has no column under the names of the document's parts.
func (r *row) extra() *string {
	all := r.rest
	for _, part := range []struct {
		name string
		rest *chat.Rest
	}{{"metadata", &r.metadata.rest}, {"metrics", &r.metrics.rest}, {"instance", &r.task.rest}} {
		all.SetJSON(part.name, part.rest.JSON())
	}
	if r.predictor != "" && r.predictor != r.metadata.model {
		all.Set("model_name_or_path", r.predictor)
	}
	if r.metadata.dataset != "" {
		all.Set("dataset", r.metadata.dataset)
	}
	if r.metadata.commit != "" {
		all.Set("scaffold_commit", r.metadata.commit)
	}
	if r.dialogue.version != "" {
		all.Set("scaffold_version", r.dialogue.version)
	}
	if r.dialogue.agent != "" {
		all.Set("agent_class", r.dialogue.agent)
	}
	if r.dialogue.model != "" && r.dialogue.model != r.metadata.model {
		all.Set("response_model", r.dialogue.model)
	}
	if r.baseCommit != "" && !identity.IsCommit(r.baseCommit) {
		all.Set("base_commit", r.baseCommit)
	}
	return all.JSON()
}

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}
