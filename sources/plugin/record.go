package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
)

// An answer is a line of a program: a record, or why there is none. The keys of a
// record are the columns of a dataset.
type answer struct {
	N      *int64  `json:"n"`
	Error  *string `json:"error"`
	Ignore bool    `json:"ignore"`

	InstanceID  *string         `json:"instance_id"`
	Repo        *string         `json:"repo"`
	BaseCommit  *string         `json:"base_commit"`
	Source      string          `json:"source"`
	Policy      *string         `json:"policy"`
	Scaffold    string          `json:"scaffold"`
	Run         *string         `json:"run"`
	Rollout     *int32          `json:"rollout"`
	Attempt     *int32          `json:"attempt"`
	ParentID    *string         `json:"parent_id"`
	Language    *string         `json:"language"`
	CreatedAt   *string         `json:"created_at"`
	License     *string         `json:"license"`
	Environment *string         `json:"environment"`
	Sampling    json.RawMessage `json:"sampling"`
	Messages    []message       `json:"messages"`
	Tools       json.RawMessage `json:"tools"`
	Patch       *string         `json:"patch"`
	ExitStatus  *string         `json:"exit_status"`
	Usage       usage           `json:"usage"`
	Claims      json.RawMessage `json:"claims"`
	Extra       json.RawMessage `json:"extra"`
}

type message struct {
	Role       string          `json:"role"`
	Kind       string          `json:"kind"`
	Content    *string         `json:"content"`
	Reasoning  *string         `json:"reasoning"`
	RawOutput  *string         `json:"raw_output"`
	ReturnCode *int32          `json:"return_code"`
	Name       *string         `json:"name"`
	ToolCallID *string         `json:"tool_call_id"`
	ToolCalls  []toolCall      `json:"tool_calls"`
	Mask       *bool           `json:"mask"`
	Reward     *float64        `json:"reward"`
	Extra      json.RawMessage `json:"extra"`
}

type toolCall struct {
	ID        *string         `json:"id"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

type usage struct {
	Turns            *int32   `json:"turns"`
	APICalls         *int32   `json:"api_calls"`
	CostUSD          *float64 `json:"cost_usd"`
	PromptTokens     *int64   `json:"prompt_tokens"`
	CompletionTokens *int64   `json:"completion_tokens"`
	WallSeconds      *float64 `json:"wall_seconds"`
}

// read parses a line that answers question n. A key that records do not have is
// an error: what stands there would be lost.
func (a *answer) read(line []byte, n int64) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(a); err != nil {
		return fmt.Errorf("%w: %w", ErrNonsense, err)
	}
	switch {
	case dec.More():
		return fmt.Errorf("%w: more than one value", ErrNonsense)
	case a.N == nil || *a.N != n:
		return fmt.Errorf("%w: n is not %d", ErrNonsense, n)
	}
	return nil
}

// record makes a record of an answer.
func (a *answer) record(c *Command) (*format.Record, error) {
	switch {
	case a.Error != nil:
		return nil, errors.New(*a.Error)
	case a.Ignore:
		return nil, format.ErrIgnored
	case a.InstanceID == nil || *a.InstanceID == "":
		return nil, errors.New("a record without instance_id")
	}
	t := pipeline.Trajectory{
		InstanceID: a.InstanceID, Repo: a.Repo, BaseCommit: a.BaseCommit, Source: a.Source, PolicyRaw: a.Policy, Scaffold: a.Scaffold,
		Run: a.Run, Rollout: a.Rollout, Attempt: a.Attempt, ParentID: a.ParentID, Language: a.Language, CreatedAt: a.CreatedAt,
		License: a.License, Environment: a.Environment, Sampling: jsonText(a.Sampling), Tools: jsonText(a.Tools), Patch: a.Patch,
		ExitStatus: a.ExitStatus, Usage: pipeline.Usage(a.Usage), Claims: jsonText(a.Claims), Extra: jsonText(a.Extra),
		Origin: pipeline.Origin{Format: "plugin:" + c.Title(), Version: c.SHA256[:12]},
	}
	turns, issue := int32(0), false
	for i := range a.Messages {
		m, err := a.Messages[i].message(&issue)
		if err != nil {
			return nil, fmt.Errorf("messages[%d]: %w", i, err)
		}
		if m.Kind == pipeline.KindAction {
			turns++
		}
		t.Messages = append(t.Messages, m)
	}
	if t.Usage.Turns == nil {
		t.Usage.Turns = &turns
	}
	return &format.Record{Trajectory: t}, nil
}

var (
	roles = []pipeline.Role{pipeline.RoleSystem, pipeline.RoleUser, pipeline.RoleAssistant, pipeline.RoleTool, pipeline.RoleExit}
	kinds = []pipeline.MessageKind{pipeline.KindSystem, pipeline.KindIssue, pipeline.KindAction, pipeline.KindObservation,
		pipeline.KindInterrupt, pipeline.KindDemo, pipeline.KindFinal}
)

func (m *message) message(issue *bool) (pipeline.Message, error) {
	role, kind := pipeline.Role(m.Role), pipeline.MessageKind(m.Kind)
	if !slices.Contains(roles, role) {
		return pipeline.Message{}, fmt.Errorf("role %q is not one of %v", m.Role, roles)
	}
	if kind == "" {
		kind = kindOf(role, *issue)
	}
	if !slices.Contains(kinds, kind) {
		return pipeline.Message{}, fmt.Errorf("kind %q is not one of %v", m.Kind, kinds)
	}
	*issue = *issue || kind == pipeline.KindIssue
	out := pipeline.Message{Role: role, Kind: kind, Content: m.Content, Reasoning: m.Reasoning, RawOutput: m.RawOutput, ReturnCode: m.ReturnCode,
		Name: m.Name, ToolCallID: m.ToolCallID, Mask: m.Mask, Reward: m.Reward, Extra: jsonText(m.Extra)}
	for _, c := range m.ToolCalls {
		call := pipeline.ToolCall{ID: c.ID, Name: c.Name}
		if text := jsonText(c.Arguments); text != nil {
			call.Arguments = *text
		}
		out.ToolCalls = append(out.ToolCalls, call)
	}
	return out, nil
}

// kindOf says what a message is for where the program does not.
func kindOf(role pipeline.Role, issue bool) pipeline.MessageKind {
	switch {
	case role == pipeline.RoleSystem:
		return pipeline.KindSystem
	case role == pipeline.RoleAssistant:
		return pipeline.KindAction
	case role == pipeline.RoleExit:
		return pipeline.KindFinal
	case role == pipeline.RoleUser && !issue:
		return pipeline.KindIssue
	}
	return pipeline.KindObservation
}

// jsonText returns a value as text: a string as what it says, which may be JSON
// itself, and anything else as it is written.
func jsonText(raw json.RawMessage) *string {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var text string
	if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	return &text
}
