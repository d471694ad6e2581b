package pipeline

import "crypto/sha256"

// Role says who wrote a message.
type Role string

// The roles a message can have. RoleExit is the scaffold's last word: why the
// attempt ended.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
	RoleExit      Role = "exit"
)

// MessageKind says what a message is for, whatever role carried it.
type MessageKind string

// The kinds a message can have.
const (
	KindSystem      MessageKind = "system"      // instructions to the policy
	KindIssue       MessageKind = "issue"       // the task as the policy was given it
	KindAction      MessageKind = "action"      // the policy's turn
	KindObservation MessageKind = "observation" // what the environment answered
	KindInterrupt   MessageKind = "interrupt"   // the scaffold speaking up: format errors, limits
	KindDemo        MessageKind = "demo"        // a demonstration, not this attempt
	KindFinal       MessageKind = "final"       // how the attempt ended: diff or error
)

// A Trajectory is one attempt of one policy at one task, with everything
// needed to judge it and to trace it. It is the only record that carries text.
// A nil pointer or an empty slice means not known where the field's comment
// says so; strings use "" for both unknown and empty except where a pointer
// is used.
type Trajectory struct {
	ID string // 128 bits of SHA-256 in hex, see ComputeID

	InstanceID *string // the task as the source names it
	Repo       *string
	BaseCommit *string
	TaskID     string // the task across sources: groups for RM@K and for splits

	Source    string  // dataset the task comes from; "unknown" where nothing says
	Policy    string  // the model that acted, canonical; "unknown" where nothing says
	PolicyRaw *string // the same as written in the file
	Scaffold  string  // the harness it acted in; "unknown" where nothing says

	Run      *string // which batch of runs
	Rollout  *int32  // which sample of the task
	Attempt  *int32  // which retry
	ParentID *string // trajectory of the parent agent

	Language    *string
	CreatedAt   *string // RFC 3339 where the source says so
	License     *string
	Environment *string // image digest or name
	Sampling    *string // JSON: temperature, max steps, as far as known

	Messages   []Message
	Tools      *string // JSON list of tool schemas
	Patch      *string // final diff; nil = none recorded, "" = recorded and empty
	ExitStatus *string // as the scaffold said it
	Usage      Usage
	Claims     *string // JSON: what the file itself says about success; never rendered
	Extra      *string // JSON: what the file says that has no column; never rendered
	Origin     Origin
}

// A Message is one turn of a trajectory.
type Message struct {
	Role       Role
	Kind       MessageKind
	Content    *string // what the policy wrote or saw
	Reasoning  *string // hidden reasoning, where the provider gave it
	RawOutput  *string // tool output before the scaffold elided it, where it differs
	ReturnCode *int32  // of the command observed
	Name       *string // tool name on tool messages
	ToolCallID *string
	ToolCalls  []ToolCall
	Mask       *bool    // true: a token to train on, as the source says
	Reward     *float64 // step reward
	Extra      *string  // JSON of what has no column
}

// A ToolCall is one call that a policy made. Arguments is the JSON string as
// the policy wrote it; it need not be valid JSON.
type ToolCall struct {
	ID        *string
	Name      string
	Arguments string
}

// Usage is what the attempt cost. A nil field is not known.
type Usage struct {
	Turns            *int32 // assistant messages
	APICalls         *int32
	CostUSD          *float64
	PromptTokens     *int64
	CompletionTokens *int64
	WallSeconds      *float64
}

// Origin says where a record was read, so that any row can be traced to bytes.
type Origin struct {
	URI         string // relative to the named input root, slash separated
	Row         int64  // row or line in that file, from 0
	ContentHash string // hash of the raw record, algorithm first: blake3:<hex>
	Format      string // importer that read it
	Version     string // version of that importer
}

// IDLayout names the byte layout behind ComputeID. It is part of the hash, so a
// change of layout changes every id at once and never one by one.
const IDLayout = "swerm-trajectory-1"

// ComputeID returns the trajectory's id: the first 128 bits of a SHA-256, in
// hex. Every field is written as a presence byte and, when present, its length
// (uint64, little endian) and bytes, in this order: IDLayout; instance id;
// for every message role, kind, content, reasoning, raw output, return code,
// name, tool call id and its calls' id, name and arguments; patch; origin URI
// and row. The order of messages and the number of calls are written too.
//
// Identity that flags fill in (source, policy, scaffold, run) is left out, so
// the same file gives the same id whatever the command line said.
func (t *Trajectory) ComputeID() string {
	return idOf(sha256.Sum256(t.appendIdentity(nil)))
}

// TextBytes counts the bytes of text a record carries: what limits, flushes
// and progress are measured in.
func (t *Trajectory) TextBytes() int64 {
	n := optLen(t.Patch) + optLen(t.Tools) + optLen(t.Claims) + optLen(t.Sampling) + optLen(t.Extra)
	for i := range t.Messages {
		m := &t.Messages[i]
		n += optLen(m.Content) + optLen(m.Reasoning) + optLen(m.RawOutput) + optLen(m.Extra)
		for _, c := range m.ToolCalls {
			n += int64(len(c.Name) + len(c.Arguments))
		}
	}
	return n
}

func optLen(s *string) int64 {
	if s == nil {
		return 0
	}
	return int64(len(*s))
}
