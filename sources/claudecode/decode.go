package claudecode

import (
	"fmt"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (l *line) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	before := s.Repaired()
	for key := range s.Fields() {
		if bit, target := l.textField(key); target != nil {
			keys.Once(s, bit)
			*target = chat.OrEmpty(chat.OptText(s))
			continue
		}
		switch key {
		case "message":
			keys.Once(s, 20)
			l.readMessage(s)
		case "content", "summary", "result":
			keys.Once(s, textBit(key))
			if s.Kind() != jsonscan.String || l.text != nil {
				l.rest.Keep(s, key)
				continue
			}
			l.text = s.OptStr()
		case "isSidechain":
			l.sidechain = readFlag(s)
		case "isMeta":
			l.meta = readFlag(s)
		case "isApiErrorMessage":
			l.apiError = readFlag(s)
		case "costUSD":
			l.cost = optNumber(s)
		case "total_cost_usd":
			l.total = optNumber(s)
		case "duration_ms":
			l.duration = optNumber(s)
		case "toolUseResult":
			l.keepResult(s)
		default:
			l.rest.Keep(s, key)
		}
	}
	l.repaired = s.Repaired() - before
}

// maxResultBytes bounds what is kept of a result's other form: it may hold whole
// files, and the observation holds what the policy saw.
const maxResultBytes = 4 << 10

func (l *line) keepResult(s *jsonscan.Scanner) {
	at := s.Mark()
	s.Skip()
	switch raw := s.Since(at); {
	case s.Err() != nil:
	case len(raw) > maxResultBytes:
		l.rest.Set("toolUseResult_bytes_left_out", len(raw))
	case s.Count(len(raw)):
		l.rest.Keep(jsonscan.New(raw), "toolUseResult")
	}
}

// textField returns where the text of a key goes, and the key's bit.
func (l *line) textField(key string) (bit int, target *string) {
	switch key {
	case "type":
		return 0, &l.kind
	case "subtype":
		return 1, &l.subtype
	case "uuid":
		return 2, &l.uuid
	case "parentUuid":
		return 3, &l.parentUUID
	case "sessionId":
		return 4, &l.session
	case "session_id":
		return 5, &l.session
	case "agentId":
		return 6, &l.agentID
	case "parent_tool_use_id":
		return 7, &l.parentTool
	case "version":
		return 8, &l.version
	case "timestamp":
		return 9, &l.timestamp
	case "cwd":
		return 10, &l.cwd
	case "gitBranch":
		return 11, &l.branch
	}
	return 0, nil
}

// textBit is the bit of a key that may hold a line's text.
func textBit(key string) int {
	switch key {
	case "content":
		return 21
	case "summary":
		return 22
	}
	return 23
}

func readFlag(s *jsonscan.Scanner) bool {
	if s.Kind() != jsonscan.Bool {
		return false
	}
	v := s.OptBool()
	return v != nil && *v
}

func optNumber(s *jsonscan.Scanner) *float64 {
	if s.Kind() != jsonscan.Number {
		return nil
	}
	return s.OptFloat()
}

func (l *line) readMessage(s *jsonscan.Scanner) {
	l.message = &message{}
	m := l.message
	if s.Kind() != jsonscan.Object {
		m.content.text.Add(chat.OptText(s))
		return
	}
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "id":
			keys.Once(s, 0)
			m.id = chat.OrEmpty(chat.OptText(s))
		case "role":
			keys.Once(s, 1)
			m.role = chat.OrEmpty(chat.OptText(s))
		case "model":
			keys.Once(s, 2)
			m.model = chat.OrEmpty(chat.OptText(s))
		case "content":
			keys.Once(s, 3)
			m.content.read(s)
		case "usage":
			if s.Kind() == jsonscan.Object {
				m.usage.read(s)
			}
		case "stop_reason":
			m.stopReason = chat.OrEmpty(chat.OptText(s))
		case "type", "stop_sequence":
		default:
			m.rest.Keep(s, key)
		}
	}
}

func (u *usage) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "input_tokens":
			u.input = s.OptInt()
		case "cache_creation_input_tokens":
			u.cacheWrite = s.OptInt()
		case "cache_read_input_tokens":
			u.cacheRead = s.OptInt()
		case "output_tokens":
			u.output = s.OptInt()
		}
	}
}

func (c *content) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		c.text.Add(chat.OptText(s))
		return
	}
	for i := range s.Elements() {
		if i == chat.MaxToolCalls {
			s.Fail(chat.ErrToolCalls)
			return
		}
		switch s.Kind() {
		case jsonscan.String:
			c.text.Add(s.OptStr())
		case jsonscan.Object:
			c.readPart(s, i)
		}
	}
}

// part is one part of a content.
type part struct {
	kind             string
	text, thinking   *string
	id, name, callID *string
	input            string
	output           *string
	isError          bool
	outputRest       chat.Rest
}

func (p *part) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "type":
			p.kind = chat.OrEmpty(chat.OptText(s))
		case "text":
			p.text = chat.OptText(s)
		case "thinking":
			p.thinking = chat.OptText(s)
		case "id":
			p.id = chat.OptText(s)
		case "name":
			p.name = chat.OptText(s)
		case "input":
			p.input = readInput(s)
		case "tool_use_id":
			p.callID = chat.OptText(s)
		case "content":
			p.output = chat.ReadParts(s, &p.outputRest)
		case "is_error":
			p.isError = readFlag(s)
		}
	}
}

// readInput keeps what a call was given as JSON, whatever it is.
func readInput(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.String {
		return chat.OrEmpty(s.OptStr())
	}
	return s.RawText()
}

// readPart sorts one part. Those that are neither text, thought, call nor result
// are kept as they are written.
func (c *content) readPart(s *jsonscan.Scanner, i int) {
	at := s.Mark()
	var p part
	p.read(s)
	switch p.kind {
	case "text":
		c.text.Add(p.text)
	case "thinking":
		c.thinking.Add(p.thinking)
	case "tool_use", "server_tool_use", "mcp_tool_use":
		c.calls = append(c.calls, pipeline.ToolCall{ID: p.id, Name: chat.OrEmpty(p.name), Arguments: p.input})
	case "tool_result":
		c.results = append(c.results, toolResult{callID: p.callID, content: p.output, isError: p.isError, rest: p.outputRest})
	default:
		if s.Err() == nil {
			c.rest.Keep(jsonscan.New(s.Since(at)), fmt.Sprintf("part_%d", i))
		}
	}
}
