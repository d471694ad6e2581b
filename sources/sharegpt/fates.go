package sharegpt

import (
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/rows"
)

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := rows.Fates()
	for _, key := range dialogues {
		all = append(all, format.Fate{Path: key + "[].from", Why: "role; human, gpt, function_call and observation are four of its words"})
		for _, mask := range []string{"mask", "train", "loss", "weight", "loss_weight"} {
			all = append(all, format.Fate{Path: key + "[]." + mask, Why: "messages[].mask where it is 0 or 1, extra.weight otherwise"})
		}
	}
	return all
}
