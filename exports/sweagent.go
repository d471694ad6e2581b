package exports

import (
	"encoding/json"

	"github.com/swerm/swerm/pipeline"
)

type sweDocument struct {
	Environment *string   `json:"environment,omitempty"`
	Trajectory  []sweStep `json:"trajectory"`
	History     []sweTurn `json:"history,omitempty"`
	Info        struct {
		ExitStatus *string `json:"exit_status,omitempty"`
		Submission *string `json:"submission,omitempty"`
		Stats      struct {
			Cost     *float64 `json:"instance_cost,omitempty"`
			Sent     *int64   `json:"tokens_sent,omitempty"`
			Received *int64   `json:"tokens_received,omitempty"`
			Calls    *int32   `json:"api_calls,omitempty"`
		} `json:"model_stats"`
	} `json:"info"`
	Replay string `json:"replay_config"`
}

type sweStep struct {
	Action      string  `json:"action"` // stands in the response
	Observation *string `json:"observation"`
	Response    *string `json:"response"`
}

type sweTurn struct {
	Role     string        `json:"role"`
	Content  *string       `json:"content"`
	Agent    string        `json:"agent"`
	Type     string        `json:"message_type"`
	Demo     bool          `json:"is_demo,omitempty"`
	Calls    []openAICall  `json:"tool_calls,omitempty"`
	CallIDs  []string      `json:"tool_call_ids,omitempty"`
	Thinking []sweThinking `json:"thinking_blocks,omitempty"`
	Name     *string       `json:"name,omitempty"`
}

type sweThinking struct {
	Type string `json:"type"`
	Text string `json:"thinking"`
}

// sweAgent writes a run as SWE-agent 1.x does: the dialogue in history, which the
// steps of trajectory would only repeat, and the configuration as a string of JSON.
// A dialogue without its prompt is what a file of steps gives, and is written so.
func sweAgent(r *record) any {
	if !r.acted() {
		return nil
	}
	doc := sweDocument{Environment: r.InstanceID, Trajectory: []sweStep{}, Replay: r.replay()}
	doc.Info.ExitStatus, doc.Info.Submission = r.ExitStatus, r.Patch
	st := &doc.Info.Stats
	st.Cost, st.Sent, st.Received, st.Calls = finite(r.Usage.CostUSD), r.Usage.PromptTokens, r.Usage.CompletionTokens, r.Usage.APICalls
	if steps, ok := stepsOf(r.Messages); ok {
		doc.Trajectory = steps
		return doc
	}
	for i := range r.Messages {
		doc.History = append(doc.History, turnOf(&r.Messages[i]))
	}
	return doc
}

// stepsOf returns messages as steps, where they are nothing but turns of text and
// what was seen after each.
func stepsOf(messages []pipeline.Message) ([]sweStep, bool) {
	steps, open := []sweStep{}, false // the last step waits for its observation
	for i := range messages {
		m := &messages[i]
		switch {
		case m.Kind == pipeline.KindAction && len(m.ToolCalls) == 0 && m.Reasoning == nil && deref(m.Content) != "":
			steps, open = append(steps, sweStep{Response: m.Content}), true
		case m.Kind == pipeline.KindObservation && m.Role == pipeline.RoleUser && open:
			steps[len(steps)-1].Observation, open = m.Content, false
		default:
			return nil, false
		}
	}
	return steps, true
}

func (r *record) replay() string {
	model := map[string]any{}
	var sampling map[string]json.RawMessage // numbers stay as they are written
	if r.Sampling != nil && json.Unmarshal([]byte(*r.Sampling), &sampling) == nil {
		for key, v := range sampling {
			model[key] = v
		}
	}
	model["name"] = r.model()
	env := map[string]any{}
	if r.Environment != nil {
		env["deployment"] = map[string]any{"image": *r.Environment}
	}
	if r.BaseCommit != nil {
		env["repo"] = map[string]any{"base_commit": *r.BaseCommit}
	}
	raw, err := json.Marshal(map[string]any{"agent": map[string]any{"model": model}, "env": env})
	if err != nil {
		return "{}" // what was unmarshalled marshals
	}
	return string(raw)
}

func turnOf(m *pipeline.Message) sweTurn {
	out := sweTurn{Role: chatRole(m), Content: m.Content, Agent: "main", Type: messageType(m.Kind), Demo: m.Kind == pipeline.KindDemo,
		Calls: openAICalls(m.ToolCalls), Name: m.Name}
	if m.Reasoning != nil {
		out.Thinking = []sweThinking{{"thinking", *m.Reasoning}}
	}
	if m.ToolCallID != nil {
		out.CallIDs = []string{*m.ToolCallID}
	}
	var more struct {
		IDs []string `json:"tool_call_ids"` // of a turn that answers several calls
	}
	if m.Extra != nil && json.Unmarshal([]byte(*m.Extra), &more) == nil && len(more.IDs) > 0 {
		out.CallIDs = more.IDs
	}
	return out
}

func messageType(k pipeline.MessageKind) string {
	switch k {
	case pipeline.KindSystem:
		return "system_prompt"
	case pipeline.KindAction:
		return "action"
	case pipeline.KindDemo:
		return "demonstration"
	}
	return "observation"
}
