package openai

import (
	"sync"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// dialogues are the keys that a dialogue stands under, the first of them that a
// row has decides.
var dialogues = []string{"messages", "trajectory", "conversations", "conversation", "chat", "dialogue"}

// read takes the dialogue where it meets one under its usual key and notes the
// rest, which is read once all keys are known.
func (d *document) read(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.Array {
		d.readMessages(s)
		s.End()
		return
	}
	for key := range s.Fields() {
		if key == dialogues[0] && s.Kind() == jsonscan.Array {
			d.row.Done(s, key)
			d.readMessages(s)
			continue
		}
		d.row.Note(s, key)
	}
	s.End()
	for _, key := range dialogues {
		if d.found || s.Err() != nil {
			return
		}
		d.row.Take(s, key, jsonscan.Array, func() { d.readMessages(s) })
		d.row.Take(s, key, jsonscan.String, func() { s.Inner(d.readMessages) })
	}
}

// dialogueBuffers are used again: how many messages there are is known at their
// end, and a list that grows until then is allocated twice over.
var dialogueBuffers = sync.Pool{New: func() any { return new([]pipeline.Message) }}

func (d *document) readMessages(s *jsonscan.Scanner) {
	d.found = s.Kind() == jsonscan.Array
	all := dialogueBuffers.Get().(*[]pipeline.Message)
	*all = appendMessages((*all)[:0], s)
	d.messages = append(d.messages, *all...)
	clear(*all)
	dialogueBuffers.Put(all)
}

func appendMessages(all []pipeline.Message, s *jsonscan.Scanner) []pipeline.Message {
	var m message // one for all: it does not outlive its turn
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return all
		}
		m = message{}
		if m.read(s); s.Err() != nil {
			return all
		}
		all = m.appendTo(all)
	}
	return all
}

func (m *message) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		at, kind := s.Mark(), s.Kind()
		switch {
		case kind == jsonscan.Null:
			m.seeNull(s, key)
		case key == "tool_calls" && kind == jsonscan.String:
			m.readCallsInString(s)
		case m.Field(s, key):
			if key == "content" && len(m.Omitted) > 0 {
				m.parts = s.Since(at)
			}
		case m.known(s, key):
		default:
			m.rest.Keep(s, key)
		}
	}
	m.End(s)
	m.finish()
}

// seeNull lets a key that is there twice be found although one says nothing.
func (m *message) seeNull(s *jsonscan.Scanner, key string) {
	switch key {
	case "role", "content", "tool_calls", "tool_call_id", "name":
		m.Field(s, key)
	}
}

// readCallsInString reads calls that a table without nested lists holds as JSON.
func (m *message) readCallsInString(s *jsonscan.Scanner) {
	m.seen.Once(s, 0)
	s.Inner(func(in *jsonscan.Scanner) {
		if in.Kind() != jsonscan.None {
			m.ToolCalls = chat.ReadToolCalls(in)
		}
	})
}

// readTrue reads a value that may be true; a damaged one is not.
func readTrue(s *jsonscan.Scanner) bool {
	if s.Kind() != jsonscan.Bool {
		return false
	}
	v := s.OptBool()
	return v != nil && *v
}

// known reads the keys that harnesses add to a message.
func (m *message) known(s *jsonscan.Scanner, key string) bool {
	switch key {
	case "message_type":
		m.messageType = chat.OrEmpty(chat.OptText(s))
	case "agent":
		return s.Kind() == jsonscan.String // the same in every turn
	case "is_demo":
		m.demo = readTrue(s)
	case "thought":
		m.thought = chat.OptText(s)
	case "action":
		m.action = chat.OptText(s)
	case "thinking_blocks":
		m.thinking = chat.ReadThinking(s)
	case "tool_call_ids":
		m.readCallIDs(s)
	case "function_call":
		m.readFunctionCall(s)
	case "cache_control":
		return true // a hint to the provider
	case "reward", "step_reward":
		return m.readReward(s)
	default:
		return m.mask.Field(s, key)
	}
	return true
}

func (m *message) readCallIDs(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	for i := range s.Elements() {
		if i == chat.MaxToolCalls {
			s.Fail(chat.ErrToolCalls)
			return
		}
		if id := chat.OptText(s); id != nil {
			m.toolCallIDs = append(m.toolCallIDs, *id)
		}
	}
}

// readFunctionCall reads the form of a call before there were several.
func (m *message) readFunctionCall(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	c, _ := chat.ReadCall(s)
	m.deprecated = &c
}

func (m *message) readReward(s *jsonscan.Scanner) bool {
	if m.reward != nil || s.Kind() != jsonscan.Number {
		return false
	}
	m.reward = s.OptFloat()
	return true
}
