package rows

import (
	"bytes"

	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// InteractionLog is the line that rows made for a verifier put before the run
// that it is to judge.
const InteractionLog = "=== INTERACTION LOG ==="

const (
	maxPrompt   = 3       // messages of a verifier's prompt
	promptBytes = 4 << 10 // within which the line stands
	glanceBytes = 32 << 10
)

// Judged reports whether the messages of a row are a verifier's: they ask about
// a run that stands in the text of one of them.
func Judged(sh format.Shape) bool {
	if !sh.Has("messages", "role") && !sh.Has("conversations", "from") {
		return false
	}
	if len(sh.Data) <= glanceBytes && !bytes.Contains(sh.Data, []byte(InteractionLog)) {
		return false // the beginning of a document is looked through faster than it is read
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
			if at := s.Mark(); bytes.Contains(sh.Data[at:min(len(sh.Data), at+promptBytes)], []byte(InteractionLog)) {
				return true
			}
		}
	}
	return false
}

// shortBytes is a beginning that tells too little: what stands behind a dialogue
// may make it another format's.
const shortBytes = 512 << 10

// Short reports whether an outline ends before a row does, and too early to say
// that nothing but a dialogue is in it.
func Short(sh format.Shape) bool { return sh.Err != nil && len(sh.Data) < shortBytes }
