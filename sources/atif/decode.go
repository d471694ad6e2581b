package atif

import (
	"encoding/json"
	"fmt"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxSubagents bounds the trajectories that one trajectory embeds.
const maxSubagents = 1_000

var errSubagents = fmt.Errorf("more than %d subagent trajectories", maxSubagents)

func (t *trajectory) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	before, below := s.Repaired(), 0
	for key := range s.Fields() {
		switch key {
		case "schema_version":
			keys.Once(s, 0)
			t.schemaVersion = chat.OrEmpty(s.OptStr())
		case "session_id":
			keys.Once(s, 1)
			t.sessionID = chat.OrEmpty(s.OptStr())
		case "trajectory_id":
			keys.Once(s, 2)
			t.trajectoryID = chat.OrEmpty(s.OptStr())
		case "agent":
			keys.Once(s, 3)
			t.agent.read(s)
		case "steps":
			keys.Once(s, 4)
			t.readSteps(s)
		case "final_metrics":
			keys.Once(s, 5)
			t.final.read(s)
		case "subagent_trajectories":
			keys.Once(s, 6)
			from := s.Repaired()
			t.readSubagents(s)
			below = s.Repaired() - from
		case "extra":
			keys.Once(s, 7)
			at := s.Mark()
			t.rest.Keep(s, key)
			if s.Err() == nil {
				s.At(at, "extra", func() { t.names.read(s) })
			}
		default:
			t.rest.Keep(s, key)
		}
	}
	t.repaired = s.Repaired() - before - below
}

// read takes the names that it knows; values of other kinds than names have
// stay in extra alone.
func (n *names) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return
	}
	for key := range s.Fields() {
		switch kind := s.Kind(); {
		case kind == jsonscan.String:
			n.text(key, s)
		case kind == jsonscan.Number && key == "rollout":
			n.rollout = s.OptInt()
		case kind == jsonscan.Number && key == "attempt":
			n.attempt = s.OptInt()
		}
	}
}

func (n *names) text(key string, s *jsonscan.Scanner) {
	to := map[string]**string{"instance_id": &n.instance, "repo": &n.repo, "base_commit": &n.commit, "run": &n.run, "patch": &n.patch, "exit_status": &n.exit}[key]
	switch {
	case to != nil:
		*to = s.OptStr()
	case key == "source":
		n.source = s.Str()
	}
}

func (t *trajectory) readSubagents(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == maxSubagents {
			s.Fail(errSubagents)
			return
		}
		var sub trajectory
		sub.read(s)
		t.subagents = append(t.subagents, sub)
	}
}

func (a *agent) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "name":
			keys.Once(s, 0)
			a.name = chat.OrEmpty(s.OptStr())
		case "version":
			keys.Once(s, 1)
			a.version = chat.OrEmpty(s.OptStr())
		case "model_name":
			keys.Once(s, 2)
			a.model = chat.OrEmpty(s.OptStr())
		case "tool_definitions":
			keys.Once(s, 3)
			a.tools = chat.RawJSON(s)
		default:
			a.rest.Keep(s, key)
		}
	}
}

func (f *finalMetrics) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "total_prompt_tokens":
			f.prompt = s.OptInt()
		case "total_completion_tokens":
			f.completion = s.OptInt()
		case "total_cost_usd":
			f.cost = s.OptFloat()
		default:
			f.rest.Keep(s, key)
		}
	}
}

func (t *trajectory) readSteps(s *jsonscan.Scanner) {
	for i := range s.Elements() {
		if i == chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		t.steps = append(t.steps, step{})
		t.steps[i].read(s)
	}
}

var calls = chat.CallKeys{ID: "tool_call_id", Name: "function_name", Arguments: "arguments"}

func (st *step) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "step_id": // its place
		case "source":
			keys.Once(s, 0)
			st.source = s.Str()
		case "timestamp":
			st.timestamp = chat.OrEmpty(chat.OptText(s))
		case "model_name":
			st.model = chat.OrEmpty(chat.OptText(s))
		case "reasoning_effort":
			st.effort = readEffort(s)
		case "message":
			keys.Once(s, 1)
			st.message = chat.ReadParts(s, &st.rest)
		case "reasoning_content":
			keys.Once(s, 2)
			st.reasoning = s.OptStr()
		case "tool_calls":
			keys.Once(s, 3)
			st.calls = calls.Read(s, &st.rest)
		case "observation":
			keys.Once(s, 4)
			st.readObservation(s)
		case "metrics":
			keys.Once(s, 5)
			st.metrics.read(s)
		case "is_copied_context":
			copied := s.OptBool()
			st.copied = copied != nil && *copied
		default:
			st.rest.Keep(s, key)
		}
	}
	if st.source == "" {
		s.Fail(chat.ErrRole)
	}
}

// readEffort reads a word or a number.
func readEffort(s *jsonscan.Scanner) json.RawMessage {
	switch s.Kind() {
	case jsonscan.String, jsonscan.Number:
		if raw := chat.RawJSON(s); raw != nil && len(*raw) <= 64 {
			return json.RawMessage(*raw)
		}
	}
	return nil
}

func (st *step) readObservation(s *jsonscan.Scanner) {
	var rest chat.Rest
	for key := range s.Fields() {
		if key != "results" {
			rest.Keep(s, key)
			continue
		}
		for i := range s.Elements() {
			if i == chat.MaxToolCalls {
				s.Fail(chat.ErrToolCalls)
				return
			}
			st.results = append(st.results, result{})
			st.results[len(st.results)-1].read(s)
		}
	}
	st.rest.SetJSON("observation", rest.JSON())
}

func (r *result) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "source_call_id":
			keys.Once(s, 0)
			r.callID = s.OptStr()
		case "content":
			keys.Once(s, 1)
			r.content = chat.ReadParts(s, &r.rest)
		default:
			r.rest.Keep(s, key)
		}
	}
}

func (m *metrics) read(s *jsonscan.Scanner) {
	for key := range s.Fields() {
		switch key {
		case "prompt_token_ids", "completion_token_ids", "logprobs": // stepped over
		case "prompt_tokens":
			m.prompt = s.OptInt()
		case "completion_tokens":
			m.completion = s.OptInt()
		case "cost_usd":
			m.cost = s.OptFloat()
		default:
			m.rest.Keep(s, key)
		}
	}
}
