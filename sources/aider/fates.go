package aider

import "github.com/swerm/swerm/sources/format"

// Fates is empty: all that a result says is kept.
func (Format) Fates() []format.Fate { return nil }
