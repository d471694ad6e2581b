package chat

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// TakeVerdict takes the answer of a judge, as it is written, off the end of a
// dialogue. Sets made
// for verifiers end with one, and a policy that answers YES has not acted: it
// is a claim about the dialogue before it and no part of what is judged.
func TakeVerdict(messages []pipeline.Message) (rest []pipeline.Message, verdict string) {
	if len(messages) == 0 {
		return messages, ""
	}
	last := &messages[len(messages)-1]
	if last.Role != pipeline.RoleAssistant || len(last.ToolCalls) > 0 || last.Content == nil {
		return messages, ""
	}
	if Verdict(*last.Content) == "" {
		return messages, ""
	}
	return messages[:len(messages)-1], *last.Content
}

// Verdict reads YES or NO where that is all a text says, in the tag that
// verifiers are asked to put it in or without it, "" otherwise.
func Verdict(text string) string {
	if len(text) > 64 {
		return ""
	}
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, tag := range []string{"JUDGEMENT", "JUDGMENT", "VERDICT", "ANSWER"} {
		if inner, ok := strings.CutPrefix(text, "<"+tag+">"); ok {
			text = strings.TrimSpace(strings.TrimSuffix(inner, "</"+tag+">"))
		}
	}
	if text = strings.TrimRight(text, ". \n"); text == "YES" || text == "NO" {
		return text
	}
	return ""
}
