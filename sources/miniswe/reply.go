package miniswe

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// A reply is what a message has instead of a role where models are asked over
// the Responses API: a whole response with the items that the policy wrote, or
// an item with what a call returned. Its output is read when it is known which.
type reply struct {
	object string // "response"
	kind   string // "function_call_output"; also "message", which has a role
	callID *string
	status string // of a response
	usage  extra  // the tokens of a response
	output int    // where it begins, 0 where there is none
	raw    []byte // of a string, as the document writes it
}

// read reads the value of a key of a message.
func (r *reply) read(s *jsonscan.Scanner, key string) {
	switch key {
	case "object":
		r.object = chat.OrEmpty(chat.OptText(s))
	case "type":
		r.kind = chat.OrEmpty(chat.OptText(s))
	case "call_id":
		r.callID = chat.OptText(s)
	case "status":
		r.status = chat.OrEmpty(chat.OptText(s))
	case "usage":
		r.usage.readUsage(s)
	case "output":
		r.output = s.Mark()
		if s.Kind() == jsonscan.String {
			r.raw = s.Raw()
		}
	}
}

// unfinished is the status of a response that is not whole, such as incomplete.
func (r *reply) unfinished() string {
	if r.object != "response" || r.status == "completed" {
		return ""
	}
	return r.status
}

// end gives a message without a role the one that follows from its kind, and
// what goes with it.
func (r *reply) end(s *jsonscan.Scanner, m *message) {
	if m.Role != "" || r.output == 0 {
		return
	}
	s.At(r.output, "output", func() {
		switch {
		case r.object == "response":
			m.Role = string(pipeline.RoleAssistant)
			m.extra.promptTokens, m.extra.outputTokens = r.usage.promptTokens, r.usage.outputTokens
			readItems(s, &m.Message)
		case r.kind == "function_call_output":
			m.Role, m.ToolCallID = string(pipeline.RoleTool), r.callID
			m.Field(s, "content")
		}
	})
}

// readItems reads what the policy wrote. Of items that are neither text nor a
// call of a function their kind is kept.
func readItems(s *jsonscan.Scanner, m *chat.Message) {
	for i := range s.Elements() {
		if i == chat.MaxToolCalls {
			s.Fail(chat.ErrToolCalls)
			return
		}
		var it chat.Item
		switch it.Read(s, func(string) {}); {
		case it.OfPolicy():
			it.Join(m)
		default:
			m.Omitted = append(m.Omitted, it.Kind)
		}
	}
}
