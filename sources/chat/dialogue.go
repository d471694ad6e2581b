package chat

import (
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// RoleOf returns the role that a document's word for it stands for. Words that
// are not known are the user's: only the policy's own are never guessed.
func RoleOf(word string) (role pipeline.Role, known bool) {
	switch word {
	case "system", "developer":
		return pipeline.RoleSystem, true
	case "user", "human":
		return pipeline.RoleUser, true
	case "assistant", "ai", "gpt", "model", "bot", "function_call":
		return pipeline.RoleAssistant, true
	case "tool", "function", "observation", "tool_response", "ipython":
		return pipeline.RoleTool, true
	case "exit":
		return pipeline.RoleExit, true
	}
	return pipeline.RoleUser, false
}

// Classify says what each message of a plain dialogue is for, by its role and
// its place; a kind that is there already stays. What the user says before the
// policy first acts is the issue. What the user says afterwards answers an
// action where the protocol is text; where tools answer, it is the scaffold
// speaking up, as are complaints that known scaffolds make in either protocol.
func Classify(messages []pipeline.Message) {
	tools := false
	for i := range messages {
		tools = tools || messages[i].Role == pipeline.RoleTool
	}
	acted := false
	for i := range messages {
		m := &messages[i]
		if m.Kind == "" {
			m.Kind = kindOf(m, acted, tools)
		}
		acted = acted || m.Kind == pipeline.KindAction
		if m.Kind == pipeline.KindObservation && m.ReturnCode == nil {
			m.ReturnCode = ReturnCode(OrEmpty(m.Content))
		}
	}
}

func kindOf(m *pipeline.Message, acted, tools bool) pipeline.MessageKind {
	switch m.Role {
	case pipeline.RoleSystem:
		return pipeline.KindSystem
	case pipeline.RoleAssistant:
		return pipeline.KindAction
	case pipeline.RoleTool:
		return pipeline.KindObservation
	case pipeline.RoleExit:
		return pipeline.KindFinal
	}
	text := OrEmpty(m.Content)
	switch {
	case hasPrefix(text, demonstrations) && !acted:
		return pipeline.KindDemo
	case !acted:
		return pipeline.KindIssue
	case hasPrefix(text, observations):
		return pipeline.KindObservation
	case tools || hasPrefix(text, complaints):
		return pipeline.KindInterrupt
	}
	return pipeline.KindObservation
}

var (
	// observations begin what text protocols put before a command's output.
	observations = []string{"OBSERVATION:", "Observation:", "EXECUTION RESULT of [", "<returncode>", "<output>", "<tool_response>"}

	// demonstrations begin what SWE-agent shows before the issue.
	demonstrations = []string{"Here is a demonstration of how to correctly accomplish this task"}

	// complaints begin what scaffolds say about an action that they could not run,
	// and what OpenHands says where the policy did not act.
	complaints = []string{
		"Please continue working on the task on whatever approach you think is suitable.",
		"Your output was not formatted correctly", "Your last output did not use any tool calls",
		"Please always provide EXACTLY ONE action", "Please make sure your output precisely matches the following format",
		"Format error:", "No tool calls found in the response.", "Your action contained multiple",
	}
)

func hasPrefix(text string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

// ReturnCode reads the code that mini-swe-agent writes before a command's
// output, nil where there is none.
func ReturnCode(text string) *int32 {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(text, "Observation: "), "<returncode>")
	if !ok {
		return nil
	}
	code, _, ok := strings.Cut(rest[:min(len(rest), 32)], "</returncode>")
	v, err := strconv.ParseInt(code, 10, 32)
	if !ok || err != nil || strings.HasPrefix(code, "+") {
		return nil
	}
	return Int32(&v)
}

// Turns counts the actions of a dialogue.
func Turns(messages []pipeline.Message) *int32 {
	var n int32
	for i := range messages {
		if messages[i].Kind == pipeline.KindAction {
			n++
		}
	}
	return &n
}
