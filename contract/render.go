package contract

import "github.com/swerm/swerm/pipeline"

// A piece is one block of a rendered trajectory before it is encoded. Its
// texts come from the trajectory and are encoded with control tokens off.
type piece struct {
	name  blockName
	text  string
	args  *string // after the template's call text, for calls
	patch patchState
	turn  int // 0 before the first action; the patch belongs to no turn (-1)
}

// patchState says what a patch block holds.
type patchState uint8

const (
	patchText patchState = iota
	patchNone
	patchEmpty
)

// noTurn is the turn of what stands outside all turns.
const noTurn = -1

// render lists the blocks of a trajectory in order. It reads messages and the
// patch and nothing else of it.
func (r Rendering) render(t *pipeline.Trajectory, emit func(piece)) {
	issue := issueIndex(t.Messages)
	turn := 0
	for i := range t.Messages {
		m := &t.Messages[i]
		if hidden(m) {
			continue
		}
		name := blockOf(m)
		if i == issue {
			name = blockIssue
		}
		if name == blockSystem && !r.System {
			continue
		}
		if name == blockAssistant {
			turn++
		}
		r.message(m, name, turn, emit)
	}
	if r.Patch {
		p := piece{name: blockPatch, turn: noTurn}
		switch {
		case t.Patch == nil:
			p.patch = patchNone
		case *t.Patch == "":
			p.patch = patchEmpty
		default:
			p.text = *t.Patch
		}
		emit(p)
	}
}

// message lists the blocks of one message: reasoning, content, calls.
func (r Rendering) message(m *pipeline.Message, name blockName, turn int, emit func(piece)) {
	reasoning := r.Reasoning && m.Reasoning != nil && *m.Reasoning != ""
	if reasoning {
		emit(piece{name: blockReasoning, text: *m.Reasoning, turn: turn})
	}
	// An empty observation says that a command printed nothing. An empty action
	// says something only if it is all there is.
	if m.Content != nil && (*m.Content != "" || name != blockAssistant || len(m.ToolCalls) == 0 && !reasoning) {
		emit(piece{name: name, text: *m.Content, turn: turn})
	}
	for i := range m.ToolCalls {
		call := &m.ToolCalls[i]
		emit(piece{name: blockCall, text: call.Name, args: &call.Arguments, turn: turn})
	}
}

// hidden reports messages that are no part of what is judged: how the attempt
// is said to have ended, and demonstrations.
func hidden(m *pipeline.Message) bool {
	return m.Role == pipeline.RoleExit || m.Kind == pipeline.KindFinal || m.Kind == pipeline.KindDemo
}

func blockOf(m *pipeline.Message) blockName {
	switch m.Kind {
	case pipeline.KindSystem:
		return blockSystem
	case pipeline.KindIssue:
		return blockIssue
	case pipeline.KindAction:
		return blockAssistant
	case pipeline.KindObservation:
		return blockObservation
	case pipeline.KindInterrupt:
		return blockUser
	}
	switch m.Role {
	case pipeline.RoleSystem:
		return blockSystem
	case pipeline.RoleAssistant:
		return blockAssistant
	case pipeline.RoleTool:
		return blockObservation
	}
	return blockUser
}

// issueIndex returns the message to treat as the issue where none is marked:
// the first of the user before any action. It returns -1 when one is marked.
func issueIndex(messages []pipeline.Message) int {
	first, acted := -1, false
	for i := range messages {
		m := &messages[i]
		if hidden(m) {
			continue
		}
		switch blockOf(m) {
		case blockIssue:
			return -1
		case blockAssistant:
			acted = true
		case blockUser:
			if first < 0 && !acted {
				first = i
			}
		}
	}
	return first
}

// Texts calls yield with every text of the trajectory that the contract would
// have a model read: what a tokenizer is trained on.
func (r Rendering) Texts(t *pipeline.Trajectory, yield func(string)) {
	r.render(t, func(p piece) {
		if p.text != "" {
			yield(p.text)
		}
		if p.args != nil && *p.args != "" {
			yield(*p.args)
		}
	})
}
