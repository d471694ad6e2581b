package exports

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// atifVersion is the first version that has tool definitions; nothing later is
// used.
const atifVersion = "ATIF-v1.5"

type atifDocument struct {
	Schema  string      `json:"schema_version"`
	Session string      `json:"session_id"`
	Agent   atifAgent   `json:"agent"`
	Steps   []atifStep  `json:"steps"`
	Final   atifMetrics `json:"final_metrics"`
	Extra   ids         `json:"extra"`
}

type atifAgent struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Model   string `json:"model_name,omitempty"`
	Tools   any    `json:"tool_definitions,omitempty"`
}

type atifStep struct {
	ID          int              `json:"step_id"`
	Source      string           `json:"source"`
	Message     string           `json:"message"`
	Reasoning   *string          `json:"reasoning_content,omitempty"`
	Calls       []atifCall       `json:"tool_calls,omitempty"`
	Observation *atifObservation `json:"observation,omitempty"`
	Extra       map[string]any   `json:"extra,omitempty"`
}

type atifCall struct {
	ID        string          `json:"tool_call_id"`
	Name      string          `json:"function_name"`
	Arguments json.RawMessage `json:"arguments"`
}

type atifObservation struct {
	Results []atifResult `json:"results"`
}

type atifResult struct {
	Call    *string `json:"source_call_id,omitempty"`
	Content string  `json:"content"`
}

type atifMetrics struct {
	Prompt     *int64   `json:"total_prompt_tokens,omitempty"`
	Completion *int64   `json:"total_completion_tokens,omitempty"`
	Cost       *float64 `json:"total_cost_usd,omitempty"`
	Steps      int      `json:"total_steps"`
}

func atif(r *record) any {
	if !r.acted() {
		return nil
	}
	doc := atifDocument{Schema: atifVersion, Session: r.ID, Extra: r.ids(),
		Agent: atifAgent{Name: r.Scaffold, Version: "unknown", Model: r.Policy, Tools: tools(r.Tools)},
		Final: atifMetrics{Prompt: r.Usage.PromptTokens, Completion: r.Usage.CompletionTokens, Cost: finite(r.Usage.CostUSD)}}
	for m := range r.turns() {
		if n := len(doc.Steps); n > 0 && m.Kind == pipeline.KindObservation && doc.Steps[n-1].Source == "agent" {
			doc.Steps[n-1].observe(m)
			continue
		}
		doc.Steps = append(doc.Steps, r.atifStep(m, len(doc.Steps)+1))
	}
	doc.Final.Steps = len(doc.Steps)
	return doc
}

// tools returns tool schemas where they are a list, which the format asks for.
func tools(text *string) any {
	var list []json.RawMessage
	if text == nil || json.Unmarshal([]byte(*text), &list) != nil || len(list) == 0 {
		return nil
	}
	return list
}

func (r *record) atifStep(m *pipeline.Message, id int) atifStep {
	s := atifStep{ID: id, Source: "user", Message: deref(m.Content), Reasoning: r.reasoning(m)}
	switch m.Role {
	case pipeline.RoleAssistant:
		s.Source = "agent"
	case pipeline.RoleSystem:
		s.Source = "system"
	case pipeline.RoleTool: // what no agent step before it can hold
		s.Source, s.Message = "system", ""
		s.observe(m)
	}
	switch m.Kind {
	case pipeline.KindInterrupt, pipeline.KindDemo, pipeline.KindFinal:
		s.Extra = map[string]any{"kind": m.Kind}
	}
	for i, c := range m.ToolCalls {
		s.Calls = append(s.Calls, atifCall{callID(c, id, i), c.Name, object(c.Arguments)})
	}
	return s
}

// observe adds a result. It names a call only where the step made that call.
func (s *atifStep) observe(m *pipeline.Message) {
	if s.Observation == nil {
		s.Observation = &atifObservation{}
	}
	res := atifResult{Content: deref(m.Content)}
	for _, c := range s.Calls {
		if m.ToolCallID != nil && c.ID == *m.ToolCallID {
			res.Call = m.ToolCallID
		}
	}
	s.Observation.Results = append(s.Observation.Results, res)
}

// callID is the call's own id. The format asks for one where the source had none.
func callID(c pipeline.ToolCall, step, n int) string {
	if c.ID != nil {
		return *c.ID
	}
	return fmt.Sprintf("call_%d_%d", step, n)
}

// object returns arguments as an object; text that is none is kept below a key.
func object(arguments string) json.RawMessage {
	if strings.HasPrefix(strings.TrimSpace(arguments), "{") && json.Valid([]byte(arguments)) {
		return json.RawMessage(arguments)
	}
	raw, err := json.Marshal(map[string]string{"_raw": arguments})
	if err != nil {
		return json.RawMessage("{}") // strings always marshal
	}
	return raw
}
