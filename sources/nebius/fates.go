package nebius

import (
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/rows"
)

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return append(rows.Fates(),
		format.Fate{Path: "trajectory[].role", Why: "role; the set writes ai for the assistant"},
		format.Fate{Path: "trajectory[].mask", Why: "messages[].mask"})
}
