package sweagent

import "github.com/swerm/swerm/sources/chat"

// The wire structs hold what is read of a document, under the names it uses.

// attempt is one run: the document itself, or an element of its attempts.
type attempt struct {
	environment string
	history     []turn
	hasHistory  bool
	steps       int
	wall        *float64 // seconds of execution, summed
	rawSteps    []byte   // trajectory, decoded only where history is absent
	info        info
	replay      replay
	attempts    []attempt
}

type turn struct {
	chat.Message
	messageType string
	demo        bool
	thought     *string
	action      *string
	thinking    *string // the readable part of thinking_blocks
	toolCallIDs []string
}

type step struct {
	action, observation, response, thought *string
}

type info struct {
	exitStatus *string
	submission *string
	stats      stats
	version    string
}

type stats struct {
	cost     *float64
	sent     *int64
	received *int64
	apiCalls *int64
}

type replay struct {
	model      string
	image      string
	baseCommit string
	problem    string
	sampling   chat.Sampling
}
