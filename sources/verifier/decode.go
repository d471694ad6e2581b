package verifier

import (
	"fmt"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxPrompts bounds the messages of one row: a prompt, a log, a verdict.
const maxPrompts = 16

var errPrompts = fmt.Errorf("more than %d messages around an interaction log", maxPrompts)

func (d *document) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if (key == "messages" || key == "conversations") && s.Kind() == jsonscan.Array && !d.found {
			d.row.Done(s, key)
			d.readPrompts(s)
			continue
		}
		d.row.Note(s, key)
	}
	s.End()
}

func (d *document) readPrompts(s *jsonscan.Scanner) {
	d.found = true
	for i := range s.Elements() {
		if i == maxPrompts {
			s.Fail(errPrompts)
			return
		}
		var p prompt
		p.read(s)
		d.prompts = append(d.prompts, p)
	}
}

// read takes a message in the words of either API.
func (p *prompt) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "role", "from":
			keys.Once(s, 0)
			p.role = s.Str()
		case "content", "value":
			keys.Once(s, 1)
			p.text, _ = chat.ReadContent(s)
		}
	}
	if p.role == "" {
		s.Fail(chat.ErrRole)
	}
}
