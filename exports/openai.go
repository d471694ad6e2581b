package exports

import "github.com/swerm/swerm/pipeline"

type openAIRow struct {
	Messages []openAIMessage `json:"messages"`
	Tools    any             `json:"tools,omitempty"`
	ids
}

type openAIMessage struct {
	Role       string       `json:"role"`
	Content    *string      `json:"content"`
	Reasoning  *string      `json:"reasoning_content,omitempty"`
	ToolCalls  []openAICall `json:"tool_calls,omitempty"`
	ToolCallID *string      `json:"tool_call_id,omitempty"`
	Name       *string      `json:"name,omitempty"`
	Weight     *int         `json:"weight,omitempty"` // 0 or 1, where the source says which turns to train on
}

type openAICall struct {
	ID       *string        `json:"id,omitempty"`
	Type     string         `json:"type"`
	Function openAIFunction `json:"function"`
}

type openAIFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

func openAI(r *record) any {
	if !r.acted() {
		return nil
	}
	row := openAIRow{Tools: value(r.Tools), ids: r.ids()}
	for m := range r.turns() {
		row.Messages = append(row.Messages, r.openAIMessage(m))
	}
	return row
}

func (r *record) openAIMessage(m *pipeline.Message) openAIMessage {
	out := openAIMessage{Role: chatRole(m), Content: m.Content, Reasoning: r.reasoning(m),
		ToolCalls: openAICalls(m.ToolCalls), ToolCallID: m.ToolCallID, Name: m.Name}
	if m.Mask != nil && m.Role == pipeline.RoleAssistant {
		w := 0
		if *m.Mask {
			w = 1
		}
		out.Weight = &w
	}
	return out
}

// chatRole is the role in which a chat API takes a message: it has none for the
// scaffold's last word.
func chatRole(m *pipeline.Message) string {
	if m.Role == pipeline.RoleExit {
		return string(pipeline.RoleUser)
	}
	return string(m.Role)
}

func openAICalls(calls []pipeline.ToolCall) []openAICall {
	var out []openAICall
	for _, c := range calls {
		out = append(out, openAICall{c.ID, "function", openAIFunction{c.Name, c.Arguments}})
	}
	return out
}
