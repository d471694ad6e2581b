package sharegpt

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// dialogues are the keys that turns stand under.
var dialogues = []string{"conversations", "conversation", "messages"}

func (d *document) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch {
		case key == dialogues[0] && s.Kind() == jsonscan.Array:
			d.row.Done(s, key)
			d.readTurns(s)
		case (key == "system" || key == "system_prompt") && s.Kind() == jsonscan.String && d.system == nil:
			d.row.Done(s, key)
			d.system = s.OptStr()
		default:
			d.row.Note(s, key)
		}
	}
	s.End()
	for _, key := range dialogues {
		if !d.found {
			d.row.Take(s, key, jsonscan.Array, func() { d.readTurns(s) })
		}
	}
}

func (d *document) readTurns(s *jsonscan.Scanner) {
	d.found = true
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		var t turn
		t.read(s)
		d.messages = append(d.messages, t.message())
	}
}

func (t *turn) read(s *jsonscan.Scanner) {
	before := s.Repaired()
	var keys chat.Seen
	for key := range s.Fields() {
		switch {
		case key == "from":
			keys.Once(s, 0)
			t.from = s.Str()
		case key == "value":
			keys.Once(s, 1)
			t.value, t.omitted = chat.ReadContent(s)
		case t.mask.Field(s, key):
		default:
			t.rest.Keep(s, key)
		}
	}
	if t.from == "" {
		s.Fail(chat.ErrRole)
	}
	t.repaired = s.Repaired() - before
}
