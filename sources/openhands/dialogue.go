package openhands

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// A dialogue is built from the events of one run, in their order.
type dialogue struct {
	messages []pipeline.Message
	tools    *string
	version  string // of the scaffold
	agent    string // its class
	model    string // as the provider says it
	exit     string // the action that ended the run

	evaluation bool // nobody but the scaffold speaks after the issue
	issue      bool // the issue has been seen
	reply      openReply
	last       string // id of the reply that the last message is
	spent      chat.Tally
	clock      chat.Clock
}

// say adds a message; rest is what has no column.
func (d *dialogue) say(m pipeline.Message, rest *chat.Rest) {
	m.Extra = rest.JSON()
	d.messages = append(d.messages, m)
	d.last = ""
}

// user adds what a user said. The first is the issue; in an evaluation the rest
// is the scaffold, which plays the user.
func (d *dialogue) user(content *string, rest *chat.Rest) {
	kind := pipeline.KindIssue
	if d.issue && d.evaluation {
		kind = pipeline.KindInterrupt
	}
	d.issue = true
	d.say(pipeline.Message{Role: pipeline.RoleUser, Kind: kind, Content: content}, rest)
}

// An openReply is the provider's latest: each action taken from it repeats it
// byte for byte. Its id would not do, since some providers give all the same.
type openReply struct {
	raw  []byte // belongs to the document
	at   int    // its message
	left int    // calls whose actions are still to come
}

// expect notes the reply that has just become a message.
func (d *dialogue) expect(raw []byte) {
	at := len(d.messages) - 1
	d.reply = openReply{raw: raw, at: at, left: len(d.messages[at].ToolCalls) - 1}
}

// expected returns the message that a reply has become already, nil where it has
// not.
func (d *dialogue) expected(raw []byte) *pipeline.Message {
	r := &d.reply
	if r.left <= 0 || len(raw) == 0 || !bytes.Equal(r.raw, raw) {
		return nil
	}
	r.left--
	return &d.messages[r.at]
}

// awaits reports whether the policy has spoken last, without a call.
func (d *dialogue) awaits() bool {
	n := len(d.messages)
	return n > 0 && d.messages[n-1].Kind == pipeline.KindAction && len(d.messages[n-1].ToolCalls) == 0
}

// noteCall keeps what a further call of a message says beside it.
func noteCall(m *pipeline.Message, call *string, rest *chat.Rest) {
	if rest.Len() > 0 {
		chat.Note(m, "call "+chat.OrEmpty(call), json.RawMessage(*rest.JSON()))
	}
}

// maxStatusBytes bounds an exit status, which is a name to group runs by.
const maxStatusBytes = 256

// finish adds the scaffold's last word, where there is one, and returns the exit
// status: the beginning of an error, else the action that ended the run.
func (d *dialogue) finish(failure *string) *string {
	if text := strings.TrimSpace(chat.OrEmpty(failure)); text != "" {
		d.say(pipeline.Message{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: failure}, &chat.Rest{})
		line, _, _ := strings.Cut(text, "\n")
		line = strings.ToValidUTF8(line[:min(len(line), maxStatusBytes)], "")
		return &line
	}
	return chat.NonEmpty(d.exit)
}
