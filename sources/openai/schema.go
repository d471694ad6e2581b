package openai

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/rows"
)

// A document is a row, or a file that is one: its dialogue, and where the rest
// of it stands.
type document struct {
	row      rows.Row
	messages []pipeline.Message
	found    bool // a list of messages was there
}

// A message is one element of the dialogue while it is read.
type message struct {
	chat.Message
	messageType string
	demo        bool
	toolCallIDs []string
	thinking    *string // the readable part of thinking_blocks
	action      *string // as SWE-agent parsed it out of the content
	thought     *string
	deprecated  *pipeline.ToolCall // function_call
	mask        chat.Mask
	reward      *float64
	parts       []byte // a content with parts that are not text, as it is written
	rest        chat.Rest
	seen        chat.Seen
}
