package openhands

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// An sdkEvent is one of the software agent SDK, which writes a kind, and texts
// as lists of parts.
type sdkEvent struct {
	kind      string
	source    string
	timestamp string

	message  chat.Message // llm_message
	prompt   *string      // system_prompt
	context  *string      // dynamic_context
	tools    *string
	thought  *string
	thinking *string // thinking_blocks
	item     *string // responses_reasoning_item
	summary  *string // of a condensation

	reasoning *string
	tool      *string // tool_name
	callID    *string
	call      pipeline.ToolCall
	reply     string // llm_response_id

	observed observation
	extended *string // text that the scaffold appends
	failure  *string // error, rejection_reason, detail
	code     *string
	rest     chat.Rest
}

// An observation is what a tool returned.
type observation struct {
	frame   frame
	content *string
	output  *string
	omitted []string
}

func (e *sdkEvent) read(s *jsonscan.Scanner, all fields) {
	all.each(s, func(f *field) {
		switch f.key {
		case "id", "parent_id", "action_id": // the order of events and the ids of calls say it
		case "kind":
			e.kind = chat.OrEmpty(chat.OptText(s))
		case "source":
			e.source = chat.OrEmpty(chat.OptText(s))
		case "timestamp":
			e.timestamp = chat.OrEmpty(chat.OptText(s))
		case "llm_response_id":
			e.reply = chat.OrEmpty(chat.OptText(s))
		case "tool_name":
			e.tool = chat.OptText(s)
		case "tool_call_id":
			e.callID = chat.OptText(s)
		case "observation":
			e.observed.read(s, &e.rest)
		case "action": // the scaffold's reading of the call
		default:
			if !e.readPolicy(s, f.key) && !e.readScaffold(s, f.key) {
				e.rest.Keep(s, f.key)
			}
		}
	})
}

// readPolicy reads what the policy said.
func (e *sdkEvent) readPolicy(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "llm_message":
		e.readMessage(s)
	case "thought":
		e.thought = readParts(s)
	case "reasoning_content":
		e.reasoning = chat.OptText(s)
	case "thinking_blocks":
		e.thinking = chat.ReadThinking(s)
	case "responses_reasoning_item":
		e.item = readReasoningItem(s)
	case "tool_call":
		e.readCall(s)
	default:
		return false
	}
	return true
}

// readScaffold reads what the scaffold said.
func (e *sdkEvent) readScaffold(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "system_prompt":
		e.prompt = readPart(s)
	case "dynamic_context":
		e.context = readPart(s)
	case "tools":
		if s.Kind() == jsonscan.Array {
			tools := string(chat.Canonical(s.Raw()))
			e.tools = &tools
		}
	case "extended_content":
		e.extended = readParts(s)
	case "error", "rejection_reason", "detail":
		if s.Kind() != jsonscan.String {
			return false
		}
		e.failure = s.OptStr()
	case "code":
		e.code = chat.OptText(s)
	case "summary":
		e.summary = chat.OptText(s)
	case "value": // of a state update: what base_state holds at the end
	case "prompt_token_ids", "response_token_ids", "log_data":
	case "key":
	default:
		return false
	}
	return true
}

func (e *sdkEvent) readMessage(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "thinking_blocks":
			e.thinking = chat.ReadThinking(s)
		case "responses_reasoning_item":
			e.item = readReasoningItem(s)
		default:
			e.message.Field(s, key)
		}
	}
	e.message.End(s)
	e.message.ContentRaw = nil // belongs to the document
}

// readCall reads a call of the SDK, or one as chat APIs write it.
func (e *sdkEvent) readCall(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "id":
			e.call.ID = chat.OptText(s)
		case "name":
			e.call.Name = chat.OrEmpty(chat.OptText(s))
		case "arguments":
			e.call.Arguments = chat.ReadArguments(s)
		case "function":
			e.readCall(s)
		}
	}
}

// readParts joins the texts of a list of parts; a string is one.
func readParts(s *jsonscan.Scanner) *string {
	switch s.Kind() {
	case jsonscan.Array:
		text, _ := chat.ReadContent(s)
		return chat.NonEmpty(chat.OrEmpty(text))
	case jsonscan.String:
		return s.OptStr()
	}
	return nil
}

// readPart reads the text of one part.
func readPart(s *jsonscan.Scanner) (text *string) {
	if s.Kind() != jsonscan.Object {
		return readParts(s)
	}
	for key := range s.Fields() {
		if key == "text" {
			text = chat.OptText(s)
		}
	}
	return text
}

// readReasoningItem reads the visible text of the Responses API's reasoning.
func readReasoningItem(s *jsonscan.Scanner) *string {
	if s.Kind() != jsonscan.Object {
		return nil
	}
	var all []string
	for key := range s.Fields() {
		if key != "summary" && key != "content" || s.Kind() != jsonscan.Array {
			continue
		}
		for range s.Elements() {
			if t := readPart(s); t != nil {
				all = append(all, *t)
			}
		}
	}
	return chat.NonEmpty(strings.Join(all, "\n"))
}

func (o *observation) read(s *jsonscan.Scanner, rest *chat.Rest) {
	if s.Kind() != jsonscan.Object {
		if s.Kind() != jsonscan.Null {
			o.content = readParts(s)
		}
		return
	}
	for key := range s.Fields() {
		switch key {
		case "content":
			if k := s.Kind(); k == jsonscan.Array || k == jsonscan.String {
				o.content, o.omitted = chat.ReadContent(s)
			}
		case "output":
			if s.Kind() == jsonscan.String {
				o.output = s.OptStr()
			}
		case "exit_code":
			o.frame.exitCode = chat.OptInt(s)
		case "metadata":
			o.frame.read(s)
		case "kind", "command", "path", "prev_exist", "old_content", "new_content", "diff", "screenshot_data": // see fates
		default:
			rest.Keep(s, key)
		}
	}
}
