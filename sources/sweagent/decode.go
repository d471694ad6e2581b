package sweagent

import (
	"fmt"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxAttempts bounds the retries of one document.
const maxAttempts = 1_000

var errAttempts = fmt.Errorf("more than %d attempts", maxAttempts)

func (a *attempt) read(s *jsonscan.Scanner, nested bool) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "environment":
			keys.Once(s, 0)
			if s.Kind() == jsonscan.String {
				a.environment = s.Str()
			}
		case "history":
			keys.Once(s, 1)
			a.hasHistory = s.Kind() == jsonscan.Array
			a.history = readHistory(s)
		case "trajectory":
			keys.Once(s, 2)
			a.readSteps(s)
		case "info":
			keys.Once(s, 3)
			a.info.read(s)
		case "replay_config":
			keys.Once(s, 4)
			a.readReplay(s)
		case "attempts":
			keys.Once(s, 5)
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
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		turns = append(turns, turn{})
		turns[i].read(s)
	}
	return turns
}

func (t *turn) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "message_type":
			keys.Once(s, 0)
			t.messageType = chat.OrEmpty(s.OptStr())
		case "is_demo":
			keys.Once(s, 1)
			demo := s.OptBool()
			t.demo = demo != nil && *demo
		case "thought":
			t.thought = chat.OptText(s)
		case "action":
			t.action = chat.OptText(s)
		case "thinking_blocks":
			keys.Once(s, 2)
			t.thinking = chat.ReadThinking(s)
		case "tool_call_ids":
			keys.Once(s, 3)
			for i := range s.Elements() {
				if i == chat.MaxToolCalls {
					s.Fail(chat.ErrToolCalls)
					return
				}
				t.toolCallIDs = append(t.toolCallIDs, s.Str())
			}
		default:
			t.Field(s, key)
		}
	}
	t.End(s)
	t.ContentRaw = nil // belongs to the document
}

// readSteps counts the steps and sums their time, stepping over their texts.
func (a *attempt) readSteps(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Array {
		return
	}
	at := s.Mark()
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
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
				st.action = chat.OptText(s)
			case "observation":
				st.observation = chat.OptText(s)
			case "response":
				st.response = chat.OptText(s)
			case "thought":
				st.thought = chat.OptText(s)
			}
		}
		steps = append(steps, st)
	}
	return steps
}

func (in *info) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "exit_status":
			keys.Once(s, 0)
			in.exitStatus = s.OptStr()
		case "submission":
			keys.Once(s, 1)
			in.submission = s.OptStr()
		case "swe_agent_version":
			in.version = chat.OrEmpty(chat.OptText(s))
		case "model_stats":
			keys.Once(s, 2)
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
					r.problem = chat.OrEmpty(chat.OptText(s))
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
					r.image = chat.OrEmpty(chat.OptText(s))
				}
			}
		case "repo":
			for key := range s.Fields() {
				if key == "base_commit" {
					r.baseCommit = chat.OrEmpty(chat.OptText(s))
				}
			}
		}
	}
}

func (r *replay) readModel(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "name":
			r.model = chat.OrEmpty(chat.OptText(s))
		case "temperature", "top_p", "per_instance_cost_limit", "per_instance_call_limit", "max_input_tokens", "max_output_tokens":
			r.sampling.Keep(s, key)
		}
	}
}
