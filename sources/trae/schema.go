package trae

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a document, under the names it uses.

type document struct {
	task     *string
	model    string
	steps    []step
	calls    []step // llm_interactions, in the form of steps
	tally    chat.Tally
	final    *string
	wall     *float64
	clock    chat.Clock
	sampling chat.Sampling
	rest     chat.Rest
}

type step struct {
	state      string
	messages   []message
	responded  bool
	content    *string
	toolCalls  []pipeline.ToolCall
	results    []result
	reflection *string
	failure    *string
	rest       chat.Rest
}

type message struct {
	role    string
	content *string
	result  *result
	rest    chat.Rest
}

type result struct {
	callID  *string
	content *string
	rest    chat.Rest
}
