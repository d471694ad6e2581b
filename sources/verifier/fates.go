package verifier

import (
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/rows"
)

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := rows.Fates()
	for _, key := range []string{"messages", "conversations"} {
		all = append(all, format.Fate{Path: key + "[].**",
			Why: "messages holds the run that is asked about, turn by turn, and claims the answer; what verifiers are told about their work is left"})
	}
	return all
}
