package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Limits on one document. Runs are cut off by their scaffolds at a few hundred
// steps; what is far past that is not a run.
const (
	MaxMessages  = 100_000
	MaxToolCalls = 1_000 // of one message

	maxRawBytes = 4 << 20 // of a value kept as it is written: schemas of tools
)

// Errors that end a document.
var (
	ErrMessages  = fmt.Errorf("more than %d messages", MaxMessages)
	ErrToolCalls = fmt.Errorf("more than %d tool calls", MaxToolCalls)
	ErrRole      = errors.New("a message without a role")
)

// A Message is one message as a document writes it.
type Message struct {
	Role       string
	Content    *string
	Omitted    []string // kinds of content parts that are not text
	Reasoning  *string
	ToolCallID *string
	Name       *string
	ToolCalls  []pipeline.ToolCall
	Repaired   int // invalid sequences of UTF-8 that were replaced

	ContentRaw []byte // a string content as the document writes it, nil where it is none or was repaired

	seen   Seen
	before int
	begun  bool
}

// Field reads the value of a key that messages have, and reports whether it is
// one. What it leaves is the caller's to read or to leave.
func (m *Message) Field(s *jsonscan.Scanner, key string) bool {
	if !m.begun {
		m.begun, m.before = true, s.Repaired()
	}
	switch key {
	case "role":
		m.seen.Once(s, 0)
		m.Role = s.Str()
	case "content":
		m.seen.Once(s, 1)
		at, kind, repaired := s.Mark(), s.Kind(), s.Repaired()
		m.Content, m.Omitted = ReadContent(s)
		if kind == jsonscan.String && s.Repaired() == repaired {
			m.ContentRaw = s.Since(at)
		}
	case "reasoning_content", "reasoning", "thinking": // some providers write several
		if m.Reasoning == nil && s.Kind() == jsonscan.String {
			m.Reasoning = s.OptStr()
			return true
		}
		return false
	case "tool_calls":
		m.seen.Once(s, 2)
		m.ToolCalls = ReadToolCalls(s)
	case "tool_call_id":
		m.seen.Once(s, 3)
		m.ToolCallID = s.OptStr()
	case "name":
		m.seen.Once(s, 4)
		m.Name = s.OptStr()
	default:
		return false
	}
	return true
}

// End checks what a message must have, once its fields are read.
func (m *Message) End(s *jsonscan.Scanner) {
	if m.Role == "" {
		s.Fail(ErrRole)
	}
	if m.begun {
		m.Repaired = s.Repaired() - m.before
	}
}

// ReadContent reads a string, null, or a list of parts, whose texts are joined
// by line feeds; the kinds of other parts are returned.
func ReadContent(s *jsonscan.Scanner) (text *string, omitted []string) {
	if s.Kind() != jsonscan.Array {
		return s.OptStr(), nil
	}
	var parts []string
	for range s.Elements() {
		kind, part := readPart(s)
		if part == nil {
			omitted = append(omitted, kind)
		} else {
			parts = append(parts, *part)
		}
	}
	joined := strings.Join(parts, "\n")
	return &joined, omitted
}

func readPart(s *jsonscan.Scanner) (kind string, part *string) {
	if s.Kind() == jsonscan.String {
		return "text", s.OptStr()
	}
	for key := range s.Fields() {
		switch key {
		case "type":
			kind = OrEmpty(s.OptStr())
		case "text", "refusal":
			part = s.OptStr()
		}
	}
	return kind, part
}

// ReadToolCalls reads a list of calls, or null.
func ReadToolCalls(s *jsonscan.Scanner) []pipeline.ToolCall {
	var calls []pipeline.ToolCall
	for i := range s.Elements() {
		if i == MaxToolCalls {
			s.Fail(ErrToolCalls)
			return nil
		}
		var c pipeline.ToolCall
		for key := range s.Fields() {
			switch key {
			case "id":
				c.ID = s.OptStr()
			case "function":
				id := c.ID
				c, _ = ReadCall(s)
				c.ID = id
			case "name": // some write what a function holds beside the id
				if name := OptText(s); name != nil && c.Name == "" {
					c.Name = *name
				}
			case "arguments":
				if k := s.Kind(); c.Arguments == "" && (k == jsonscan.String || k == jsonscan.Object) {
					c.Arguments = ReadArguments(s)
				}
			}
		}
		calls = append(calls, c)
	}
	return calls
}

// ReadCall reads an object with the name of a tool and its arguments. It reports
// whether it is one and says nothing else.
func ReadCall(s *jsonscan.Scanner) (c pipeline.ToolCall, whole bool) {
	named, other := false, false
	for key := range s.Fields() {
		switch key {
		case "name":
			c.Name, named = OrEmpty(s.OptStr()), true
		case "arguments":
			c.Arguments = ReadArguments(s)
		default:
			other = true
		}
	}
	return c, named && !other
}

// ReadArguments reads a JSON string; a provider that gave an object instead has
// it kept as it was written.
func ReadArguments(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Object {
		return s.RawText()
	}
	return OrEmpty(s.OptStr())
}

// OptText reads a string where one stands and steps over anything else.
func OptText(s *jsonscan.Scanner) *string {
	if s.Kind() != jsonscan.String {
		return nil
	}
	return s.OptStr()
}

// RawJSON keeps a value as the document writes it, nil for null and for what no
// strict reader would take.
func RawJSON(s *jsonscan.Scanner) *string {
	kind := s.Kind()
	raw := s.Raw()
	if s.Err() != nil || kind == jsonscan.Null || len(raw) > maxRawBytes || !json.Valid(raw) || !validText(raw) {
		return nil
	}
	text := string(raw)
	return &text
}

// CallKeys are the names that a format gives to the parts of a call.
type CallKeys struct{ ID, Name, Arguments string }

// Read reads a list of calls, or null. What else a call holds is kept in rest
// under its place ("tool_call_0"), but for a type, which says nothing more.
func (k CallKeys) Read(s *jsonscan.Scanner, rest *Rest) []pipeline.ToolCall {
	var calls []pipeline.ToolCall
	for i := range s.Elements() {
		if i == MaxToolCalls {
			s.Fail(ErrToolCalls)
			return nil
		}
		var c pipeline.ToolCall
		var other Rest
		for key := range s.Fields() {
			switch key {
			case k.ID:
				c.ID = s.OptStr()
			case k.Name:
				c.Name = OrEmpty(OptText(s))
			case k.Arguments:
				c.Arguments = ReadArguments(s)
			case "type":
			default:
				other.Keep(s, key)
			}
		}
		rest.SetJSON("tool_call_"+strconv.Itoa(i), other.JSON())
		calls = append(calls, c)
	}
	return calls
}

// ReadThinking joins the readable part of thinking blocks; signatures and
// encrypted blocks stay behind.
func ReadThinking(s *jsonscan.Scanner) *string {
	if s.Kind() != jsonscan.Array {
		return nil
	}
	var all *string
	for range s.Elements() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key != "thinking" {
				continue
			}
			text := OptText(s)
			switch {
			case text == nil:
			case all == nil:
				all = text
			default:
				joined := *all + "\n" + *text
				all = &joined
			}
		}
	}
	return all
}
