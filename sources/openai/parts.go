package openai

import (
	"fmt"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// A part is an element of a content that is a list. Anthropic's API writes calls
// and what they gave as parts; images and files are parts elsewhere.
type part struct {
	kind   string
	id     *string // of a call, or of the call that is answered
	name   string
	input  string
	text   *string // of a result, or of thinking
	failed bool    // the result is an error
}

// splitParts adds a message whose content has parts that are no text: calls and
// thinking join it, each result of a call is a message of its own, and what is
// left is kept as it is written.
func (m *message) splitParts(all []pipeline.Message, out pipeline.Message) []pipeline.Message {
	var results []pipeline.Message
	s := jsonscan.New(m.parts)
	for i := range s.Elements() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		at := s.Mark()
		p := readPart(s)
		switch p.kind {
		case "text", "input_text", "output_text":
		case "tool_use":
			out.ToolCalls = append(out.ToolCalls, pipeline.ToolCall{ID: p.id, Name: p.name, Arguments: p.input})
		case "tool_result":
			results = append(results, p.result())
		case "thinking":
			if out.Reasoning == nil {
				out.Reasoning = p.text
			}
		default:
			s.At(at, "content", func() { m.rest.Keep(s, fmt.Sprintf("part_%d", i)) })
		}
	}
	out.Extra = m.rest.JSON()
	if len(results) > 0 {
		all = append(all, results...)
		if strings.TrimSpace(chat.OrEmpty(out.Content)) == "" {
			return all
		}
	}
	return append(all, out)
}

func (p *part) result() pipeline.Message {
	m := pipeline.Message{Role: pipeline.RoleTool, ToolCallID: p.id, Content: p.text}
	if p.failed {
		chat.Note(&m, "is_error", true)
	}
	return m
}

func readPart(s *jsonscan.Scanner) part {
	var p part
	for key := range s.Fields() {
		switch key {
		case "type":
			p.kind = chat.OrEmpty(chat.OptText(s))
		case "id", "tool_use_id":
			p.id = chat.OptText(s)
		case "name":
			p.name = chat.OrEmpty(chat.OptText(s))
		case "input":
			p.input = s.RawText()
		case "content":
			p.text, _ = chat.ReadContent(s)
		case "thinking":
			p.text = chat.OptText(s)
		case "is_error":
			p.failed = readTrue(s)
		}
	}
	return p
}
