package sweagent

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// Limits on one document.
const (
	maxTurns     = 100_000
	maxToolCalls = 1_000 // of one turn
	maxAttempts  = 1_000
)

var (
	errTurns     = fmt.Errorf("more than %d turns", maxTurns)
	errToolCalls = fmt.Errorf("more than %d tool calls", maxToolCalls)
	errAttempts  = fmt.Errorf("more than %d attempts", maxAttempts)
	errRole      = errors.New("a turn without a role")
)

// seen finds a known key that appears twice: what such a document means
// depends on its reader, so it is refused.
type seen uint64

func (b *seen) once(s *jsonscan.Scanner, bit int) {
	if *b&(1<<bit) != 0 {
		s.Fail(jsonscan.ErrDuplicate)
	}
	*b |= 1 << bit
}

func (a *attempt) read(s *jsonscan.Scanner, nested bool) {
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "environment":
			keys.once(s, 0)
			if s.Kind() == jsonscan.String {
				a.environment = s.Str()
			}
		case "history":
			keys.once(s, 1)
			a.hasHistory = s.Kind() == jsonscan.Array
			a.history = readHistory(s)
		case "trajectory":
			keys.once(s, 2)
			a.readSteps(s)
		case "info":
			keys.once(s, 3)
			a.info.read(s)
		case "replay_config":
			keys.once(s, 4)
			a.readReplay(s)
		case "attempts":
			keys.once(s, 5)
			if nested || s.Kind() != jsonscan.Array {
				continue
			}
			for i := range s.Elements() {
				if i == maxAttempts {
					s.Fail(errAttempts)
					return
				}
				var one attempt
				one.read(s, true)
				a.attempts = append(a.attempts, one)
			}
		}
	}
}

func readHistory(s *jsonscan.Scanner) []turn {
	var turns []turn
	for i := range s.Elements() {
		if i == maxTurns {
			s.Fail(errTurns)
			return nil
		}
		turns = append(turns, turn{})
		turns[i].read(s)
	}
	return turns
}

func (t *turn) read(s *jsonscan.Scanner) {
	before := s.Repaired()
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "role":
			keys.once(s, 0)
			t.role = s.Str()
		case "content":
			keys.once(s, 1)
			t.content, t.omitted = readContent(s)
		case "message_type":
			keys.once(s, 2)
			t.messageType = orEmpty(s.OptStr())
		case "is_demo":
			keys.once(s, 3)
			demo := s.OptBool()
			t.demo = demo != nil && *demo
		case "thought":
			t.thought = optText(s)
		case "action":
			t.action = optText(s)
		case "thinking_blocks":
			keys.once(s, 4)
			t.reasoning = readThinking(s)
		case "tool_calls":
			keys.once(s, 5)
			t.readToolCalls(s)
		case "tool_call_ids":
			keys.once(s, 6)
			for i := range s.Elements() {
				if i == maxToolCalls {
					s.Fail(errToolCalls)
					return
				}
				t.toolCallIDs = append(t.toolCallIDs, s.Str())
			}
		}
	}
	if t.role == "" {
		s.Fail(errRole)
	}
	t.repaired = s.Repaired() - before
}

// optText reads a string where one stands and steps over anything else.
func optText(s *jsonscan.Scanner) *string {
	if s.Kind() != jsonscan.String {
		return nil
	}
	return s.OptStr()
}

// readContent reads a string, null, or a list of parts, whose texts are joined
// by line feeds; the kinds of other parts are returned.
func readContent(s *jsonscan.Scanner) (text *string, omitted []string) {
	if s.Kind() != jsonscan.Array {
		return s.OptStr(), nil
	}
	var parts []string
	for range s.Elements() {
		var kind string
		var part *string
		if s.Kind() == jsonscan.String {
			part = s.OptStr()
		} else {
			for key := range s.Fields() {
				switch key {
				case "type":
					kind = orEmpty(s.OptStr())
				case "text":
					part = s.OptStr()
				}
			}
		}
		if part == nil {
			omitted = append(omitted, kind)
		} else {
			parts = append(parts, *part)
		}
	}
	joined := strings.Join(parts, "\n")
	return &joined, omitted
}

// readThinking joins the readable part of thinking blocks; signatures and
// encrypted blocks stay behind.
func readThinking(s *jsonscan.Scanner) *string {
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
			text := optText(s)
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

func (t *turn) readToolCalls(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == maxToolCalls {
			s.Fail(errToolCalls)
			return
		}
		var c toolCall
		for key := range s.Fields() {
			switch key {
			case "id":
				c.id = s.OptStr()
			case "function":
				for key := range s.Fields() {
					switch key {
					case "name":
						c.name = orEmpty(s.OptStr())
					case "arguments":
						c.arguments = readArguments(s)
					}
				}
			}
		}
		t.toolCalls = append(t.toolCalls, c)
	}
}

// readArguments reads a JSON string; an object is kept as it was written.
func readArguments(s *jsonscan.Scanner) string {
	if s.Kind() == jsonscan.Object {
		return string(s.Raw())
	}
	return orEmpty(s.OptStr())
}

// readSteps counts the steps and sums their time, stepping over their texts.
func (a *attempt) readSteps(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	at := s.Mark()
	for i := range s.Elements() {
		if i == maxTurns {
			s.Fail(errTurns)
			return
		}
		a.steps++
		if s.Kind() != jsonscan.Object {
			continue
		}
		for key := range s.Fields() {
			if key == "execution_time" && s.Kind() == jsonscan.Number {
				if v := s.OptFloat(); v != nil {
					if a.wall == nil {
						a.wall = new(float64)
					}
					*a.wall += *v
				}
			}
		}
	}
	a.rawSteps = s.Since(at)
}

// readStepTexts decodes the texts of the steps, for files without a history.
func readStepTexts(s *jsonscan.Scanner) []step {
	var steps []step
	for range s.Elements() {
		var st step
		for key := range s.Fields() {
			switch key {
			case "action":
				st.action = optText(s)
			case "observation":
				st.observation = optText(s)
			case "response":
				st.response = optText(s)
			case "thought":
				st.thought = optText(s)
			}
		}
		steps = append(steps, st)
	}
	return steps
}

func (in *info) read(s *jsonscan.Scanner) {
	var keys seen
	for key := range s.Fields() {
		switch key {
		case "exit_status":
			keys.once(s, 0)
			in.exitStatus = s.OptStr()
		case "submission":
			keys.once(s, 1)
			in.submission = s.OptStr()
		case "swe_agent_version":
			in.version = orEmpty(optText(s))
		case "model_stats":
			keys.once(s, 2)
			in.stats.read(s)
		}
	}
}

func (st *stats) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "instance_cost":
			st.cost = s.OptFloat()
		case "tokens_sent":
			st.sent = s.OptInt()
		case "tokens_received":
			st.received = s.OptInt()
		case "api_calls":
			st.apiCalls = s.OptInt()
		}
	}
}

// readReplay reads the config, which is an object or a string of JSON. A
// string that is no JSON says nothing and is not worth the record.
func (a *attempt) readReplay(s *jsonscan.Scanner) {
	switch s.Kind() {
	case jsonscan.Object:
		a.replay.read(s)
	case jsonscan.String:
		inner := jsonscan.New([]byte(s.Str()))
		var r replay
		if r.read(inner); inner.Err() == nil {
			a.replay = r
		}
	}
}

func (r *replay) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		switch key {
		case "env":
			r.readEnv(s)
		case "agent":
			for key := range s.Fields() {
				if key == "model" && s.Kind() == jsonscan.Object {
					r.readModel(s)
				}
			}
		case "problem_statement":
			for key := range s.Fields() {
				if key == "id" {
					r.problem = orEmpty(optText(s))
				}
			}
		}
	}
}

func (r *replay) readEnv(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		switch key {
		case "deployment":
			for key := range s.Fields() {
				if key == "image" {
					r.image = orEmpty(optText(s))
				}
			}
		case "repo":
			for key := range s.Fields() {
				if key == "base_commit" {
					r.baseCommit = orEmpty(optText(s))
				}
			}
		}
	}
}

func (r *replay) readModel(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "name":
			r.model = orEmpty(optText(s))
		case "temperature", "top_p", "per_instance_cost_limit", "per_instance_call_limit", "max_input_tokens", "max_output_tokens":
			if s.Kind() != jsonscan.Number {
				continue
			}
			name := string(append([]byte(nil), key...))
			if raw := s.Raw(); len(raw) <= 64 {
				if r.sampling == nil {
					r.sampling = map[string]string{}
				}
				r.sampling[name] = string(raw)
			}
		}
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
