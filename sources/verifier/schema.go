package verifier

import "github.com/swerm/swerm/sources/rows"

// A document is a row: what the verifier is told and answers, and where the rest
// of the row stands.
type document struct {
	row     rows.Row
	prompts []prompt
	found   bool // a list of messages was there
}

// A prompt is one of the few messages of a row.
type prompt struct {
	role string
	text *string
}

// A run is what an interaction log tells.
type run struct {
	turns []logged
	patch *string
}

// A logged turn is one message of the run that is judged.
type logged struct {
	role string
	text string
	step int // as the log numbers it, -1 where it does not
}
