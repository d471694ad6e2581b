package sharegpt

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
	"github.com/swerm/swerm/sources/rows"
)

// Format is rows of conversations.
type Format struct{}

const formatName = "sharegpt"

// Name returns "sharegpt".
func (Format) Name() string { return formatName }

// Detect claims rows with a list of turns that say whom they are from, unless
// they ask about another run.
func (Format) Detect(sh format.Shape) bool {
	turns := func(key string) bool { return sh.Has(key, "from") && sh.Has(key, "value") }
	return sh.Kind == jsonscan.Object && !sh.Lines && slices.ContainsFunc(dialogues, turns) && !rows.Judged(sh)
}

// Decode reads the one attempt of a row.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc document
		if doc.read(s); !doc.found {
			s.Fail(rows.ErrNoDialogue)
		}
		r, err := doc.row.Record(s, d, formatName, doc.dialogue())
		if err != nil {
			yield(nil, fmt.Errorf("sharegpt: %w", err))
			return
		}
		yield(r, nil)
	}
}

// dialogue is the turns, after the system prompt that stands beside them.
func (d *document) dialogue() []pipeline.Message {
	if strings.TrimSpace(chat.OrEmpty(d.system)) == "" {
		return d.messages
	}
	first := pipeline.Message{Role: pipeline.RoleSystem, Content: d.system}
	return slices.Insert(d.messages, 0, first)
}

func (t *turn) message() pipeline.Message {
	role, known := chat.RoleOf(t.from)
	if !known {
		t.rest.Set("from", t.from)
	}
	m := pipeline.Message{Role: role, Content: t.value, Mask: t.mask.Value}
	if t.from == "function_call" {
		if calls := readCalls(chat.OrEmpty(t.value)); calls != nil {
			m.Content, m.ToolCalls = nil, calls
		}
	}
	t.mask.Rest(&t.rest)
	if t.omitted != nil {
		t.rest.Set("omitted_parts", t.omitted)
	}
	if t.repaired > 0 {
		t.rest.Set("invalid_utf8", t.repaired)
	}
	m.Extra = t.rest.JSON()
	return m
}

// readCalls reads a value that is one call in JSON, or a list of them, and
// nothing else; nil where it is text.
func readCalls(value string) []pipeline.ToolCall {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "[") {
		return nil
	}
	s := jsonscan.New([]byte(value))
	var calls []pipeline.ToolCall
	if s.Kind() == jsonscan.Array {
		for i := range s.Elements() {
			if i == chat.MaxToolCalls {
				return nil
			}
			calls = append(calls, readCall(s))
		}
	} else {
		calls = append(calls, readCall(s))
	}
	s.End()
	if s.Err() != nil || slices.ContainsFunc(calls, func(c pipeline.ToolCall) bool { return c.Name == "" }) {
		return nil
	}
	return calls
}

func readCall(s *jsonscan.Scanner) pipeline.ToolCall {
	c, known := chat.ReadCall(s)
	if !known {
		c.Name = "" // it says more than a call does, and stays text
	}
	return c
}
