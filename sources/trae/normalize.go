package trae

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is Trae Agent.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "trae-agent"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "trae-agent".
func (Format) Name() string { return Scaffold }

// Neighbors lists the patch that a run leaves beside its trajectory.
func (Format) Neighbors() []string { return []string{"*.patch"} }

// Detect claims objects with both accounts of a run.
func (Format) Detect(sh format.Shape) bool {
	return !sh.Lines && sh.Key("llm_interactions") != nil && sh.Key("task") != nil && (sh.Key("agent_steps") != nil || sh.Err != nil)
}

// Decode reads the one run of a document.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc document
		if doc.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("trae: %w", s.Err()))
			return
		}
		r := doc.record(&d)
		r.Repaired = s.Repaired()
		yield(r, nil)
	}
}

func (d *document) record(src *format.Document) *format.Record {
	r := &format.Record{RunHint: src.Folder(0)}
	t := &r.Trajectory
	stem := src.Stem()
	t.InstanceID = &stem
	if name := identity.FirstInstance(stem, src.Folder(0)); name != "" {
		t.InstanceID = &name
		if name == src.Folder(0) {
			r.RunHint = src.Folder(1)
		}
	}
	t.Scaffold, t.PolicyRaw, t.Sampling = Scaffold, chat.NonEmpty(d.model), d.sampling.JSON()
	if patch := src.Beside(stem + ".patch"); patch != nil {
		text := strings.ToValidUTF8(string(patch), "\uFFFD")
		t.Patch = &text
	}
	n := narrator{said: map[string]bool{}, tools: map[string]string{}}
	steps := d.steps
	if len(steps) == 0 {
		steps = d.calls
	}
	for i := range steps {
		n.step(&steps[i])
		if steps[i].state != "" {
			t.ExitStatus = &steps[i].state
		}
	}
	t.Messages = n.dialogue(d.task)
	if d.final != nil {
		t.Messages = append(t.Messages, pipeline.Message{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: d.final})
	}
	t.Usage = pipeline.Usage{Turns: chat.Turns(t.Messages), WallSeconds: d.wall}
	if t.Usage.WallSeconds == nil {
		t.Usage.WallSeconds = d.clock.Seconds()
	}
	d.tally.Fill(&t.Usage)
	t.Extra = d.rest.JSON()
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

// A narrator turns steps into messages.
type narrator struct {
	out          []pipeline.Message
	said         map[string]bool // role and text
	tools        map[string]string
	issue, acted bool
}

// once reports whether a text has not been said before.
func (n *narrator) once(role, text string) bool {
	key := role + "\x00" + strings.TrimSpace(text)
	if n.said[key] {
		return false
	}
	n.said[key] = true
	return true
}

func (n *narrator) step(st *step) {
	for i := range st.messages {
		n.told(&st.messages[i])
	}
	if st.responded || len(st.toolCalls) > 0 {
		n.acted = true
		for _, c := range st.toolCalls {
			n.tools[chat.OrEmpty(c.ID)] = c.Name
		}
		n.said["assistant\x00"+strings.TrimSpace(chat.OrEmpty(st.content))] = true
		n.out = append(n.out, pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: st.content, ToolCalls: st.toolCalls, Extra: st.rest.JSON()})
	}
	for i := range st.results {
		n.answered(&st.results[i])
	}
	for _, text := range []*string{st.reflection, st.failure} {
		if words := chat.OrEmpty(text); words != "" && n.once("user", words) {
			n.out = append(n.out, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: text})
		}
	}
}

// told adds a message, unless it repeats what has been said.
func (n *narrator) told(in *message) {
	if in.result != nil {
		n.answered(in.result)
		return
	}
	if !n.once(in.role, chat.OrEmpty(in.content)) {
		return
	}
	m := pipeline.Message{Content: in.content, Extra: in.rest.JSON()}
	switch in.role {
	case "assistant":
		n.acted = true
		m.Role, m.Kind = pipeline.RoleAssistant, pipeline.KindAction
	case "system", "developer":
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	default:
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindInterrupt
		if !n.issue && !n.acted {
			n.issue, m.Kind = true, pipeline.KindIssue
		}
	}
	n.out = append(n.out, m)
}

// answered adds a result, unless the step that it belongs to has added it.
func (n *narrator) answered(r *result) {
	text := chat.OrEmpty(r.content) + "\x00" + chat.OrEmpty(r.rest.JSON())
	if !n.once("tool\x00"+chat.OrEmpty(r.callID), text) && r.callID != nil {
		return
	}
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: r.content, ToolCallID: r.callID, Extra: r.rest.JSON()}
	if r.callID != nil {
		m.Name = chat.NonEmpty(n.tools[*r.callID])
	}
	n.out = append(n.out, m)
}

// dialogue puts the task before everything where no message told it.
func (n *narrator) dialogue(task *string) []pipeline.Message {
	text := strings.TrimSpace(chat.OrEmpty(task))
	if text == "" {
		return n.out
	}
	for i := range n.out {
		if n.out[i].Role == pipeline.RoleUser && strings.Contains(chat.OrEmpty(n.out[i].Content), text) {
			return n.out
		}
	}
	at := 0
	for at < len(n.out) && n.out[at].Kind == pipeline.KindSystem {
		at++
	}
	kind := pipeline.KindIssue
	if n.issue {
		kind = pipeline.KindInterrupt // the run was told something else first
	}
	told := pipeline.Message{Role: pipeline.RoleUser, Kind: kind, Content: task}
	return append(n.out[:at:at], append([]pipeline.Message{told}, n.out[at:]...)...)
}
