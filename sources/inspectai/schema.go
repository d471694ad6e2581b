package inspectai

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a document, under the names it uses.

// header is what a log says of the whole evaluation.
type header struct {
	model    string
	runID    string
	task     string
	created  string
	dataset  string
	sampling chat.Sampling
	rest     chat.Rest
}

type sample struct {
	id          string
	epoch       *int64
	messages    []message
	input       []message
	claims      chat.Rest
	usage       map[string]tokens
	total       *float64
	failed      bool
	limit       string
	attachments map[string]string
	rest        chat.Rest
}

type tokens struct{ input, cacheWrite, cacheRead, output *int64 }

type message struct {
	role      string
	content   *string
	reasoning *string
	calls     []pipeline.ToolCall
	callID    *string
	function  *string
	rest      chat.Rest
}
