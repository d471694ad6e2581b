package exports

import (
	"encoding/json"

	"github.com/swerm/swerm/pipeline"
)

type miniDocument struct {
	Info       miniInfo      `json:"info"`
	Messages   []miniMessage `json:"messages"`
	Format     string        `json:"trajectory_format"`
	InstanceID *string       `json:"instance_id,omitempty"`
}

type miniInfo struct {
	Stats struct {
		Cost  *float64 `json:"instance_cost,omitempty"`
		Calls *int32   `json:"api_calls,omitempty"`
	} `json:"model_stats"`
	Config struct {
		Model struct {
			Name   string `json:"model_name"`
			Kwargs any    `json:"model_kwargs,omitempty"`
		} `json:"model"`
		Environment struct {
			Image *string `json:"image,omitempty"`
		} `json:"environment"`
	} `json:"config"`
	ExitStatus *string `json:"exit_status,omitempty"`
	Submission *string `json:"submission,omitempty"`
}

type miniMessage struct {
	openAIMessage
	Extra *miniExtra `json:"extra,omitempty"`
}

type miniExtra struct {
	Raw        *string      `json:"raw_output,omitempty"`
	ReturnCode *int32       `json:"returncode,omitempty"`
	Interrupt  string       `json:"interrupt_type,omitempty"`
	Exception  string       `json:"exception_type,omitempty"`
	Message    string       `json:"exception_str,omitempty"`
	ExitStatus *string      `json:"exit_status,omitempty"`
	Submission *string      `json:"submission,omitempty"`
	Actions    []miniAction `json:"actions,omitempty"`
}

type miniAction struct {
	Command string `json:"command"`
}

// miniSWE writes a run as version 1.1 of mini-swe-agent does. All that the
// importer reads of a message is there, whatever scaffold it comes from.
func miniSWE(r *record) any {
	if !r.acted() {
		return nil
	}
	doc := miniDocument{Format: "mini-swe-agent-1.1", InstanceID: r.InstanceID}
	doc.Info.Stats.Cost, doc.Info.Stats.Calls = finite(r.Usage.CostUSD), r.Usage.APICalls
	doc.Info.Config.Model.Name, doc.Info.Config.Model.Kwargs = r.model(), value(r.Sampling)
	doc.Info.Config.Environment.Image = r.Environment
	doc.Info.ExitStatus, doc.Info.Submission = r.ExitStatus, r.Patch
	for i := range r.Messages {
		doc.Messages = append(doc.Messages, r.miniMessage(&r.Messages[i]))
	}
	return doc
}

// model is the policy as its file wrote it.
func (r *record) model() string {
	if r.PolicyRaw != nil {
		return *r.PolicyRaw
	}
	return r.Policy
}

func (r *record) miniMessage(m *pipeline.Message) miniMessage {
	out := miniMessage{openAIMessage: openAIMessage{Role: string(m.Role), Content: m.Content, Reasoning: m.Reasoning,
		ToolCalls: openAICalls(m.ToolCalls), ToolCallID: m.ToolCallID, Name: m.Name}}
	x := kept(m)
	switch m.Kind {
	case pipeline.KindFinal:
		x.ExitStatus, x.Submission = r.ExitStatus, r.Patch
	case pipeline.KindInterrupt:
		if x.Interrupt == "" {
			x.Interrupt = "FormatError"
		}
	case pipeline.KindObservation:
		x.ReturnCode, x.Raw = m.ReturnCode, m.RawOutput
		if x.Raw == nil && m.Role == pipeline.RoleUser {
			x.Raw = m.Content // a user message with an output is an observation
		}
	}
	if x.ExitStatus != nil || x.Submission != nil || x.Interrupt != "" || x.ReturnCode != nil || x.Raw != nil || x.Exception != "" ||
		x.Message != "" || len(x.Actions) > 0 {
		out.Extra = &x
	}
	return out
}

// kept brings back what the importer keeps of a message's extra.
func kept(m *pipeline.Message) miniExtra {
	var in struct {
		Interrupt string   `json:"interrupt_type"`
		Exception string   `json:"exception_type"`
		Message   string   `json:"exception"`
		Actions   []string `json:"actions"`
	}
	if m.Extra == nil || json.Unmarshal([]byte(*m.Extra), &in) != nil {
		return miniExtra{} // of another scaffold
	}
	x := miniExtra{Interrupt: in.Interrupt, Exception: in.Exception, Message: in.Message}
	for _, a := range in.Actions {
		x.Actions = append(x.Actions, miniAction{a})
	}
	return x
}
