package autocoderover

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (m *meta) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "task_id":
			keys.Once(s, 0)
			m.taskID = chat.OrEmpty(s.OptStr())
		case "task_info":
			keys.Once(s, 1)
			m.readTask(s)
		case "setup_info": // see the fates
		default:
			m.rest.Keep(s, key)
		}
	}
	s.End()
}

func (m *meta) readTask(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "repo":
			m.repo = chat.OptText(s)
		case "base_commit":
			m.baseCommit = chat.OptText(s)
		case "created_at":
			m.createdAt = chat.OptText(s)
		case "version":
			m.rest.Keep(s, key)
		}
	}
}

// readConversation reads a list of messages.
func readConversation(doc []byte) ([]message, int, error) {
	s := jsonscan.New(doc)
	var all []message
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			break
		}
		all = append(all, message{})
		m := &all[i]
		for key := range s.Fields() {
			if !m.Field(s, key) {
				m.rest.Keep(s, key)
			}
		}
		m.End(s)
		m.ContentRaw = nil // belongs to the document
	}
	s.End()
	return all, s.Repaired(), s.Err()
}
