package codex

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// envelope is one line: its parts where it has a payload, else a bare item or
// the head of an old session.
type envelope struct {
	kind      string
	timestamp string
	payload   []byte // as the line writes it
	isHead    bool
	isState   bool
}

func (e *envelope) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	id, instructions := false, false
	for key := range s.Fields() {
		switch key {
		case "type":
			keys.Once(s, 0)
			e.kind = chat.OrEmpty(chat.OptText(s))
		case "timestamp":
			keys.Once(s, 1)
			e.timestamp = chat.OrEmpty(chat.OptText(s))
		case "payload":
			keys.Once(s, 2)
			if s.Kind() == jsonscan.Object {
				e.payload = s.Raw()
			}
		case "id":
			id = s.Kind() == jsonscan.String
		case "instructions", "git":
			instructions = true
		case "record_type":
			e.isState = true
		}
	}
	e.isHead = e.kind == "" && id && instructions
}

func (h *head) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "id":
			keys.Once(s, 0)
			h.id = chat.OrEmpty(chat.OptText(s))
		case "cli_version":
			keys.Once(s, 1)
			h.version = chat.OrEmpty(chat.OptText(s))
		case "instructions":
			keys.Once(s, 2)
			h.instructions = chat.OptText(s)
		case "base_instructions":
			keys.Once(s, 3)
			h.readBase(s)
		case "parent_thread_id":
			keys.Once(s, 4)
			h.parent = chat.OrEmpty(chat.OptText(s))
		case "source":
			at := s.Mark()
			h.rest.Keep(s, key)
			if h.parent == "" && s.Err() == nil {
				h.parent = parentIn(jsonscan.New(s.Since(at)))
			}
		default:
			h.rest.Keep(s, key)
		}
	}
}

func (h *head) readBase(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		h.instructions = chat.OptText(s)
		return
	}
	for key := range s.Fields() {
		if key == "text" {
			h.instructions = chat.OptText(s)
		}
	}
}

// parentIn finds source.subagent.thread_spawn.parent_thread_id.
func parentIn(s *jsonscan.Scanner) string {
	for _, want := range []string{"subagent", "thread_spawn"} {
		found := false
		if s.Kind() != jsonscan.Object {
			return ""
		}
		var inner []byte
		for key := range s.Fields() {
			if key == want {
				inner, found = s.Raw(), true
			}
		}
		if !found {
			return ""
		}
		s = jsonscan.New(inner)
	}
	parent := ""
	if s.Kind() == jsonscan.Object {
		for key := range s.Fields() {
			if key == "parent_thread_id" {
				parent = chat.OrEmpty(chat.OptText(s))
			}
		}
	}
	return strings.Clone(parent)
}

func (c *turnContext) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "model":
			c.model = chat.OrEmpty(chat.OptText(s))
		case "effort":
			c.effort = chat.OrEmpty(chat.OptText(s))
		default:
			c.rest.Keep(s, key)
		}
	}
}

func (it *item) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "type":
			keys.Once(s, 0)
			it.kind = chat.OrEmpty(chat.OptText(s))
		case "role":
			keys.Once(s, 1)
			it.role = chat.OrEmpty(chat.OptText(s))
		case "content":
			keys.Once(s, 2)
			it.content = chat.ReadParts(s, &it.rest)
		case "message":
			keys.Once(s, 3)
			it.text = chat.OptText(s)
		case "summary":
			keys.Once(s, 4)
			it.summary = chat.ReadParts(s, &it.rest)
		case "name":
			keys.Once(s, 5)
			it.name = chat.OrEmpty(chat.OptText(s))
		case "arguments", "input", "action", "query":
			keys.Once(s, 8+slices.Index(argumentKeys, key))
			if it.arguments != nil {
				it.rest.Keep(s, key)
				continue
			}
			it.arguments = readArguments(s)
		case "call_id":
			keys.Once(s, 6)
			it.callID = chat.OptText(s)
		case "output":
			keys.Once(s, 7)
			it.readOutput(s)
		case "exit_code":
			it.exitCode = optInt(s)
		case "aggregated_output":
			it.raw = chat.OptText(s)
		case "reason":
			it.reason = chat.OrEmpty(chat.OptText(s))
		case "info":
			it.readInfo(s)
		case "encrypted_content", "replacement_history", "rate_limits", "id": // see the fates
		default:
			it.rest.Keep(s, key)
		}
	}
}

// argumentKeys are what items of different kinds call what a tool was given.
var argumentKeys = []string{"arguments", "input", "action", "query"}

func optInt(s *jsonscan.Scanner) *int64 {
	if s.Kind() != jsonscan.Number {
		return nil
	}
	return s.OptInt()
}

func readArguments(s *jsonscan.Scanner) *string {
	switch s.Kind() {
	case jsonscan.String:
		return s.OptStr()
	case jsonscan.Null:
		return nil
	}
	raw := s.RawText()
	return &raw
}

// readOutput reads what a tool gave back: a string, parts, or {content, success}.
func (it *item) readOutput(s *jsonscan.Scanner) {
	switch s.Kind() {
	case jsonscan.Object:
		var rest chat.Rest
		for key := range s.Fields() {
			if key == "content" || key == "body" && it.output == nil {
				it.output = chat.ReadParts(s, &rest)
				continue
			}
			rest.Keep(s, key)
		}
		it.rest.SetJSON("output", rest.JSON())
	default:
		it.output = chat.ReadParts(s, &it.rest)
	}
}

// readInfo takes the running total out of a count of tokens.
func (it *item) readInfo(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if key != "total_token_usage" || s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			switch key {
			case "input_tokens":
				it.total.input = optInt(s)
			case "output_tokens":
				it.total.output = optInt(s)
			}
		}
	}
}
