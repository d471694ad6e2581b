package openhandslog

import (
	"bytes"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is the logs of OpenHands' calls of a model.
type Format struct{}

const (
	name     = "openhands-llm-log"
	scaffold = "openhands"
	version  = "1" // rises whenever equal documents would give other records
)

// Name returns "openhands-llm-log".
func (Format) Name() string { return name }

// Neighbors lists the other logs of the run.
func (Format) Neighbors() []string { return []string{logFiles} }

// Detect claims a prompt beside an answer or an error and what the call took,
// and lists of messages that begin with the scaffold's own words.
func (Format) Detect(sh format.Shape) bool {
	switch {
	case sh.Lines:
		return false
	case sh.Kind == jsonscan.Array:
		return slices.Contains(sh.First, "role") && slices.Contains(sh.First, "content") && isScaffolds(sh.Data)
	case sh.Key("fncall_messages") != nil && sh.Key("fncall_response") != nil:
		return true
	}
	prompt := sh.Has("messages", "role") || sh.Key("input") != nil && sh.Key("instructions") != nil
	call := sh.Key("kwargs") != nil && sh.Key("timestamp") != nil && sh.Key("cost") != nil
	return prompt && call && (sh.Key("response") != nil || sh.Key("error") != nil)
}

// isScaffolds looks for the words that the scaffold's system message begins with.
func isScaffolds(doc []byte) bool {
	return bytes.Contains(doc[:min(len(doc), 1<<10)], []byte(`"You are OpenHands`))
}

// Decode reads the dialogue of a log, unless a later log holds it too.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc document
		if doc.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("openhandslog: %w", s.Err()))
			return
		}
		before, after := siblings(&d)
		if by := doc.continuedBy(s, &d, after); by != "" {
			yield(nil, &format.Continued{By: by})
			return
		}
		r := doc.record(&d, before)
		r.Repaired = s.Repaired()
		yield(r, nil)
	}
}

func (d *document) record(src *format.Document, before []sibling) *format.Record {
	r := &format.Record{}
	t := &r.Trajectory
	instance, run := place(src)
	t.InstanceID, r.RunHint = &instance, run
	t.Scaffold = scaffold
	t.PolicyRaw = chat.NonEmpty(d.policy(src))
	t.Sampling, t.Tools = d.sampling.JSON(), d.tools
	t.Messages = d.dialogue()
	if d.failure.kind != "" {
		t.ExitStatus = &d.failure.kind
	}
	turns := int32(0)
	for i := range t.Messages {
		if t.Messages[i].Kind == pipeline.KindAction {
			turns++
		}
	}
	t.Usage = d.usage(src, before, turns)
	d.rest.SetJSON("kwargs", d.kwargs.JSON())
	d.rest.SetJSON("response", d.reply.JSON())
	t.Extra = d.rest.JSON()
	t.Origin = pipeline.Origin{Format: name, Version: version}
	return r
}

// usage is what the run took, where all of its calls are logged; else what the
// last call took is kept beside the record.
func (d *document) usage(src *format.Document, before []sibling, turns int32) pipeline.Usage {
	u := pipeline.Usage{Turns: &turns}
	if d.at == nil {
		return u // a bare list
	}
	var last chat.Rest
	for key, n := range map[string]*int64{"prompt_tokens": d.call.prompt, "completion_tokens": d.call.completion} {
		if n != nil {
			last.Set(key, *n)
		}
	}
	if d.call.cost != nil {
		last.Set("cost", *d.call.cost)
	}
	last.SetJSON("usage", d.call.rest.JSON())
	d.rest.SetJSON("last_call", last.JSON())
	sum, calls := d.total(src, before, int(turns))
	if calls > 0 {
		n := int64(calls)
		u.APICalls = chat.Int32(&n)
		u.CostUSD, u.PromptTokens, u.CompletionTokens = sum.cost, sum.prompt, sum.completion
	}
	return u
}

// add sums two calls; what one of them does not know is not known of both.
func (c *call) add(o *call) {
	c.cost = plus(c.cost, o.cost)
	c.prompt = plus(c.prompt, o.prompt)
	c.completion = plus(c.completion, o.completion)
}

func plus[T int64 | float64](a, b *T) *T {
	if a == nil || b == nil {
		return nil
	}
	sum := *a + *b
	return &sum
}

func sameCall(a, b pipeline.ToolCall) bool { return a.Name == b.Name && a.Arguments == b.Arguments }

// place finds the instance and the run in the folders of a log: above the files
// of an instance stands a folder of logs, and above it the run's.
func place(src *format.Document) (instance, run string) {
	instance = src.Stem()
	up := 0
	if near := src.Folder(0); near != "" && !isLogFolder(near) {
		instance, up = near, 1
	}
	for ; up < 4; up++ {
		if f := src.Folder(up); f != "" && !isLogFolder(f) {
			return instance, f
		}
	}
	return instance, ""
}

// isLogFolder knows the names that are given to folders of logs.
func isLogFolder(folder string) bool {
	return strings.Contains(folder, "completions") || folder == "logs" || strings.HasSuffix(folder, "-logs") || strings.HasSuffix(folder, "_logs")
}

// policy is the provider's name for the model, else the one that the file's name
// begins with, where slashes are written as two underscores.
func (d *document) policy(src *format.Document) string {
	if d.model != "" {
		return d.model
	}
	file := path.Base(src.URI)
	m := logTime.FindStringIndex(file)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(file[:m[0]], "__", "/")
}

func (d *document) dialogue() []pipeline.Message {
	all := make([]pipeline.Message, 0, len(d.messages)+1)
	issue, acted := false, false
	for i := range d.messages {
		in := &d.messages[i]
		m := pipeline.Message{Content: in.Content, Reasoning: in.Reasoning, ToolCalls: in.ToolCalls, ToolCallID: in.ToolCallID, Name: in.Name}
		if m.Reasoning == nil {
			m.Reasoning = in.thinking
		}
		m.Role, m.Kind = classify(in, &issue, acted)
		acted = acted || m.Kind == pipeline.KindAction
		if text := d.text(i); text != nil && *text != chat.OrEmpty(in.Content) {
			in.extra.Set("text_protocol", *text)
		}
		if len(in.Omitted) > 0 {
			in.extra.Set("omitted_parts", in.Omitted)
		}
		if in.Repaired > 0 {
			in.extra.Set("invalid_utf8", in.Repaired)
		}
		m.Extra = in.extra.JSON()
		all = append(all, m)
	}
	if d.failure.text != "" {
		all = append(all, pipeline.Message{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: &d.failure.text})
	}
	return all
}

// text is what a message was in the text protocol, as far as that is kept: at
// the beginning, which explains the protocol, and as the model wrote it last.
func (d *document) text(i int) *string {
	switch {
	case i < len(d.shown) && d.shown[i].Role == d.messages[i].Role:
		return d.shown[i].Content
	case i == d.prompt:
		return d.written
	}
	return nil
}

// resultMarks begin what the text protocol answers to a call.
var resultMarks = []string{"EXECUTION RESULT of [", "OBSERVATION:"}

func classify(m *message, issue *bool, acted bool) (pipeline.Role, pipeline.MessageKind) {
	switch m.Role {
	case "system", "developer":
		return pipeline.RoleSystem, pipeline.KindSystem
	case "assistant":
		return pipeline.RoleAssistant, pipeline.KindAction
	case "tool", "function":
		return pipeline.RoleTool, pipeline.KindObservation
	}
	for _, mark := range resultMarks {
		if acted && strings.HasPrefix(chat.OrEmpty(m.Content), mark) {
			return pipeline.RoleUser, pipeline.KindObservation
		}
	}
	if !*issue {
		*issue = true
		return pipeline.RoleUser, pipeline.KindIssue
	}
	return pipeline.RoleUser, pipeline.KindInterrupt
}
