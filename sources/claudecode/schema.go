package claudecode

import (
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
)

// The wire structs hold what is read of a line, under the names it uses.

type line struct {
	kind       string // type
	subtype    string
	uuid       string
	parentUUID string
	session    string
	agentID    string
	parentTool string // parent_tool_use_id
	version    string
	timestamp  string
	cwd        string
	branch     string
	sidechain  bool
	meta       bool
	apiError   bool
	message    *message
	text       *string // content of a system line, result of the last, summary
	cost       *float64
	total      *float64 // total_cost_usd
	duration   *float64 // duration_ms
	rest       chat.Rest
	repaired   int
}

type message struct {
	id         string
	role       string
	model      string
	stopReason string
	content    content
	usage      usage
	rest       chat.Rest
}

// content is a message's parts, sorted by what they are.
type content struct {
	text     chat.Texts
	thinking chat.Texts
	calls    []pipeline.ToolCall
	results  []toolResult
	rest     chat.Rest
}

type toolResult struct {
	callID  *string
	content *string
	isError bool
	rest    chat.Rest
}

type usage struct{ input, cacheWrite, cacheRead, output *int64 }
