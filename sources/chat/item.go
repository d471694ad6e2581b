package chat

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/jsonscan"
)

// An Item is one of OpenAI's Responses API: a message, a call, what a call
// returned, or reasoning. Calls and reasoning that stand side by side are of one
// turn of the policy.
type Item struct {
	Message
	Kind string // its type

	callID    *string
	arguments string
	output    *string
	summary   Texts
}

// Read reads an item. Keys that are no item's go to other, which reads or leaves
// their values.
func (it *Item) Read(s *jsonscan.Scanner, other func(key string)) {
	for key := range s.Fields() {
		switch key {
		case "type":
			it.Kind = OrEmpty(OptText(s))
		case "call_id":
			it.callID = OptText(s)
		case "arguments":
			it.arguments = ReadArguments(s)
		case "output":
			if k := s.Kind(); k == jsonscan.String || k == jsonscan.Array {
				it.output, _ = ReadContent(s)
			}
		case "summary":
			it.readSummary(s)
		case "id", "status", "encrypted_content": // the provider's
		default:
			if !it.Field(s, key) {
				other(key)
			}
		}
	}
	it.ContentRaw = nil // belongs to the document
	switch it.Kind {
	case "function_call_output":
		it.Role, it.Content, it.ToolCallID = string(pipeline.RoleTool), it.output, it.callID
	case "function_call", "reasoning":
		it.Role = string(pipeline.RoleAssistant)
	}
}

func (it *Item) readSummary(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for range s.Elements() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key == "text" {
				it.summary.Add(OptText(s))
			}
		}
	}
}

// OfPolicy says whether the policy wrote the item.
func (it *Item) OfPolicy() bool { return it.Role == string(pipeline.RoleAssistant) }

// Join adds an item of the policy to its turn.
func (it *Item) Join(turn *Message) {
	switch it.Kind {
	case "function_call":
		turn.ToolCalls = append(turn.ToolCalls, pipeline.ToolCall{ID: it.callID, Name: OrEmpty(it.Name), Arguments: it.arguments})
	case "reasoning":
		turn.Reasoning = below(turn.Reasoning, strings.Join(it.summary.Parts(), "\n"))
		turn.Reasoning = below(turn.Reasoning, OrEmpty(it.Content)) // of models that show theirs
	default:
		turn.Content = below(turn.Content, OrEmpty(it.Content))
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
