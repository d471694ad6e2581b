package autocoderover

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{
		{Path: "setup_info.**", Why: "the machine it ran on"},
		{Path: "task_info.**", Why: "the task's row with its solution and hidden tests; the dialogue holds what the policy was told"},
	}
}
