package aider

import "github.com/swerm/swerm/sources/chat"

// result is what is read of a document.
type result struct {
	instanceID string
	model      string
	label      string // model_name_or_path
	patch      *string
	cost       *float64
	try        *int64
	claims     chat.Rest
	rest       chat.Rest
}
