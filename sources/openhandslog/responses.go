package openhandslog

import (
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

// readItems reads a list of items of the Responses API.
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
		var it chat.Item
		var extra chat.Rest
		it.Read(s, func(key string) { extra.Keep(s, key) })
		it.End(s)
		if it.OfPolicy() {
			if turn == nil {
				all = append(all, message{})
				turn = &all[len(all)-1]
				turn.Role = it.Role
			}
			it.Join(&turn.Message)
			continue
		}
		turn = nil
		all = append(all, message{Message: it.Message, extra: extra})
	}
	return all
}
