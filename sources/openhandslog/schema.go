package openhandslog

import "github.com/swerm/swerm/sources/chat"

// A document is one log. Lists and answers are read after the rest of it: which
// of them is the dialogue shows only at the end.
type document struct {
	at       map[string]int // where the values of the keys in places begin
	messages []message      // the dialogue, with its last answer
	prompt   int            // how many of them are the prompt
	answered bool
	shown    []message // the beginning of the text protocol's prompt, where it is not the dialogue
	written  *string   // the last answer in the text protocol

	model    string
	tools    *string
	sampling chat.Sampling
	failure  failure
	call     call
	kwargs   chat.Rest
	reply    chat.Rest // what a gateway adds to a reply
	rest     chat.Rest
}

// places are the keys whose values are read later.
var places = []string{"messages", "fncall_messages", "raw_messages", "input", "response", "fncall_response", "raw_response"}

// A message is one of a prompt, or an answer.
type message struct {
	chat.Message
	thinking *string
	extra    chat.Rest
}

// A failure is why there is no answer.
type failure struct{ kind, text string }

// A call is what one call took.
type call struct {
	cost               *float64
	prompt, completion *int64
	rest               chat.Rest
}
