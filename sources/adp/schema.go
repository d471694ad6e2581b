package adp

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a document, under the names it uses.

type row struct {
	id      string
	items   []item
	details details
	rest    chat.Rest
}

// item is an action or an observation.
type item struct {
	class       string
	content     *string
	description *string
	source      string
	name        *string
	function    string
	kwargs      *string
	language    string
	axtree      *string
	html        *string
	rest        chat.Rest
}

type details struct {
	runID, model string
	tools        *string
	patch        *string
	exitStatus   *string
	claims       chat.Rest
}

// testResult is what SWE-Gym's data set says about a run's tests.
type testResult struct {
	Patch *string `json:"git_patch"`
}

// call makes the tool call of an action.
func call(name, arguments string) []pipeline.ToolCall {
	return []pipeline.ToolCall{{Name: name, Arguments: arguments}}
}
