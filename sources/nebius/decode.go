package nebius

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *document) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if key == "trajectory" && s.Kind() == jsonscan.Array {
			d.row.Done(s, key)
			d.readTurns(s)
			continue
		}
		d.row.Note(s, key)
	}
	s.End()
}

func (d *document) readTurns(s *jsonscan.Scanner) {
	d.found = true
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		var t turn
		var rest chat.Rest
		t.read(s, &rest)
		d.messages = append(d.messages, t.message(&rest))
	}
}

func (t *turn) read(s *jsonscan.Scanner, rest *chat.Rest) {
	before := s.Repaired()
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "role":
			keys.Once(s, 0)
			t.role = s.Str()
		case "text":
			keys.Once(s, 1)
			t.text, t.omitted = chat.ReadContent(s)
		case "system_prompt":
			keys.Once(s, 2)
			t.systemPrompt = s.OptStr()
		case "cutoff_date":
			keys.Once(s, 3)
			t.cutoffDate = s.OptStr()
		case "mask":
			keys.Once(s, 4)
			t.mask = s.OptBool()
		default:
			rest.Keep(s, key)
		}
	}
	if t.role == "" {
		s.Fail(chat.ErrRole)
	}
	t.repaired = s.Repaired() - before
}
