package terminalbench

import "github.com/swerm/swerm/sources/chat"

// The wire structs hold what is read of a document, under the names it uses.

type trial struct {
	trialName   string
	taskID      string
	instruction *string
	failureMode *string
	claims      chat.Rest
	prompt      *int64
	completion  *int64
	stamps      map[string]string // agent_started_at, …
	rest        chat.Rest
}

// metadata is what is read of a run's run_metadata.json.
type metadata struct {
	Agent   string `json:"agent_name"`
	Model   string `json:"model_name"`
	Dataset string `json:"dataset_name"`
	Version string `json:"dataset_version"`
}
