package openhands

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// addSDK takes one event of the software agent SDK.
func (d *dialogue) addSDK(e *sdkEvent) {
	d.clock.See(e.timestamp)
	switch e.kind {
	case "SystemPromptEvent":
		d.tools = e.tools
		d.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: join(e.prompt, e.context)}, &e.rest)
	case "MessageEvent":
		d.sdkMessage(e)
	case "ActionEvent":
		d.sdkAction(e)
	case "ObservationEvent", "AgentErrorEvent", "UserRejectObservation", "NonExecutableActionEvent":
		d.sdkObservation(e)
	case "Condensation", "CondensationRequest", "CondensationSummaryEvent":
		e.rest.Set("event", e.kind)
		d.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: e.summary}, &e.rest)
	case "ConversationErrorEvent":
		d.exit = chat.OrEmpty(e.code)
		d.say(pipeline.Message{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: join(e.code, e.failure)}, &e.rest)
	case "ConversationStateUpdateEvent", "PauseEvent", "TokenEvent", "LLMCompletionLogEvent", "StreamingDeltaEvent":
		// of the program around the run
	default:
		e.rest.Set("event", e.kind)
		d.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: e.text()}, &e.rest)
	}
}

// text is what an event of no known kind says.
func (e *sdkEvent) text() *string {
	return join(e.message.Content, e.observed.content, e.extended, e.summary, e.failure)
}

// join puts texts one below another; nil where there are none.
func join(texts ...*string) *string {
	var all []string
	for _, t := range texts {
		if chat.OrEmpty(t) != "" {
			all = append(all, *t)
		}
	}
	return chat.NonEmpty(strings.Join(all, "\n"))
}

func (d *dialogue) sdkMessage(e *sdkEvent) {
	if len(e.message.Omitted) > 0 {
		e.rest.Set("omitted_parts", e.message.Omitted)
	}
	content := e.message.Content
	if e.extended != nil {
		content = join(content, e.extended)
	}
	if e.source == "agent" || e.source == "" && e.message.Role == "assistant" {
		d.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: content,
			Reasoning: reasoning(e.message.Reasoning, e.thinking, e.item), ToolCalls: e.message.ToolCalls}, &e.rest)
		d.last = e.reply
		return
	}
	d.user(content, &e.rest)
}

// reasoning joins what a provider and the scaffold call so; mostly one repeats
// the other.
func reasoning(text *string, more ...*string) *string {
	for _, m := range more {
		if m != nil && !strings.Contains(chat.OrEmpty(text), *m) {
			text = join(text, m)
		}
	}
	return text
}

// sdkAction adds a call. Calls of one reply that follow one another are one
// message of the policy.
func (d *dialogue) sdkAction(e *sdkEvent) {
	if e.call.ID == nil {
		e.call.ID = e.callID
	}
	if e.call.Name == "" {
		e.call.Name = chat.OrEmpty(e.tool)
	}
	if e.call.Name == "finish" {
		d.exit = "finish"
	}
	if e.summary != nil {
		e.rest.Set("summary", *e.summary)
	}
	thought := reasoning(e.reasoning, e.thinking, e.item)
	if e.reply == "" || d.last != e.reply {
		d.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: e.thought, Reasoning: thought,
			ToolCalls: []pipeline.ToolCall{e.call}}, &e.rest)
		d.last = e.reply
		return
	}
	m := &d.messages[len(d.messages)-1]
	m.ToolCalls = append(m.ToolCalls, e.call)
	if t := chat.OrEmpty(e.thought); !strings.Contains(chat.OrEmpty(m.Content), t) {
		m.Content = join(m.Content, e.thought)
	}
	if m.Reasoning == nil {
		m.Reasoning = thought
	}
	noteCall(m, e.call.ID, &e.rest)
}

func (d *dialogue) sdkObservation(e *sdkEvent) {
	o := &e.observed
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Name: e.tool, ToolCallID: e.callID, ReturnCode: chat.Int32(o.frame.exitCode)}
	m.Content = o.content
	if chat.OrEmpty(m.Content) == "" && o.output != nil {
		m.Content = o.output
	}
	if o.output != nil && !strings.Contains(chat.OrEmpty(m.Content), *o.output) {
		m.RawOutput = o.output
	}
	m.Content = o.frame.around(m.Content)
	if e.extended != nil || e.failure != nil {
		m.Content = join(m.Content, e.extended, e.failure)
	}
	if o.frame.workingDir != "" {
		e.rest.Set("working_dir", o.frame.workingDir)
	}
	if len(o.omitted) > 0 {
		e.rest.Set("omitted_parts", o.omitted)
	}
	if e.kind != "ObservationEvent" {
		e.rest.Set("event", e.kind)
	}
	d.say(m, &e.rest)
}
