package codex

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// A session is the dialogue as far as it has been read.
type session struct {
	head     head
	hasHead  bool
	context  string // of the last turn, as it was kept
	contexts int    // that differed from the one before
	model    string
	effort   string
	out      []pipeline.Message
	echo     []bool          // of out: taken from an event
	items    map[string]bool // texts of items, which events repeat
	turn     turn
	issue    bool
	tools    map[string]string // id of a call -> name
	outcomes map[string]outcome
	total    usage
	exit     string
	clock    chat.Clock
	events   map[string]int
	rest     chat.Rest
}

// contextMarks begin messages that Codex wrote in the person's place.
var contextMarks = []string{"<environment_context>", "<user_instructions>", "<permissions instructions>", "<INSTRUCTIONS>", "# AGENTS.md instructions", "<turn_aborted>",
	"<collaboration_mode>", "<skills_instructions>", "<user_shell_command>"}

func ofProgram(text string) bool {
	text = strings.TrimLeft(text, " \n")
	return slices.ContainsFunc(contextMarks, func(m string) bool { return strings.HasPrefix(text, m) })
}

func (x *session) say(m pipeline.Message, echo bool) {
	x.out, x.echo = append(x.out, m), append(x.echo, echo)
}

// flush ends the action that is being put together.
func (x *session) flush() {
	if !x.turn.open {
		return
	}
	t := &x.turn
	for _, part := range t.text.Parts() {
		x.items[strings.TrimSpace(part)] = true
	}
	x.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: t.text.Join(joint), Reasoning: t.thinking.Join(joint),
		ToolCalls: t.calls, Extra: t.rest.JSON()}, false)
	x.turn = turn{}
}

// begin takes the head of a session. A second one is of the session that this
// one was forked from.
func (x *session) begin(h *head) bool {
	if x.hasHead {
		return false
	}
	x.head, x.hasHead = *h, true
	if chat.OrEmpty(h.instructions) != "" {
		x.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: h.instructions}, false)
	}
	return true
}

// maxContexts bounds how many settings of turns one record keeps.
const maxContexts = 16

func (x *session) runWith(c *turnContext) {
	if x.model == "" {
		x.model = c.model
	} else if c.model != "" && c.model != x.model {
		c.rest.Set("model", c.model)
	}
	if x.effort == "" {
		x.effort = c.effort
	} else if c.effort != "" && c.effort != x.effort {
		c.rest.Set("effort", c.effort)
	}
	if kept := chat.OrEmpty(c.rest.JSON()); kept != "" && kept != x.context {
		x.contexts++
		if x.contexts <= maxContexts {
			x.rest.SetJSON("turn_context_"+strconv.Itoa(x.contexts), c.rest.JSON())
		}
		x.context = kept
	}
}

// add takes a response item; false for one of a kind that is not known.
func (x *session) add(it *item) bool {
	switch {
	case it.kind == "message" && it.role == "assistant":
		x.turn.open = true
		addText(&x.turn.text, it.content)
		x.turn.rest.Add(it.rest.JSON())
	case it.kind == "message":
		x.told(it)
	case it.kind == "reasoning":
		x.turn.open = true
		addText(&x.turn.thinking, it.summary)
		addText(&x.turn.thinking, it.content)
		x.turn.rest.Add(it.rest.JSON())
	case strings.HasSuffix(it.kind, "_output"):
		x.answered(it)
	case strings.HasSuffix(it.kind, "_call"):
		x.called(it)
	default:
		return false
	}
	return true
}

func (x *session) told(it *item) {
	x.flush()
	m := pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: it.content, Extra: it.rest.JSON()}
	switch {
	case it.role == "system" || it.role == "developer":
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	case ofProgram(chat.OrEmpty(it.content)):
		if !x.issue {
			m.Kind = pipeline.KindSystem
		}
	case !x.issue:
		x.issue, m.Kind = true, pipeline.KindIssue
	}
	x.say(m, false)
}

// called adds a call. Calls of the provider's own tools have no name: their kind
// is one.
func (x *session) called(it *item) {
	x.turn.open = true
	c := pipeline.ToolCall{ID: it.callID, Name: it.name, Arguments: chat.OrEmpty(it.arguments)}
	if c.Name == "" {
		c.Name = strings.TrimSuffix(it.kind, "_call")
	}
	if c.ID != nil {
		x.tools[*c.ID] = c.Name
	}
	if it.rest.Has("status") && it.rest.Len() == 1 {
		it.rest.Drop("status") // completed: what came of it follows
	}
	if text := it.rest.JSON(); text != nil {
		x.turn.rest.Set("call_"+strconv.Itoa(len(x.turn.calls)), json.RawMessage(*text))
	}
	x.turn.calls = append(x.turn.calls, c)
}

func (x *session) answered(it *item) {
	x.flush()
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: it.output, ToolCallID: it.callID, Extra: it.rest.JSON()}
	m.ReturnCode = returnCode(chat.OrEmpty(it.output))
	if it.callID != nil {
		m.Name = chat.NonEmpty(x.tools[*it.callID])
	}
	x.say(m, false)
}

// exitLine is how newer versions begin an output.
var exitLine = regexp.MustCompile(`^(?:Exit code: |.*\nProcess exited with code )(-?\d{1,9})\n`)

// returnCode finds what a command returned in its output: the first line, or
// the metadata of the JSON that older versions wrote.
func returnCode(output string) *int32 {
	if strings.HasPrefix(output, "{") {
		var old struct {
			Metadata struct {
				ExitCode *int64 `json:"exit_code"`
			} `json:"metadata"`
		}
		if json.Unmarshal([]byte(output), &old) != nil {
			return nil
		}
		return chat.Int32(old.Metadata.ExitCode)
	}
	m := exitLine.FindStringSubmatch(output[:min(len(output), 256)])
	if m == nil {
		return nil
	}
	code, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return nil
	}
	return chat.Int32(&code)
}

// happened takes an event; false for one whose content should be kept.
func (x *session) happened(it *item) bool {
	x.events[it.kind]++
	switch it.kind {
	case "token_count":
		if it.total.input != nil {
			x.total = it.total
		}
	case "turn_aborted":
		x.exit = it.kind
		if it.reason != "" {
			x.exit += ": " + it.reason
		}
	case "task_complete", "turn_complete":
		x.exit = it.kind
	case "error", "stream_error":
		x.flush()
		x.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindInterrupt, Content: it.text, Extra: it.rest.JSON()}, false)
	case "user_message", "agent_message":
		x.said(it)
	case "exec_command_end":
		if it.callID != nil {
			x.outcomes[*it.callID] = outcome{exitCode: chat.Int32(it.exitCode), raw: it.raw}
		}
	case "agent_reasoning", "agent_reasoning_raw_content", "agent_reasoning_section_break", "task_started", "turn_started", "exec_command_begin", "agent_message_delta",
		"exec_command_output_delta", "raw_response_item", "item_started", "item_completed":
	default:
		return false
	}
	return true
}

// said takes a message of an event, which nearly always repeats an item.
func (x *session) said(it *item) {
	if it.text == nil {
		return
	}
	m := pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: it.text}
	if it.kind == "agent_message" {
		m.Role, m.Kind = pipeline.RoleAssistant, pipeline.KindAction
	}
	x.say(m, true)
}

// dialogue is what was said, without what events repeat.
func (x *session) dialogue() []pipeline.Message {
	x.flush()
	for i := range x.out {
		if !x.echo[i] {
			x.items[strings.TrimSpace(chat.OrEmpty(x.out[i].Content))] = true
		}
	}
	var all []pipeline.Message
	for i := range x.out {
		m := &x.out[i]
		if x.echo[i] {
			if x.items[strings.TrimSpace(chat.OrEmpty(m.Content))] {
				continue
			}
			if m.Role == pipeline.RoleUser && !x.issue {
				x.issue, m.Kind = true, pipeline.KindIssue
			}
		}
		x.complete(m)
		all = append(all, *m)
	}
	return all
}

// complete adds what an event said of the command that an observation is of.
func (x *session) complete(m *pipeline.Message) {
	o, ok := x.outcomes[chat.OrEmpty(m.ToolCallID)]
	if !ok || m.Kind != pipeline.KindObservation {
		return
	}
	if m.ReturnCode == nil {
		m.ReturnCode = o.exitCode
	}
	if o.raw != nil && !strings.Contains(chat.OrEmpty(m.Content), strings.TrimSpace(*o.raw)) {
		m.RawOutput = o.raw
	}
}

// joint stands between the items of an action.
const joint = "\n\n"

// addText takes a part of an action; an empty one says nothing.
func addText(to *chat.Texts, part *string) {
	if chat.OrEmpty(part) != "" {
		to.Add(part)
	}
}
