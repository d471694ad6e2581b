package codex

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a line, under the names it uses.

// item is a response item or the payload of an event.
type item struct {
	kind      string // type
	role      string
	content   *string
	text      *string // message of an event
	summary   *string
	name      string
	arguments *string
	callID    *string
	output    *string
	exitCode  *int64
	raw       *string // aggregated_output
	reason    string
	total     usage
	rest      chat.Rest
}

type usage struct{ input, output *int64 }

// head is what a session says of itself.
type head struct {
	id, parent, version string
	instructions        *string
	rest                chat.Rest
}

// turnContext is what a turn was run with.
type turnContext struct {
	model  string
	effort string
	rest   chat.Rest
}

// outcome is what an event says about a command.
type outcome struct {
	exitCode *int32
	raw      *string
}

// turn is a message that is not finished.
type turn struct {
	open           bool
	calls          []pipeline.ToolCall
	text, thinking chat.Texts
	rest           chat.Rest
}
