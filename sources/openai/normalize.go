package openai

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
	"github.com/swerm/swerm/sources/rows"
)

// Format is rows and documents with messages of OpenAI's chat API.
type Format struct{}

// formatName is what records name as their format.
const formatName = "openai-messages"

// Name returns "openai-messages".
func (Format) Name() string { return formatName }

// foreign are keys of documents that hold messages and are read by formats of
// their own.
var foreign = []string{
	"trajectory_format", "history", "fncall_messages", "fncall_response", "kwargs", "raw_completions", "llm_completions", // scaffolds
	"sessionId", "parentUuid", "payload", // session logs
	"epoch", "eval", "samples", // inspect
}

// General leaves what is in a format of its own to that.
func (Format) General() {}

// Detect claims objects with a list of messages that have a role, or a string
// that holds such a list, unless another format's keys stand beside it; and a
// list of messages alone.
func (Format) Detect(sh format.Shape) bool {
	if sh.Kind == jsonscan.Array {
		return slices.Contains(sh.First, "role") && (slices.Contains(sh.First, "content") || slices.Contains(sh.First, "tool_calls"))
	}
	another := func(key string) bool { return sh.Key(key) != nil }
	if sh.Kind != jsonscan.Object || sh.Lines || rows.Short(sh) || slices.ContainsFunc(foreign, another) {
		return false
	}
	if sh.Has("info", "mini_version") || sh.Has("info", "config") || sh.Has("info", "submission") || rows.Judged(sh) {
		return false
	}
	for _, key := range dialogues {
		if k := sh.Key(key); k != nil && (slices.Contains(k.Sub, "role") && !slices.Contains(k.Sub, "text") || k.Kind == jsonscan.String && holdsList(sh.Data, key)) {
			return true
		}
	}
	return false
}

// listBegins are how strings begin that hold a list of objects, as JSON writes
// them.
var listBegins = []string{`"[{\"`, `"[{ \"`, `"[ {`, `"[\n`}

// holdsList reports whether the string under a key begins a list of objects.
func holdsList(doc []byte, key string) bool {
	s := jsonscan.New(doc)
	for name := range s.Fields() {
		if name == key {
			raw := s.Raw()
			return slices.ContainsFunc(listBegins, func(begin string) bool { return bytes.HasPrefix(raw, []byte(begin)) })
		}
	}
	return false
}

// Decode reads the one attempt of a row.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := d.Scanner()
		var doc document
		if doc.read(s); !doc.found {
			s.Fail(rows.ErrNoDialogue)
		}
		doc.addSystem(s)
		r, err := doc.row.Record(s, d, formatName, doc.messages)
		if err != nil {
			yield(nil, fmt.Errorf("openai: %w", err))
			return
		}
		yield(r, nil)
	}
}

// addSystem puts a system prompt that stands beside a dialogue without one before
// it.
func (d *document) addSystem(s *jsonscan.Scanner) {
	for i := range d.messages {
		if d.messages[i].Role == pipeline.RoleSystem {
			return
		}
	}
	for _, key := range []string{"system", "system_prompt"} {
		var text string
		if d.row.Take(s, key, jsonscan.String, func() { text = s.Str() }) && strings.TrimSpace(text) != "" {
			d.messages = slices.Insert(d.messages, 0, pipeline.Message{Role: pipeline.RoleSystem, Content: &text})
			return
		}
	}
}

// finish settles what several keys of a message say together.
func (m *message) finish() {
	text := chat.OrEmpty(m.Content)
	if m.Reasoning == nil {
		m.Reasoning = m.thinking
	}
	if m.deprecated != nil && len(m.ToolCalls) == 0 {
		m.ToolCalls = []pipeline.ToolCall{*m.deprecated}
	}
	if len(m.toolCallIDs) > 0 && m.ToolCallID == nil {
		m.ToolCallID = &m.toolCallIDs[0]
	}
	if len(m.toolCallIDs) > 1 {
		m.rest.Set("tool_call_ids", m.toolCallIDs)
	}
	// What the harness parsed out of the content stands there, or in the call.
	if act := strings.TrimSpace(chat.OrEmpty(m.action)); act != "" && len(m.ToolCalls) == 0 && !strings.Contains(text, act) {
		m.rest.Set("action", act)
	}
	if th := strings.TrimSpace(chat.OrEmpty(m.thought)); th != "" && !strings.Contains(text, th) && !strings.Contains(chat.OrEmpty(m.Reasoning), th) {
		m.rest.Set("thought", th)
	}
	m.mask.Rest(&m.rest)
	if m.Repaired > 0 {
		m.rest.Set("invalid_utf8", m.Repaired)
	}
}

// appendTo adds the message, or the several that its parts are, to a dialogue.
func (m *message) appendTo(all []pipeline.Message) []pipeline.Message {
	role, known := chat.RoleOf(m.Role)
	if !known {
		m.rest.Set("role", m.Role)
	}
	out := pipeline.Message{Role: role, Content: m.Content, Reasoning: m.Reasoning, ToolCalls: m.ToolCalls, Name: m.Name,
		ToolCallID: m.ToolCallID, Mask: m.mask.Value, Reward: m.reward}
	if m.demo || m.messageType == "demonstration" {
		out.Kind = pipeline.KindDemo
	}
	if m.parts != nil {
		return m.splitParts(all, out)
	}
	out.Extra = m.rest.JSON()
	return append(all, out)
}
