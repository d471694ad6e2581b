package openhandslog

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *document) read(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		d.messages = readMessages(s)
		d.prompt = len(d.messages)
		s.End()
		return
	}
	d.readKeys(s)
	s.End()
	d.readDialogue(s)
}

// readKeys reads a log but for its lists and answers.
func (d *document) readKeys(s *jsonscan.Scanner) {
	d.at = map[string]int{}
	var keys chat.Seen
	for key := range s.Fields() {
		if i := slices.Index(places, key); i >= 0 {
			keys.Once(s, i)
			if k := s.Kind(); k == jsonscan.Array || k == jsonscan.Object {
				d.at[places[i]] = s.Mark()
			}
			continue
		}
		switch key {
		case "kwargs":
			keys.Once(s, len(places))
			d.readKwargs(s)
		case "tools":
			keys.Once(s, len(places)+1)
			d.readTools(s)
		case "error":
			keys.Once(s, len(places)+2)
			d.failure.read(s, &d.rest)
		case "cost":
			keys.Once(s, len(places)+3)
			d.call.cost = chat.OptFloat(s)
		case "instructions":
			keys.Once(s, len(places)+4)
			d.readInstructions(s)
		default:
			d.rest.Keep(s, key)
		}
	}
}

// readDialogue picks the encoding with calls where there are two.
func (d *document) readDialogue(s *jsonscan.Scanner) {
	list, answer := "messages", "response"
	for _, name := range []string{"fncall_messages", "raw_messages", "input"} {
		if d.has(s, name) {
			list = name
			break
		}
	}
	if _, ok := d.at["fncall_response"]; ok && list == "fncall_messages" {
		answer = "fncall_response"
	}
	d.again(s, list, func() {
		if list == "input" {
			d.messages = append(d.messages, readItems(s)...)
		} else {
			d.messages = readMessages(s)
		}
	})
	d.prompt = len(d.messages)
	d.again(s, answer, func() { d.readAnswer(s) })
	if d.model == "" {
		for _, other := range []string{"response", "raw_response"} {
			d.again(s, other, func() { d.readModel(s) })
		}
	}
	if list == "messages" || list == "input" {
		return
	}
	d.again(s, "messages", func() { d.shown = readBeginning(s) })
	text := "raw_response"
	if answer == "fncall_response" {
		text = "response"
	}
	var other document
	d.again(s, text, func() { other.readAnswer(s) })
	if d.answered && other.answered {
		d.written = other.messages[0].Content
	}
}

func (d *document) again(s *jsonscan.Scanner, key string, read func()) {
	if at, ok := d.at[key]; ok {
		s.At(at, key, read)
	}
}

// has reports whether a list is there and has messages.
func (d *document) has(s *jsonscan.Scanner, key string) (some bool) {
	d.again(s, key, func() {
		if s.Kind() != jsonscan.Array {
			return
		}
		for range s.Elements() {
			some = true
			break
		}
	})
	return some
}

func readMessages(s *jsonscan.Scanner) (all []message) {
	if s.Kind() != jsonscan.Array {
		return nil
	}
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		var m message
		m.read(s)
		all = append(all, m)
	}
	return all
}

// shownMessages is how much of a prompt explains the protocol: the system's
// message, and an example before the issue.
const shownMessages = 2

func readBeginning(s *jsonscan.Scanner) (all []message) {
	if s.Kind() != jsonscan.Array {
		return nil
	}
	for i := range s.Elements() {
		if i == shownMessages {
			break
		}
		var m message
		m.read(s)
		all = append(all, m)
	}
	return all
}

func (m *message) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "thinking_blocks":
			m.thinking = chat.ReadThinking(s)
		case "function_call", "cache_control", "provider_specific_fields", "annotations", "reasoning_details", "responses_reasoning_item": // see fates
		default:
			if !m.Field(s, key) {
				m.extra.Keep(s, key)
			}
		}
	}
	m.End(s)
	m.ContentRaw = nil // belongs to the document
}

// readAnswer reads the first choice of a provider's reply, or the items of one
// of the Responses API.
func (d *document) readAnswer(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "model":
			d.model = chat.OrEmpty(chat.OptText(s))
		case "usage":
			d.call.readUsage(s)
		case "choices":
			if s.Kind() != jsonscan.Array {
				continue
			}
			for i := range s.Elements() {
				if i == 0 && s.Kind() == jsonscan.Object {
					d.readChoice(s)
				}
			}
		case "output":
			if s.Kind() == jsonscan.Array {
				items := readItems(s)
				d.answered = len(items) > 0
				d.messages = append(d.messages, items...)
			}
		case "id", "created", "created_at", "object", "system_fingerprint", "service_tier", "provider", "Output", "Usage", "StopReason": // see fates
		default:
			d.reply.Keep(s, key)
		}
	}
}

func (d *document) readChoice(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if key != "message" || s.Kind() != jsonscan.Object {
			continue
		}
		var m message
		m.Role = "assistant" // some gateways leave it out
		m.read(s)
		d.answered = true
		d.messages = append(d.messages, m)
	}
}

func (d *document) readModel(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if t := (*string)(nil); key == "model" && d.model == "" {
			if t = chat.OptText(s); t != nil {
				d.model = *t
			}
		}
	}
}

// readUsage takes the tokens of a call, under the names of either API.
func (c *call) readUsage(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if s.Kind() != jsonscan.Number {
			continue
		}
		switch key {
		case "prompt_tokens", "input_tokens":
			c.prompt = s.OptInt()
		case "completion_tokens", "output_tokens":
			c.completion = s.OptInt()
		default:
			c.rest.Keep(s, key)
		}
	}
}

func (d *document) readKwargs(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "tools":
			d.readTools(s)
		case "model":
			d.model = chat.OrEmpty(chat.OptText(s))
		case "stop":
			d.kwargs.Keep(s, key)
		default:
			d.sampling.Keep(s, key)
		}
	}
}

func (d *document) readTools(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		tools := string(chat.Canonical(s.Raw()))
		d.tools = &tools
	}
}

func (f *failure) read(s *jsonscan.Scanner, rest *chat.Rest) {
	if s.Kind() != jsonscan.Object {
		rest.Keep(s, "error")
		return
	}
	for key := range s.Fields() {
		switch key {
		case "type":
			f.kind = chat.OrEmpty(chat.OptText(s))
		case "message":
			f.text = chat.OrEmpty(chat.OptText(s))
		case "repr", "traceback": // see fates
		}
	}
	f.kind = strings.TrimSpace(f.kind)
}
