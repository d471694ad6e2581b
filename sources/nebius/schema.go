package nebius

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/rows"
)

// A document is a row: its dialogue, and where the rest of it stands.
type document struct {
	row      rows.Row
	messages []pipeline.Message
	found    bool // a trajectory was there
}

// A turn is one element of trajectory.
type turn struct {
	role         string
	text         *string
	systemPrompt *string
	cutoffDate   *string
	mask         *bool
	omitted      []string // kinds of parts that are no text
	repaired     int
}
