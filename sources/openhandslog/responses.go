package openhandslog

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// readInstructions puts the system's message of the Responses API in front.
func (d *document) readInstructions(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.String {
		return
	}
	var m message
	m.Role, m.Content = "system", s.OptStr()
	d.messages = append([]message{m}, d.messages...)
}

// An item is one of the Responses API: a message, a call, what a call returned,
// or reasoning.
type item struct {
	message
	kind      string
	callID    *string
	arguments string
	output    *string
	summary   []string
}

// readItems reads a list of items. Calls and reasoning that stand side by side
// are of one turn of the policy.
func readItems(s *jsonscan.Scanner) (all []message) {
	var turn *message // the policy's, while it lasts
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		if s.Kind() != jsonscan.Object {
			continue
		}
		var it item
		it.read(s)
		if it.ofPolicy() {
			if turn == nil {
				all = append(all, message{})
				turn = &all[len(all)-1]
				turn.Role = "assistant"
			}
			it.join(turn)
			continue
		}
		turn = nil
		all = append(all, it.message)
	}
	return all
}

func (it *item) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "type":
			it.kind = chat.OrEmpty(chat.OptText(s))
		case "call_id":
			it.callID = chat.OptText(s)
		case "arguments":
			it.arguments = chat.ReadArguments(s)
		case "output":
			if k := s.Kind(); k == jsonscan.String || k == jsonscan.Array {
				it.output, _ = chat.ReadContent(s)
			}
		case "summary":
			it.readSummary(s)
		case "id", "status", "encrypted_content": // see fates
		default:
			if !it.Field(s, key) {
				it.extra.Keep(s, key)
			}
		}
	}
	it.ContentRaw = nil // belongs to the document
	switch it.kind {
	case "function_call_output":
		it.Role, it.Content, it.ToolCallID = "tool", it.output, it.callID
	case "function_call", "reasoning":
		it.Role = "assistant"
	}
	it.End(s)
}

func (it *item) readSummary(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for range s.Elements() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key == "text" {
				it.summary = append(it.summary, chat.OrEmpty(chat.OptText(s)))
			}
		}
	}
}

func (it *item) ofPolicy() bool { return it.Role == "assistant" }

// join adds an item of the policy to its turn.
func (it *item) join(turn *message) {
	switch it.kind {
	case "function_call":
		turn.call(pipeline.ToolCall{ID: it.callID, Name: chat.OrEmpty(it.Name), Arguments: it.arguments})
	case "reasoning":
		turn.Reasoning = below(turn.Reasoning, strings.Join(it.summary, "\n"))
	default:
		turn.Content = below(turn.Content, chat.OrEmpty(it.Content))
		turn.Omitted = append(turn.Omitted, it.Omitted...)
	}
	turn.Repaired += it.Repaired
}

func below(text *string, more string) *string {
	if more == "" {
		return text
	}
	if text != nil {
		more = *text + "\n" + more
	}
	return &more
}
