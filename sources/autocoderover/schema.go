package autocoderover

import "github.com/swerm/swerm/sources/chat"

// The wire structs hold what is read of a document, under the names it uses.

type meta struct {
	taskID     string
	repo       *string
	baseCommit *string
	createdAt  *string
	rest       chat.Rest
}

// message is one message of a conversation.
type message struct {
	chat.Message
	rest chat.Rest
}

// cost is what is read of cost.json.
type cost struct {
	Model   string   `json:"model"`
	Commit  string   `json:"commit"`
	Input   *int64   `json:"total_input_tokens"`
	Output  *int64   `json:"total_output_tokens"`
	USD     *float64 `json:"total_cost"`
	Seconds *float64 `json:"elapsed_seconds"`
}
