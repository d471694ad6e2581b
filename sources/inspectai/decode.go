package inspectai

import (
	"strconv"
	"strings"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// readLog reads the header of a log and finds its samples, which are decoded one
// by one: a log holds as many as a data set has.
func readLog(s *jsonscan.Scanner, h *header) (samples [][]byte) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "eval":
			keys.Once(s, 0)
			if s.Kind() == jsonscan.Object {
				h.read(s)
			}
		case "samples":
			keys.Once(s, 1)
			for range s.Elements() {
				samples = append(samples, s.Raw())
			}
		}
	}
	s.End()
	return samples
}

func (h *header) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "model":
			h.model = chat.OrEmpty(chat.OptText(s))
		case "run_id":
			h.runID = chat.OrEmpty(chat.OptText(s))
		case "task":
			h.task = chat.OrEmpty(chat.OptText(s))
		case "created":
			h.created = chat.OrEmpty(chat.OptText(s))
		case "dataset":
			h.readDataset(s)
		case "model_generate_config", "config":
			if s.Kind() != jsonscan.Object {
				continue
			}
			for key := range s.Fields() {
				h.sampling.Keep(s, key)
			}
		case "eval_id", "task_id", "task_version", "solver", "sandbox", "revision", "tags":
			h.rest.Keep(s, key)
		}
	}
}

func (h *header) readDataset(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if key == "name" {
			h.dataset = chat.OrEmpty(chat.OptText(s))
		}
	}
}

func (p *sample) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "id":
			keys.Once(s, 0)
			p.id = readID(s)
		case "epoch":
			keys.Once(s, 1)
			p.epoch = s.OptInt()
		case "messages":
			keys.Once(s, 2)
			p.messages = readMessages(s)
		case "input":
			keys.Once(s, 3)
			p.readInput(s)
		case "scores", "score":
			keys.Once(s, 4)
			p.claims.KeepWhole(s, "scores")
		case "model_usage":
			keys.Once(s, 5)
			p.readUsage(s)
		case "total_time":
			keys.Once(s, 6)
			p.total = s.OptFloat()
		case "error":
			p.failed = s.Kind() == jsonscan.Object
			p.rest.Keep(s, key)
		case "limit":
			p.readLimit(s)
		case "attachments":
			keys.Once(s, 7)
			p.readAttachments(s)
		case "events", "output", "transcript", "timelines": // see the fates
		default:
			p.rest.Keep(s, key)
		}
	}
	s.End()
}

// readID reads a string, or a number as it is written.
func readID(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Number {
		return string(s.Raw())
	}
	return chat.OrEmpty(s.OptStr())
}

func (p *sample) readInput(s *jsonscan.Scanner) {
	if s.Kind() == jsonscan.String {
		p.input = []message{{role: "user", content: s.OptStr()}}
		return
	}
	p.input = readMessages(s)
}

func (p *sample) readLimit(s *jsonscan.Scanner) {
	at := s.Mark()
	p.rest.Keep(s, "limit")
	if s.Err() != nil {
		return
	}
	in := jsonscan.New(s.Since(at))
	if in.Kind() != jsonscan.Object {
		return
	}
	for key := range in.Fields() {
		if key == "type" {
			p.limit = chat.OrEmpty(chat.OptText(in))
		}
	}
}

func (p *sample) readUsage(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	at := s.Mark()
	p.usage = map[string]tokens{}
	for model := range s.Fields() {
		name := strings.Clone(model)
		if s.Kind() != jsonscan.Object {
			continue
		}
		var t tokens
		for key := range s.Fields() {
			switch key {
			case "input_tokens":
				t.input = s.OptInt()
			case "input_tokens_cache_write":
				t.cacheWrite = s.OptInt()
			case "input_tokens_cache_read":
				t.cacheRead = s.OptInt()
			case "output_tokens":
				t.output = s.OptInt()
			}
		}
		p.usage[name] = t
	}
	if s.Err() == nil {
		p.rest.Keep(jsonscan.New(s.Since(at)), "model_usage")
	}
}

func (p *sample) readAttachments(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	p.attachments = map[string]string{}
	for key := range s.Fields() {
		if s.Kind() == jsonscan.String {
			name := strings.Clone(key)
			p.attachments[name] = s.Str()
		}
	}
}

func readMessages(s *jsonscan.Scanner) []message {
	var all []message
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		all = append(all, message{})
		all[i].read(s)
	}
	return all
}

var calls = chat.CallKeys{ID: "id", Name: "function", Arguments: "arguments"}

func (m *message) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "role":
			keys.Once(s, 0)
			m.role = s.Str()
		case "content":
			keys.Once(s, 1)
			m.readContent(s)
		case "tool_calls":
			keys.Once(s, 2)
			m.calls = calls.Read(s, &m.rest)
		case "tool_call_id":
			keys.Once(s, 3)
			m.callID = s.OptStr()
		case "function":
			keys.Once(s, 4)
			m.function = chat.OptText(s)
		case "id", "source": // see the fates
		default:
			m.rest.Keep(s, key)
		}
	}
	if m.role == "" {
		s.Fail(chat.ErrRole)
	}
}

// readContent takes reasoning out of a list of parts.
func (m *message) readContent(s *jsonscan.Scanner) {
	at, list := s.Mark(), s.Kind() == jsonscan.Array
	m.content = chat.ReadParts(s, &m.rest)
	if !list || s.Err() != nil {
		return
	}
	in, thoughts := jsonscan.New(s.Since(at)), chat.Texts{}
	for i := range in.Elements() {
		if in.Kind() != jsonscan.Object {
			continue
		}
		if thought := readReasoning(in); thought != nil {
			thoughts.Add(thought)
			m.rest.Drop("part_" + strconv.Itoa(i))
		}
	}
	m.reasoning = thoughts.Join("\n")
	if in.Err() != nil {
		s.Fail(in.Err())
	}
}

func readReasoning(s *jsonscan.Scanner) *string {
	kind, thought := "", (*string)(nil)
	for key := range s.Fields() {
		switch key {
		case "type":
			kind = chat.OrEmpty(chat.OptText(s))
		case "reasoning":
			thought = chat.OptText(s)
		}
	}
	if kind != "reasoning" || chat.OrEmpty(thought) == "" {
		return nil
	}
	return thought
}
