package trae

import (
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *document) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "task":
			keys.Once(s, 0)
			d.task = chat.ReadParts(s, &d.rest)
		case "model":
			keys.Once(s, 1)
			d.model = chat.OrEmpty(s.OptStr())
		case "max_steps":
			keys.Once(s, 2)
			d.sampling.Keep(s, key)
		case "agent_steps":
			keys.Once(s, 3)
			d.steps = d.readSteps(s)
		case "llm_interactions":
			keys.Once(s, 4)
			d.calls = d.readSteps(s)
		case "final_result":
			keys.Once(s, 5)
			d.final = chat.OptText(s)
		case "execution_time":
			keys.Once(s, 6)
			d.wall = s.OptFloat()
		case "start_time", "end_time":
			d.clock.See(chat.OrEmpty(chat.OptText(s)))
		default:
			d.rest.Keep(s, key)
		}
	}
	s.End()
}

// readSteps reads the agent's steps or the calls of its model, which have other
// names for the same.
func (d *document) readSteps(s *jsonscan.Scanner) []step {
	var all []step
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return nil
		}
		all = append(all, step{})
		d.readStep(s, &all[i])
	}
	return all
}

var calls = chat.CallKeys{ID: "call_id", Name: "name", Arguments: "arguments"}

func (d *document) readStep(s *jsonscan.Scanner, st *step) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "state":
			keys.Once(s, 0)
			st.state = chat.OrEmpty(chat.OptText(s))
		case "llm_messages", "input_messages":
			keys.Once(s, 1)
			st.readMessages(s)
		case "llm_response":
			keys.Once(s, 2)
			st.readResponse(s, nil)
		case "response":
			keys.Once(s, 3)
			st.readResponse(s, &d.tally)
		case "tool_calls":
			keys.Once(s, 4)
			if calls := calls.Read(s, &st.rest); len(st.toolCalls) == 0 {
				st.toolCalls = calls
			}
		case "tool_results":
			keys.Once(s, 5)
			for i := range s.Elements() {
				if i == chat.MaxToolCalls {
					s.Fail(chat.ErrToolCalls)
					return
				}
				st.results = append(st.results, readResult(s))
			}
		case "reflection":
			st.reflection = chat.OptText(s)
		case "error":
			st.failure = chat.OptText(s)
		case "step_number", "timestamp", "provider", "model", "tools_available": // see the fates
		default:
			st.rest.Keep(s, key)
		}
	}
}

func (st *step) readMessages(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		var m message
		for key := range s.Fields() {
			switch key {
			case "role":
				m.role = chat.OrEmpty(chat.OptText(s))
			case "content":
				m.content = chat.ReadParts(s, &m.rest)
			case "tool_result":
				if s.Kind() == jsonscan.Object {
					r := readResult(s)
					m.result = &r
				}
			case "tool_call":
			default:
				m.rest.Keep(s, key)
			}
		}
		st.messages = append(st.messages, m)
	}
}

func (st *step) readResponse(s *jsonscan.Scanner, tally *chat.Tally) {
	if s.Kind() != jsonscan.Object {
		return
	}
	st.responded = true
	for key := range s.Fields() {
		switch key {
		case "content":
			st.content = chat.ReadParts(s, &st.rest)
		case "tool_calls":
			st.toolCalls = calls.Read(s, &st.rest)
		case "usage":
			if s.Kind() == jsonscan.Object {
				readUsage(s, tally)
			}
		case "finish_reason", "model":
			st.rest.Keep(s, key)
		}
	}
}

// readUsage counts all that the model read: what came out of the cache too.
func readUsage(s *jsonscan.Scanner, tally *chat.Tally) {
	var input, output, written, cached *int64
	for key := range s.Fields() {
		switch key {
		case "input_tokens":
			input = s.OptInt()
		case "output_tokens":
			output = s.OptInt()
		case "cache_creation_input_tokens":
			written = s.OptInt()
		case "cache_read_input_tokens":
			cached = s.OptInt()
		}
	}
	if tally != nil {
		tally.Tokens(chat.PromptTokens(input, written, cached), output)
	}
}

func readResult(s *jsonscan.Scanner) result {
	var r result
	for key := range s.Fields() {
		switch key {
		case "call_id":
			r.callID = s.OptStr()
		case "result":
			r.content = chat.OptText(s)
		case "success", "error":
			r.rest.Keep(s, key)
		case "id":
		default:
			r.rest.Keep(s, key)
		}
	}
	return r
}
