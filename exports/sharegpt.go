package exports

import (
	"strings"

	"github.com/swerm/swerm/internal/arguments"
	"github.com/swerm/swerm/pipeline"
)

type shareGPTRow struct {
	ID            string         `json:"id"`
	System        string         `json:"system,omitempty"`
	Conversations []shareGPTTurn `json:"conversations"`
	Tools         *string        `json:"tools,omitempty"` // JSON text, as its readers want it
	ids
}

type shareGPTTurn struct {
	From  string `json:"from"`
	Value string `json:"value"`
}

// shareGPT writes a dialogue of text alone. The system prompt that it begins with
// stands beside it; calls are text in the turn that made them.
func shareGPT(r *record) any {
	if !r.acted() {
		return nil
	}
	row := shareGPTRow{ID: r.ID, Tools: r.Tools, ids: r.ids()}
	for m := range r.turns() {
		if m.Role == pipeline.RoleSystem && len(row.Conversations) == 0 {
			row.System = strings.TrimPrefix(row.System+"\n\n"+deref(m.Content), "\n\n")
			continue
		}
		row.Conversations = append(row.Conversations, r.shareGPTTurn(m))
	}
	return row
}

func (r *record) shareGPTTurn(m *pipeline.Message) shareGPTTurn {
	var parts []string
	if think := deref(r.reasoning(m)); think != "" {
		parts = append(parts, "<think>\n"+think+"\n</think>")
	}
	if text := deref(m.Content); text != "" {
		parts = append(parts, text)
	}
	for _, c := range m.ToolCalls {
		parts = append(parts, callText(c))
	}
	return shareGPTTurn{speaker(m), strings.Join(parts, "\n\n")}
}

func speaker(m *pipeline.Message) string {
	switch {
	case m.Role == pipeline.RoleAssistant && len(m.ToolCalls) > 0:
		return "function_call"
	case m.Role == pipeline.RoleAssistant:
		return "gpt"
	case m.Role == pipeline.RoleSystem:
		return "system"
	case m.Role == pipeline.RoleTool, m.Kind == pipeline.KindObservation:
		return "observation"
	}
	return "human"
}

// callText writes a call as text, its arguments in the order in which the policy
// wrote them.
func callText(c pipeline.ToolCall) string {
	var b strings.Builder
	b.WriteString("<function=" + c.Name + ">\n")
	args, ok := arguments.Parse(c.Arguments)
	if !ok {
		b.WriteString(c.Arguments + "\n")
	}
	for _, a := range args {
		b.WriteString("<parameter=" + a.Name + ">\n" + a.Value + "\n</parameter>\n")
	}
	b.WriteString("</function>")
	return b.String()
}
