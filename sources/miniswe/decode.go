package miniswe

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// Limits on one document. Runs are cut off by the scaffold at a few hundred
// steps; what is far past that is not a run.
const (
	maxMessages  = 100_000
	maxToolCalls = 1_000 // of one message
)

var (
	errMessages  = fmt.Errorf("more than %d messages", maxMessages)
	errToolCalls = fmt.Errorf("more than %d tool calls", maxToolCalls)
	errRole      = errors.New("a message without a role")
)

// seen finds a known key that appears twice: what such a document means
// depends on its reader, so it is refused.
type seen uint64

func (b *seen) once(s *jsonscan.Scanner, bit int) {
	if *b&(1<<bit) != 0 {
		s.Fail(jsonscan.ErrDuplicate)
	}
	*b |= 1 << bit
}

func (d *document) read(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		d.readMessages(s)
		s.End()
		return
	}
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "trajectory_format":
			keys.once(s, 0)
			d.format = orEmpty(s.OptStr())
		case "instance_id":
			keys.once(s, 1)
			d.instanceID = orEmpty(s.OptStr())
		case "info":
			keys.once(s, 2)
			d.info.read(s)
		case "messages":
			keys.once(s, 3)
			d.readMessages(s)
		}
	}
	s.End()
}

func (d *document) readMessages(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == maxMessages {
			s.Fail(errMessages)
			return
		}
		d.messages = append(d.messages, message{})
		d.messages[i].read(s)
	}
}

func (in *info) read(s *jsonscan.Scanner) {
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "exit_status":
			keys.once(s, 0)
			in.exitStatus = s.OptStr()
		case "submission":
			keys.once(s, 1)
			in.submission = s.OptStr()
		case "model_stats":
			keys.once(s, 2)
			for key := range s.Fields() {
				switch key {
				case "instance_cost":
					in.cost = s.OptFloat()
				case "api_calls":
					in.apiCalls = s.OptInt()
				}
			}
		case "config":
			keys.once(s, 3)
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
			c.keep(s, key)
		case "agent.format_error_template", "model.format_error_template":
			c.formatErrorTemplate = orEmpty(s.OptStr())
		case "agent.timeout_template":
			c.timeoutTemplate = orEmpty(s.OptStr())
		case "model.model_name":
			c.model = orEmpty(s.OptStr())
		case "model.model_kwargs":
			if s.Kind() != jsonscan.Object {
				continue
			}
			for key := range s.Fields() {
				c.keep(s, key)
			}
		case "environment.image":
			c.image = orEmpty(s.OptStr())
		}
	}
}

// keep remembers a sampling parameter whose value is a number, a boolean or a
// short string.
func (c *config) keep(s *jsonscan.Scanner, key string) {
	if !isSampling(key) {
		return
	}
	switch s.Kind() {
	case jsonscan.Number, jsonscan.Bool, jsonscan.String:
	default:
		return
	}
	name := string(append([]byte(nil), key...))
	if raw := s.Raw(); len(raw) <= 64 {
		if c.sampling == nil {
			c.sampling = map[string]string{}
		}
		c.sampling[name] = string(raw)
	}
}

// isSampling lists what shapes a policy's output. Everything else in a config
// stays behind.
func isSampling(key string) bool {
	switch key {
	case "temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "max_completion_tokens", "presence_penalty",
		"frequency_penalty", "repetition_penalty", "reasoning_effort", "verbosity", "parallel_tool_calls", "step_limit", "cost_limit":
		return true
	}
	return false
}

func (m *message) read(s *jsonscan.Scanner) {
	before := s.Repaired()
	var keys seen
	var content []byte // as the document writes it
	for key := range s.Fields() {
		switch key {
		case "role":
			keys.once(s, 0)
			m.role = s.Str()
		case "content":
			keys.once(s, 1)
			at, kind, repaired := s.Mark(), s.Kind(), s.Repaired()
			m.content, m.omitted = readContent(s)
			if kind == jsonscan.String && s.Repaired() == repaired {
				content = s.Since(at)
			}
		case "reasoning_content", "reasoning": // some providers write both
			if m.reasoning == nil && s.Kind() == jsonscan.String {
				m.reasoning = s.OptStr()
			}
		case "tool_calls":
			keys.once(s, 3)
			m.readToolCalls(s)
		case "tool_call_id":
			keys.once(s, 4)
			m.toolCallID = s.OptStr()
		case "name":
			keys.once(s, 5)
			m.name = s.OptStr()
		case "extra":
			keys.once(s, 6)
			m.extra.read(s, content)
		}
	}
	if m.role == "" {
		s.Fail(errRole)
	}
	m.repaired = s.Repaired() - before
}

// readContent reads a string, null, or a list of parts, whose texts are joined
// by line feeds; the kinds of other parts are returned.
func readContent(s *jsonscan.Scanner) (text *string, omitted []string) {
	if s.Kind() != jsonscan.Array {
		return s.OptStr(), nil
	}
	var parts []string
	for range s.Elements() {
		var kind string
		var part *string
		if s.Kind() == jsonscan.String {
			part = s.OptStr()
		} else {
			for key := range s.Fields() {
				switch key {
				case "type":
					kind = orEmpty(s.OptStr())
				case "text":
					part = s.OptStr()
				}
			}
		}
		if part == nil {
			omitted = append(omitted, kind)
		} else {
			parts = append(parts, *part)
		}
	}
	joined := strings.Join(parts, "\n")
	return &joined, omitted
}

func (m *message) readToolCalls(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == maxToolCalls {
			s.Fail(errToolCalls)
			return
		}
		var c toolCall
		for key := range s.Fields() {
			switch key {
			case "id":
				c.id = s.OptStr()
			case "function":
				for key := range s.Fields() {
					switch key {
					case "name":
						c.name = orEmpty(s.OptStr())
					case "arguments":
						c.arguments = readArguments(s)
					}
				}
			}
		}
		m.toolCalls = append(m.toolCalls, c)
	}
}

// readArguments reads a JSON string; a provider that gave an object instead has
// it kept as it was written.
func readArguments(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Object {
		return string(s.Raw())
	}
	return orEmpty(s.OptStr())
}

// read takes what is kept of a message beside its content, which mostly holds
// the raw output and is given as the document writes it, nil where it is not
// known yet.
func (e *extra) read(s *jsonscan.Scanner, content []byte) {
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "raw_output":
			keys.once(s, 0)
			e.rawOutput, e.rawShown = s.OptStrOutside(content)
		case "returncode":
			keys.once(s, 1)
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
		if i == maxToolCalls {
			s.Fail(errToolCalls)
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
		case "prompt_tokens":
			e.promptTokens = s.OptInt()
		case "completion_tokens":
			e.outputTokens = s.OptInt()
		}
		if e.promptTokens != nil && e.outputTokens != nil {
			break // what follows are shares of them
		}
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
