package miniswe

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *document) read(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		d.readMessages(s)
		s.End()
		return
	}
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "trajectory_format":
			keys.Once(s, 0)
			d.format = chat.OrEmpty(s.OptStr())
		case "instance_id":
			keys.Once(s, 1)
			d.instanceID = chat.OrEmpty(s.OptStr())
		case "info":
			keys.Once(s, 2)
			d.info.read(s)
		case "messages":
			keys.Once(s, 3)
			d.readMessages(s)
		}
	}
	s.End()
}

func (d *document) readMessages(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		d.messages = append(d.messages, message{})
		d.messages[i].read(s)
	}
}

func (in *info) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "exit_status":
			keys.Once(s, 0)
			in.exitStatus = s.OptStr()
		case "submission":
			keys.Once(s, 1)
			in.submission = s.OptStr()
		case "model_stats":
			keys.Once(s, 2)
			for key := range s.Fields() {
				switch key {
				case "instance_cost":
					in.cost = s.OptFloat()
				case "api_calls":
					in.apiCalls = s.OptInt()
				}
			}
		case "config":
			keys.Once(s, 3)
			in.config.read(s)
		}
	}
}

func (c *config) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "agent", "model", "environment":
			if s.Kind() == jsonscan.Object {
				c.readPart(s, key)
			}
		}
	}
}

func (c *config) readPart(s *jsonscan.Scanner, part string) {
	for key := range s.Fields() {
		switch part + "." + key {
		case "agent.step_limit", "agent.cost_limit":
			c.sampling.Keep(s, key)
		case "agent.format_error_template", "model.format_error_template":
			c.formatErrorTemplate = chat.OrEmpty(s.OptStr())
		case "agent.timeout_template":
			c.timeoutTemplate = chat.OrEmpty(s.OptStr())
		case "model.model_name":
			c.model = chat.OrEmpty(s.OptStr())
		case "model.model_kwargs":
			if s.Kind() != jsonscan.Object {
				continue
			}
			for key := range s.Fields() {
				c.sampling.Keep(s, key)
			}
		case "environment.image":
			c.image = chat.OrEmpty(s.OptStr())
		}
	}
}

func (m *message) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch {
		case m.Field(s, key):
		case key == "extra":
			keys.Once(s, 0)
			m.extra.read(s, m.shown())
		default:
			m.reply.read(s, key)
		}
	}
	m.reply.end(s, m)
	m.End(s)
	m.ContentRaw, m.reply.raw = nil, nil // belong to the document
}

// shown is what the policy sees of a message, as the document writes it, nil
// where it is not known.
func (m *message) shown() []byte {
	if m.ContentRaw == nil {
		return m.reply.raw
	}
	return m.ContentRaw
}

// read takes what is kept of a message beside its content, which mostly holds
// the raw output and is given as the document writes it, nil where it is not
// known yet.
func (e *extra) read(s *jsonscan.Scanner, content []byte) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "raw_output":
			keys.Once(s, 0)
			e.rawOutput, e.rawShown = s.OptStrOutside(content)
		case "returncode":
			keys.Once(s, 1)
			e.returnCode = s.OptInt()
		case "timestamp":
			if s.Kind() == jsonscan.Number {
				e.timestamp = s.OptFloat()
			}
		case "interrupt_type":
			e.interruptType = s.OptStr()
		case "exception_type":
			e.exceptionType = s.OptStr()
		case "exception_str":
			e.exceptionStr = s.OptStr()
		case "exit_status":
			e.exitStatus = s.OptStr()
		case "submission":
			e.submission = s.OptStr()
		case "actions":
			e.readActions(s)
		case "response":
			if s.Kind() == jsonscan.Object {
				e.readResponse(s)
			}
		}
	}
}

func (e *extra) readActions(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for i := range s.Elements() {
		if i == chat.MaxToolCalls {
			s.Fail(chat.ErrToolCalls)
			return
		}
		if s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key == "command" && s.Kind() == jsonscan.String {
				e.actions = append(e.actions, s.Str())
			}
		}
	}
}

// readResponse takes the two things out of a provider's reply that stand
// nowhere else.
func (e *extra) readResponse(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "usage":
			e.readUsage(s)
		case "choices":
			if s.Kind() != jsonscan.Array {
				continue
			}
			for i := range s.Elements() {
				if i == 0 && s.Kind() == jsonscan.Object {
					e.readChoice(s)
				}
			}
		}
	}
}

func (e *extra) readChoice(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if key != "message" || s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if (key == "reasoning" || key == "reasoning_content") && s.Kind() == jsonscan.String {
				e.reasoning = s.OptStr()
			}
		}
	}
}

func (e *extra) readUsage(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "prompt_tokens", "input_tokens":
			e.promptTokens = s.OptInt()
		case "completion_tokens", "output_tokens":
			e.outputTokens = s.OptInt()
		}
		if e.promptTokens != nil && e.outputTokens != nil {
			break // what follows are shares of them
		}
	}
}
