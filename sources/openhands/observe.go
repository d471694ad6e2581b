package openhands

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func (d *dialogue) observe(s *jsonscan.Scanner, e *event) {
	var ref callRef
	if e.call >= 0 {
		s.At(e.call, callKey, func() { ref.read(s) })
	}
	switch e.observation {
	case "null", "agent_state_changed":
		return // of the program around the run
	case "recall":
		d.recall(s, e)
		return
	case "condense":
		d.scaffold(s, e, e.content)
		return
	}
	var rest chat.Rest
	m := pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: e.content, ToolCallID: ref.id, Name: ref.function}
	switch {
	case ref.id != nil:
		m.Role = pipeline.RoleTool
	case e.observation == "error":
		m.Kind = pipeline.KindInterrupt // no action came of the policy's words
	default:
		if tool := d.tool(); tool != nil {
			m.Role, m.Name = pipeline.RoleTool, tool
		}
	}
	frame := readFrame(s, e.extras)
	m.ReturnCode = chat.Int32(frame.exitCode)
	m.Content = frame.around(m.Content)
	if seen := e.extras.text(s, "formatted_output_and_error"); seen != nil {
		m.Content, m.RawOutput = seen, e.content
	}
	if chat.OrEmpty(m.Content) == "" {
		e.extras.at(s, "outputs", func() { m.Content = delegated(s, m.Content) })
	}
	if frame.workingDir != "" {
		rest.Set("working_dir", frame.workingDir)
	}
	e.leftover(s, &rest, nil, nil)
	d.say(m, &rest)
}

// delegated is what another agent has handed back, if anything.
func delegated(s *jsonscan.Scanner, content *string) *string {
	if s.Kind() != jsonscan.Object {
		return content
	}
	for key := range s.Fields() {
		if key == "content" && s.Kind() == jsonscan.String {
			content = s.OptStr()
		}
	}
	return content
}

// tool names what the action before has called, where events have no metadata.
func (d *dialogue) tool() *string {
	if len(d.messages) == 0 {
		return nil
	}
	last := &d.messages[len(d.messages)-1]
	if last.Kind != pipeline.KindAction || len(last.ToolCalls) == 0 {
		return nil
	}
	name := last.ToolCalls[0].Name
	return &name
}

// A frame is what stands around a command's output.
type frame struct {
	prefix, suffix string // which the policy is shown
	workingDir     string
	exitCode       *int64
}

func readFrame(s *jsonscan.Scanner, extras fields) frame {
	var f frame
	extras.at(s, "exit_code", func() { f.exitCode = chat.OptInt(s) })
	extras.at(s, "metadata", func() { f.read(s) })
	return f
}

func (f *frame) read(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "prefix":
			f.prefix = chat.OrEmpty(chat.OptText(s))
		case "suffix":
			f.suffix = chat.OrEmpty(chat.OptText(s))
		case "working_dir":
			f.workingDir = chat.OrEmpty(chat.OptText(s))
		case "exit_code":
			f.exitCode = chat.OptInt(s)
		}
	}
}

func (f *frame) around(content *string) *string {
	if f.prefix == "" && f.suffix == "" {
		return content
	}
	framed := f.prefix + chat.OrEmpty(content) + f.suffix
	return &framed
}

// recall adds what the scaffold looked up for the policy: instructions of the
// repository and knowledge that a word set off.
func (d *dialogue) recall(s *jsonscan.Scanner, e *event) {
	shown := []string{"repo_instructions", "additional_agent_instructions", "conversation_instructions", "microagent_knowledge"}
	var rest chat.Rest
	texts := []string{chat.OrEmpty(e.content)}
	for _, key := range shown[:3] {
		texts = append(texts, chat.OrEmpty(e.extras.text(s, key)))
	}
	var found []knowledge
	e.extras.at(s, "microagent_knowledge", func() { found = readKnowledge(s) })
	for _, k := range found {
		texts = append(texts, k.content)
	}
	if len(found) > 0 {
		rest.Set("microagents", found)
	}
	texts = slices.DeleteFunc(texts, func(t string) bool { return t == "" })
	content := strings.Join(texts, "\n\n")
	e.leftover(s, &rest, nil, shown)
	d.say(pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindObservation, Content: &content}, &rest)
}

// A knowledge is a text that a word of a message set off.
type knowledge struct {
	Name    string `json:"name,omitempty"`
	Trigger string `json:"trigger,omitempty"`
	content string
}

func readKnowledge(s *jsonscan.Scanner) (all []knowledge) {
	if s.Kind() != jsonscan.Array {
		return nil
	}
	for range s.Elements() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		var k knowledge
		for key := range s.Fields() {
			switch key {
			case "name":
				k.Name = chat.OrEmpty(chat.OptText(s))
			case "trigger":
				k.Trigger = chat.OrEmpty(chat.OptText(s))
			case "content":
				k.content = chat.OrEmpty(chat.OptText(s))
			}
		}
		all = append(all, k)
	}
	return all
}
