package miniswe

import "github.com/swerm/swerm/sources/chat"

// The wire structs hold what is read of a document, under the names it uses.

type document struct {
	format     string // trajectory_format
	instanceID string
	info       info
	messages   []message
}

type info struct {
	exitStatus *string
	submission *string
	cost       *float64
	apiCalls   *int64
	config     config
}

type config struct {
	model               string
	image               string
	sampling            chat.Sampling
	formatErrorTemplate string
	timeoutTemplate     string
}

type message struct {
	chat.Message
	extra extra
	reply reply
}

type extra struct {
	rawOutput     *string
	rawShown      bool // there is one, and content holds it: rawOutput is nil
	returnCode    *int64
	timestamp     *float64
	interruptType *string
	exceptionType *string
	exceptionStr  *string
	exitStatus    *string
	submission    *string
	actions       []string // commands, for models that do not call tools
	reasoning     *string
	promptTokens  *int64
	outputTokens  *int64
}
