package verifier

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
	"github.com/swerm/swerm/sources/rows"
)

// Format is rows made for training verifiers.
type Format struct{}

const formatName = "verifier-rows"

// Name returns "verifier-rows".
func (Format) Name() string { return formatName }

// Detect claims rows whose messages ask about a run in the text of one of them.
func (Format) Detect(sh format.Shape) bool {
	return sh.Kind == jsonscan.Object && !sh.Lines && rows.Judged(sh)
}

// Decode reads the run that a row asks about.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		r, err := decode(d)
		if err != nil {
			yield(nil, fmt.Errorf("verifier: %w", err))
			return
		}
		yield(r, nil)
	}
}

func decode(d format.Document) (*format.Record, error) {
	s := jsonscan.New(d.Data)
	var doc document
	if doc.read(s); !doc.found {
		s.Fail(rows.ErrNoDialogue)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	messages, err := doc.dialogue()
	if err != nil {
		return nil, err
	}
	return doc.row.Record(s, d, formatName, messages)
}

// dialogue is the run that is judged. What the verifier answers is a claim about
// it, whatever it says; what it is told about its work is no part of the run, and
// in some sets the log begins with that too.
func (d *document) dialogue() ([]pipeline.Message, error) {
	var messages []pipeline.Message
	instructions := ""
	for i := range d.prompts {
		p := &d.prompts[i]
		text := chat.OrEmpty(p.text)
		role, _ := chat.RoleOf(p.role)
		switch {
		case strings.Contains(text, rows.InteractionLog) && messages == nil:
			r, err := readLog(text)
			if err != nil {
				return nil, err
			}
			d.row.Patch, messages = r.patch, r.messages(instructions)
		case role == pipeline.RoleSystem:
			instructions = strings.TrimSpace(text)
		case role == pipeline.RoleAssistant:
			d.row.Verdict = p.text
		}
	}
	if messages == nil {
		return nil, ErrLog
	}
	return messages, nil
}

func (r *run) messages(instructions string) []pipeline.Message {
	all := make([]pipeline.Message, 0, len(r.turns)+1)
	last := -1
	for i := range r.turns {
		t := &r.turns[i]
		role, known := chat.RoleOf(t.role)
		if role == pipeline.RoleSystem && strings.TrimSpace(t.text) == instructions {
			continue
		}
		m := pipeline.Message{Role: role, Content: &t.text}
		if !known {
			chat.Note(&m, "role", t.role)
		}
		if t.step > last+1 && last >= 0 {
			chat.Note(&m, "steps_left_out", t.step-last-1) // the set's authors cut long runs
		}
		last = max(last, t.step)
		all = append(all, m)
	}
	return all
}
