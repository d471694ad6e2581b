package openhands

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// An event is one of the flat stream: an action or an observation. Producers
// before the flat stream wrote what belongs to args and extras beside them.
type event struct {
	timestamp   string
	source      string // user, agent, environment; "" in the first producers
	action      string
	observation string
	content     *string
	args        fields // of an action
	extras      fields // of an observation
	call        int    // where the value of callKey begins, -1 without
}

// callKey holds the provider's reply that an action was taken from.
const callKey = "tool_call_metadata"

func (e *event) read(s *jsonscan.Scanner, all fields) {
	var loose fields
	e.call = -1
	all.each(s, func(f *field) {
		switch f.key {
		case "id", "cause", "message", "llm_metrics", "success", "timeout": // stepped over: see fates
		case "timestamp":
			e.timestamp = chat.OrEmpty(chat.OptText(s))
		case "source":
			e.source = chat.OrEmpty(chat.OptText(s))
		case "action":
			e.action = chat.OrEmpty(chat.OptText(s))
		case "observation":
			e.observation = chat.OrEmpty(chat.OptText(s))
		case "content":
			if k := s.Kind(); k == jsonscan.String || k == jsonscan.Array {
				e.content, _ = chat.ReadContent(s)
			}
		case "args":
			e.args.takeAll(s, f.key)
		case "extras":
			e.extras.takeAll(s, f.key)
		case callKey:
			if s.Kind() == jsonscan.Object {
				e.call = f.at
			}
		default:
			loose = append(loose, *f)
		}
	})
	if e.observation != "" {
		e.extras = append(e.extras, loose...)
	} else {
		e.args = append(e.args, loose...)
	}
}

// A callRef says which call of which reply an event belongs to.
type callRef struct {
	id       *string
	function *string
	reply    []byte // the provider's, as the document writes it
}

func (c *callRef) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "tool_call_id":
			c.id = chat.OptText(s)
		case "function_name":
			c.function = chat.OptText(s)
		case "model_response":
			c.reply = s.Raw()
		}
	}
}

// A reply is what is kept of a provider's reply.
type reply struct {
	message  chat.Message
	thinking *string
	model    string
	tokens   tokens
	known    bool // there is a message
}

// tokens are what a call took, or a run.
type tokens struct {
	prompt, completion *int64
}

func (r *reply) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if key != "model_response" || s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			switch key {
			case "model":
				r.model = chat.OrEmpty(chat.OptText(s))
			case "usage":
				r.tokens = readTokens(s)
			case "choices":
				if s.Kind() != jsonscan.Array {
					continue
				}
				for i := range s.Elements() {
					if i == 0 && s.Kind() == jsonscan.Object {
						r.readChoice(s)
					}
				}
			}
		}
	}
}

func (r *reply) readChoice(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if key != "message" || s.Kind() != jsonscan.Object {
			continue
		}
		r.known = true
		for key := range s.Fields() {
			if key == "thinking_blocks" {
				r.thinking = chat.ReadThinking(s)
				continue
			}
			r.message.Field(s, key)
		}
		if r.message.Role == "" {
			r.message.Role = "assistant"
		}
		r.message.End(s)
	}
}

// read takes a number of tokens, as providers and the scaffold's own sums name
// them, and reports whether key is one.
func (t *tokens) read(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "prompt_tokens":
		t.prompt = chat.OptInt(s)
	case "completion_tokens":
		t.completion = chat.OptInt(s)
	default:
		return false
	}
	return true
}

func readTokens(s *jsonscan.Scanner) (t tokens) {
	if s.Kind() != jsonscan.Object {
		return t
	}
	for key := range s.Fields() {
		t.read(s, key)
	}
	return t
}
