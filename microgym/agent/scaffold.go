package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/swerm/swerm/microgym/shell"
	"github.com/swerm/swerm/pipeline"
)

// A command is what a policy does in one turn: text for a shell, or a call.
type command struct {
	shell string
	tool  string
	args  any
}

// System prompts, and how a turn and its answer are written, by scaffold.
const (
	systemShell = "You repair a small Starlark package. Answer with one command in a bash block; `submit` ends the work."
	systemTools = "You repair a small Starlark package with the tools you are given; submit ends the work."
)

// act takes one turn: it writes the message, runs the command and writes what
// came back.
func (e *episode) act(ctx context.Context, thought string, c command) (shell.Result, error) {
	e.turns++
	if e.policy.Scaffold == Tools {
		return e.call(ctx, thought, c)
	}
	text := "```bash\n" + c.shell + "\n```"
	if thought != "" {
		text = thought + "\n\n" + text
	}
	e.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text})
	res := e.ws.Run(ctx, c.shell)
	if res.Err != nil {
		return res, res.Err
	}
	if !res.Submitted {
		out := fmt.Sprintf("<returncode>%d</returncode>\n<output>\n%s</output>", res.Code, endLine(elide(res.Output)))
		e.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: &out, ReturnCode: code(res)})
	}
	return res, nil
}

func (e *episode) call(ctx context.Context, thought string, c command) (shell.Result, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // what a model would write
	if err := enc.Encode(c.args); err != nil {
		return shell.Result{}, fmt.Errorf("arguments of %s: %w", c.tool, err)
	}
	args := strings.TrimSuffix(buf.String(), "\n")
	id := fmt.Sprintf("call_%d", e.turns)
	e.say(pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &thought,
		ToolCalls: []pipeline.ToolCall{{ID: &id, Name: c.tool, Arguments: args}}})
	res := e.ws.Call(ctx, c.tool, args)
	if res.Err != nil {
		return res, res.Err
	}
	if !res.Submitted {
		out, name := strings.TrimSuffix(elide(res.Output), "\n"), c.tool
		e.say(pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: &out, Name: &name,
			ToolCallID: &id, ReturnCode: code(res)})
	}
	return res, nil
}

// What a scaffold shows of a long answer: its head and its end, cut at lines
// where that can be.
const (
	maxAnswer  = 900
	answerHead = 250
	answerEnd  = 450
)

// elide leaves out the middle of a long answer and says so.
func elide(s string) string {
	if len(s) <= maxAnswer {
		return s
	}
	head, end := s[:answerHead], s[len(s)-answerEnd:]
	if i := strings.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	}
	if i := strings.IndexByte(end, '\n'); i >= 0 && i < len(end)-1 {
		end = end[i+1:]
	}
	text := fmt.Sprintf("%s[%d characters left out]\n%s", head, len(s)-len(head)-len(end), end)
	return strings.ToValidUTF8(text, "") // a cut may halve a character
}

func code(r shell.Result) *int32 {
	c := int32(r.Code)
	return &c
}

func endLine(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// Arguments of the tools.
type (
	viewArgs struct {
		Path  string `json:"path"`
		Start int    `json:"start,omitempty"`
		End   int    `json:"end,omitempty"`
	}
	replaceArgs struct {
		Path   string `json:"path"`
		OldStr string `json:"old_str"`
		NewStr string `json:"new_str"`
	}
	testsArgs struct {
		Paths []string `json:"paths,omitempty"`
	}
	codeArgs struct {
		Code string `json:"code"`
	}
	searchArgs struct {
		Pattern string `json:"pattern"`
	}
	noArgs struct{}
)
