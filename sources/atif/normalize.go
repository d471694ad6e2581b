package atif

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is ATIF.
type Format struct{}

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "atif".
func (Format) Name() string { return "atif" }

// Detect claims objects that name a version of the format.
func (Format) Detect(sh format.Shape) bool {
	k := sh.Key("schema_version")
	return !sh.Lines && k != nil && strings.HasPrefix(k.Text, "ATIF-") && (sh.Key("steps") != nil || sh.Err != nil)
}

// Decode reads the run of a document and those of its sub-agents.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc trajectory
		doc.read(s)
		s.End()
		if s.Err() != nil {
			yield(nil, fmt.Errorf("atif: %w", s.Err()))
			return
		}
		t := findTrial(&d)
		main := doc.record()
		t.describe(main, &d)
		if yield(main, nil) {
			doc.yieldSubagents(main, yield)
		}
	}
}

// yieldSubagents yields the runs below one, each right before its own.
func (t *trajectory) yieldSubagents(parent *format.Record, yield func(*format.Record, error) bool) bool {
	for i := range t.subagents {
		sub := &t.subagents[i]
		r := sub.record()
		if sub.id() == "" {
			r.InstanceID = chat.NonEmpty(fmt.Sprintf("%s/%d", chat.OrEmpty(parent.InstanceID), i))
		}
		r.ParentID = parent.InstanceID
		if id := t.id(); id != "" {
			r.ParentID = &id
		}
		r.Source, r.RunHint = parent.Source, parent.RunHint
		if !yield(r, nil) || !sub.yieldSubagents(r, yield) {
			return false
		}
	}
	return true
}

func (t *trajectory) id() string {
	if t.trajectoryID != "" {
		return t.trajectoryID
	}
	return t.sessionID
}

// record builds what the document alone says.
func (t *trajectory) record() *format.Record {
	r := &format.Record{Version: t.schemaVersion, Repaired: t.repaired}
	tr := &r.Trajectory
	id := t.id()
	tr.InstanceID = &id
	t.names.give(tr)
	tr.Scaffold = t.agent.name
	if tr.Scaffold == "" {
		tr.Scaffold = "atif"
	}
	tr.PolicyRaw, tr.Tools = chat.NonEmpty(t.agent.model), t.agent.tools
	tr.Origin = pipeline.Origin{Format: strings.ToLower(t.schemaVersion), Version: version}
	if tr.Origin.Format == "" {
		tr.Origin.Format = "atif"
	}
	t.dialogue(tr)
	t.usage(tr)
	tr.Extra = t.extra()
	return r
}

func (n *names) give(t *pipeline.Trajectory) {
	if n.instance != nil {
		t.InstanceID = n.instance
	}
	t.Repo, t.BaseCommit, t.Run, t.Patch, t.ExitStatus, t.Source = n.repo, n.commit, n.run, n.patch, n.exit, n.source
	t.Rollout, t.Attempt = chat.Int32(n.rollout), chat.Int32(n.attempt)
}

func (t *trajectory) extra() *string {
	rest := t.rest
	rest.SetJSON("agent", t.agent.rest.JSON())
	rest.SetJSON("final_metrics", t.final.rest.JSON())
	for key, value := range map[string]string{"session_id": t.sessionID, "trajectory_id": t.trajectoryID, "agent_version": t.agent.version} {
		if value != "" {
			rest.Set(key, value)
		}
	}
	return rest.JSON()
}

func (t *trajectory) usage(tr *pipeline.Trajectory) {
	var sum chat.Tally
	var clock chat.Clock
	for i := range t.steps {
		st := &t.steps[i]
		clock.See(st.timestamp)
		sum.Tokens(st.metrics.prompt, st.metrics.completion)
		sum.Cost(st.metrics.cost)
	}
	tr.Usage = pipeline.Usage{Turns: chat.Turns(tr.Messages), PromptTokens: t.final.prompt, CompletionTokens: t.final.completion,
		CostUSD: t.final.cost, WallSeconds: clock.Seconds()}
	sum.Fill(&tr.Usage)
}

func (t *trajectory) dialogue(tr *pipeline.Trajectory) {
	n := narrator{out: tr, model: t.agent.model}
	for i := range t.steps {
		n.step(&t.steps[i])
	}
}

// A narrator turns steps into messages.
type narrator struct {
	out    *pipeline.Trajectory
	model  string
	issue  bool // it has been told
	acted  bool
	effort string
}

func (n *narrator) step(st *step) {
	m := pipeline.Message{Content: st.message, Reasoning: st.reasoning, ToolCalls: st.calls}
	m.Role, m.Kind = n.classify(st.source)
	if st.copied {
		m.Mask = new(bool)
	}
	n.policy(st)
	st.metrics.keep(&st.rest)
	m.Extra = st.rest.JSON()
	if m.Content != nil || m.Role == pipeline.RoleAssistant || m.Extra != nil {
		n.out.Messages = append(n.out.Messages, m)
	}
	for i := range st.results {
		n.out.Messages = append(n.out.Messages, st.results[i].message(st.calls))
	}
}

// classify says what a step is for. Sources are a closed set in the format;
// whatever else stands there speaks from outside the policy.
func (n *narrator) classify(source string) (pipeline.Role, pipeline.MessageKind) {
	switch source {
	case "agent":
		n.acted = true
		return pipeline.RoleAssistant, pipeline.KindAction
	case "system":
		if n.acted {
			return pipeline.RoleSystem, pipeline.KindInterrupt
		}
		return pipeline.RoleSystem, pipeline.KindSystem
	}
	if n.issue || n.acted {
		return pipeline.RoleUser, pipeline.KindInterrupt
	}
	n.issue = true
	return pipeline.RoleUser, pipeline.KindIssue
}

// policy notes which model acted and how hard it was told to think.
func (n *narrator) policy(st *step) {
	if st.model != "" && n.out.PolicyRaw == nil {
		n.out.PolicyRaw = &st.model
	}
	if st.model != "" && st.model != chat.OrEmpty(n.out.PolicyRaw) {
		st.rest.Set("model_name", st.model)
	}
	if st.effort == nil {
		return
	}
	switch {
	case n.effort == "":
		n.effort = string(st.effort)
		sampling := `{"reasoning_effort":` + n.effort + `}`
		n.out.Sampling = &sampling
	case n.effort != string(st.effort):
		st.rest.Set("reasoning_effort", st.effort)
	}
}

func (m *metrics) keep(rest *chat.Rest) {
	for key, v := range map[string]*int64{"prompt_tokens": m.prompt, "completion_tokens": m.completion} {
		if v != nil {
			m.rest.Set(key, *v)
		}
	}
	if m.cost != nil {
		m.rest.Set("cost_usd", *m.cost)
	}
	rest.SetJSON("metrics", m.rest.JSON())
}

func (r *result) message(calls []pipeline.ToolCall) pipeline.Message {
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: r.content, ToolCallID: r.callID, Extra: r.rest.JSON()}
	for i := range calls {
		if id := calls[i].ID; id != nil && r.callID != nil && *id == *r.callID {
			m.Name = chat.NonEmpty(calls[i].Name)
			return m
		}
	}
	if r.callID == nil {
		m.Role = pipeline.RoleUser // what a text protocol shows
	}
	return m
}
