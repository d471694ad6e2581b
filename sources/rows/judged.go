package rows

import (
	"bytes"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// InteractionLog is the line that rows made for a verifier put before the run
// that it is to judge.
const InteractionLog = "=== INTERACTION LOG ==="

// maxPrompt is how many messages a verifier's prompt has at most.
const maxPrompt = 3

// Judged reports whether the messages of a row are a verifier's: they ask about
// a run that stands in the text of one of them.
func Judged(sh format.Shape) bool {
	if !sh.Has("messages", "role") && !sh.Has("conversations", "from") {
		return false
	}
	s := jsonscan.New(sh.Data)
	for key := range s.Fields() {
		if key != "messages" && key != "conversations" || s.Kind() != jsonscan.Array {
			continue
		}
		for i := range s.Elements() {
			if i == maxPrompt {
				return false
			}
			if raw := s.Raw(); bytes.Contains(raw[:min(len(raw), 4<<10)], []byte(InteractionLog)) {
				return true
			}
		}
	}
	return false
}
