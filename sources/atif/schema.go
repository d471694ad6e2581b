package atif

import (
	"encoding/json"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a document, under the names it uses.

type trajectory struct {
	schemaVersion string
	sessionID     string
	trajectoryID  string
	agent         agent
	steps         []step
	final         finalMetrics
	subagents     []trajectory
	names         names
	rest          chat.Rest
	repaired      int
}

// names are what a document may say of its task and attempt in extra, under the
// names that data sets use; swerm's own export does.
type names struct {
	instance, repo, commit, run, patch, exit *string
	source                                   string
	rollout, attempt                         *int64
}

type agent struct {
	name, version, model string
	tools                *string
	rest                 chat.Rest
}

type finalMetrics struct {
	prompt, completion *int64
	cost               *float64
	rest               chat.Rest
}

type step struct {
	source    string
	timestamp string
	model     string
	effort    json.RawMessage
	message   *string
	reasoning *string
	calls     []pipeline.ToolCall
	results   []result
	metrics   metrics
	copied    bool
	rest      chat.Rest
}

type result struct {
	callID  *string
	content *string
	rest    chat.Rest
}

type metrics struct {
	prompt, completion *int64
	cost               *float64
	rest               chat.Rest
}

// trial is what is read of a Harbor trial's result.json.
type trial struct {
	dir string // where it lies, from the trajectory

	TaskName  string `json:"task_name"`
	TrialName string `json:"trial_name"`
	Source    string `json:"source"`
	Checksum  string `json:"task_checksum"`
	AgentInfo struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		ModelInfo *struct {
			Name     string `json:"name"`
			Provider string `json:"provider"`
		} `json:"model_info"`
	} `json:"agent_info"`
	AgentResult *struct {
		InputTokens  *int64   `json:"n_input_tokens"`
		CacheTokens  *int64   `json:"n_cache_tokens"`
		OutputTokens *int64   `json:"n_output_tokens"`
		CostUSD      *float64 `json:"cost_usd"`
	} `json:"agent_result"`
	VerifierResult json.RawMessage `json:"verifier_result"`
	Exception      *struct {
		Type    string `json:"exception_type"`
		Message string `json:"exception_message,omitempty"`
	} `json:"exception_info"`
	StartedAt  string `json:"started_at"`
	FinishedAt string `json:"finished_at"`
}
