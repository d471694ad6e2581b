package sharegpt

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/rows"
)

// A document is a row: its dialogue, and where the rest of it stands.
type document struct {
	row      rows.Row
	messages []pipeline.Message
	system   *string // beside the dialogue
	found    bool    // a list of turns was there
}

// A turn is one element of conversations.
type turn struct {
	from     string
	value    *string
	mask     chat.Mask
	omitted  []string // kinds of parts that are no text
	repaired int
	rest     chat.Rest
}
