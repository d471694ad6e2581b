package adp

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{
		{Path: "id", Why: "instance_id"},
		{Path: "content[].class_", Why: "messages[].role and kind"},
		{Path: "content[].source", Why: "messages[].role"},
	}
}
