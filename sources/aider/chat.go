package aider

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// speaker says who wrote a line of a chat.
type speaker int

const (
	policy speaker = iota
	person
	program
)

const (
	told   = "#### "
	quoted = "> "
	began  = "# aider chat started at "
)

func speakerOf(line string) (speaker, string) {
	switch {
	case strings.HasPrefix(line, told), line == strings.TrimSpace(told):
		return person, strings.TrimPrefix(strings.TrimPrefix(line, strings.TrimSpace(told)), " ")
	case strings.HasPrefix(line, quoted), line == strings.TrimSpace(quoted):
		return program, strings.TrimPrefix(strings.TrimPrefix(line, strings.TrimSpace(quoted)), " ")
	case strings.HasPrefix(line, began):
		return program, line
	}
	return policy, line
}

// A transcript is a chat on its way to messages.
type transcript struct {
	out          []pipeline.Message
	who          speaker
	lines        []string
	fenced       bool // inside a block of code, which may hold any line
	issue, acted bool
}

// readChat splits a chat into messages.
func readChat(text string) []pipeline.Message {
	var t transcript
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		who, rest := speakerOf(line)
		if t.fenced {
			who, rest = t.who, line
		}
		if strings.HasPrefix(rest, "```") && who == policy {
			t.fenced = !t.fenced
		}
		blank := strings.TrimSpace(rest) == ""
		if who != t.who && !(blank && who == policy) {
			t.flush()
			t.who = who
		}
		t.lines = append(t.lines, rest)
	}
	t.flush()
	return t.out
}

func (t *transcript) flush() {
	text := strings.TrimSpace(strings.Join(t.lines, "\n"))
	t.lines = nil
	if text == "" || len(t.out) >= chat.MaxMessages {
		return
	}
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text}
	switch {
	case t.who == policy:
		t.acted = true
	case t.who == program && !t.acted:
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	case t.who == program:
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindObservation
	case !t.issue:
		t.issue = true
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindIssue
	default:
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindInterrupt
	}
	t.out = append(t.out, m)
}
