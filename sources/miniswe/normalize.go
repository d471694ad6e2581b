package miniswe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is mini-swe-agent.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "mini-swe-agent"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "mini-swe-agent".
func (Format) Name() string { return Scaffold }

// Detect claims documents that say they are in the format, documents of the
// same build that do not say it, and bare lists of messages whose text holds
// the scaffold's protocol.
func (Format) Detect(sh format.Shape) bool {
	if sh.Kind == jsonscan.Array {
		return slices.Contains(sh.First, "role") && slices.Contains(sh.First, "content") && holdsProtocol(sh.Data)
	}
	if k := sh.Key("trajectory_format"); k != nil {
		return strings.HasPrefix(k.Text, "mini-swe-agent")
	}
	if sh.Has("info", "mini_version") {
		return true
	}
	return (sh.Has("info", "config") || sh.Has("info", "submission")) && sh.Has("messages", "role") && sh.Key("history") == nil
}

// protocolMarks are texts that only this scaffold's dialogue holds, as JSON
// writes them.
var protocolMarks = []string{"```bash\\n", "```mswea_bash_command", "<returncode>", "MINI_SWE_AGENT_FINAL_OUTPUT", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"}

func holdsProtocol(doc []byte) bool {
	if bytes.Contains(doc[:min(len(doc), 1<<10)], []byte("You are OpenHands")) {
		return false // whose runs read files that hold these marks
	}
	text := string(doc[:min(len(doc), 1<<20)])
	return slices.ContainsFunc(protocolMarks, func(m string) bool { return strings.Contains(text, m) })
}

// documents are used again: a run has hundreds of messages, each of them large
// before it is narrowed to a record's.
var documents = sync.Pool{New: func() any { return new(document) }}

func (d *document) free() {
	messages := d.messages
	clear(messages)
	*d = document{messages: messages[:0]}
	documents.Put(d)
}

// Decode reads the one attempt of a document.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := d.Scanner()
		doc := documents.Get().(*document)
		defer doc.free()
		if doc.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("miniswe: %w", s.Err()))
			return
		}
		r := doc.record(d)
		r.Repaired = s.Repaired()
		yield(r, nil)
	}
}

func (d *document) record(src format.Document) *format.Record {
	r := &format.Record{Version: d.format, SourceHint: d.info.config.image}
	t := &r.Trajectory
	instance := d.instanceID
	if instance == "" {
		instance = src.Stem()
	}
	t.InstanceID = &instance
	t.Scaffold = Scaffold
	t.PolicyRaw = chat.NonEmpty(d.info.config.model)
	t.Environment = chat.NonEmpty(d.info.config.image)
	t.Sampling = d.info.config.sampling.JSON()
	t.ExitStatus, t.Patch = d.info.exitStatus, d.info.submission
	if last := d.last(); last != nil {
		if t.ExitStatus == nil {
			t.ExitStatus = last.extra.exitStatus
		}
		if t.Patch == nil {
			t.Patch = last.extra.submission
		}
	}
	t.Messages = make([]pipeline.Message, len(d.messages))
	n := classifier{doc: d}
	for i := range d.messages {
		t.Messages[i] = n.message(i)
	}
	t.Usage = d.usage()
	r.RunHint = runHint(src, instance)
	t.Origin = pipeline.Origin{Format: formatName(d.format), Version: version}
	return r
}

func formatName(f string) string {
	if f == "" {
		return "mini-swe-agent-list"
	}
	return f
}

// runHint is the folder that holds a run's instances: the file's own, or the
// one above where every instance has a folder to itself.
func runHint(src format.Document, instance string) string {
	near := src.Folder(0)
	if near == instance || near == src.Stem() {
		return src.Folder(1)
	}
	return near
}

func (d *document) last() *message {
	if len(d.messages) == 0 {
		return nil
	}
	return &d.messages[len(d.messages)-1]
}

func (d *document) usage() pipeline.Usage {
	var turns int32
	var first, last *float64
	var prompt, output int64
	var reported bool
	for i := range d.messages {
		m := &d.messages[i]
		if m.Role == string(pipeline.RoleAssistant) {
			turns++
		}
		if t := m.extra.timestamp; t != nil {
			if first == nil {
				first = t
			}
			last = t
		}
		if m.extra.promptTokens != nil && m.extra.outputTokens != nil {
			reported = true
			prompt += *m.extra.promptTokens
			output += *m.extra.outputTokens
		}
	}
	u := pipeline.Usage{Turns: &turns, CostUSD: d.info.cost, APICalls: chat.Int32(d.info.apiCalls)}
	if reported {
		u.PromptTokens, u.CompletionTokens = &prompt, &output
	}
	if first != nil && *last > *first {
		wall := math.Round((*last-*first)*1000) / 1000
		u.WallSeconds = &wall
	}
	return u
}

// A classifier says what each message is for.
type classifier struct {
	doc    *document
	issue  bool // the issue has been seen
	action *message
}

func (n *classifier) message(i int) pipeline.Message {
	in := &n.doc.messages[i]
	m := pipeline.Message{
		Role: pipeline.Role(in.Role), Content: in.Content, Reasoning: in.Reasoning, ToolCalls: in.ToolCalls,
		Name: in.Name, ToolCallID: in.ToolCallID, ReturnCode: chat.Int32(in.extra.returnCode),
	}
	if m.Reasoning == nil {
		m.Reasoning = in.extra.reasoning
	}
	if raw := in.extra.rawOutput; raw != nil && !strings.Contains(chat.OrEmpty(in.Content), *raw) {
		m.RawOutput = raw
	}
	m.Role, m.Kind = n.classify(i, in)
	if m.Kind == pipeline.KindObservation && m.ReturnCode == nil {
		m.ReturnCode = chat.ReturnCode(chat.OrEmpty(in.Content))
	}
	m.Extra = in.extraJSON()
	if m.Kind == pipeline.KindAction {
		n.action = in
	}
	return m
}

func (n *classifier) classify(i int, m *message) (pipeline.Role, pipeline.MessageKind) {
	switch m.Role {
	case "system", "developer":
		return pipeline.RoleSystem, pipeline.KindSystem
	case "assistant":
		return pipeline.RoleAssistant, pipeline.KindAction
	case "tool", "function":
		return pipeline.RoleTool, pipeline.KindObservation
	case "exit":
		return pipeline.RoleExit, pipeline.KindFinal
	}
	switch {
	case m.extra.interruptType != nil:
		return pipeline.RoleUser, pipeline.KindInterrupt
	case !n.issue && n.action == nil:
		n.issue = true
		return pipeline.RoleUser, pipeline.KindIssue
	case n.final(i, m):
		return pipeline.RoleExit, pipeline.KindFinal
	case n.interrupt(m):
		return pipeline.RoleUser, pipeline.KindInterrupt
	}
	return pipeline.RoleUser, pipeline.KindObservation
}

// final says whether a user message is the submission that version 1 writes
// last: the submission itself, or whatever follows the last action of a run
// whose exit status is known and is no observation.
func (n *classifier) final(i int, m *message) bool {
	if i != len(n.doc.messages)-1 || n.action == nil {
		return false
	}
	text := chat.OrEmpty(m.Content)
	switch {
	case n.doc.info.submission != nil && text == *n.doc.info.submission:
		return true
	case isObservation(text):
		return false
	case n.doc.info.exitStatus != nil:
		return true
	}
	return submits(chat.OrEmpty(n.action.Content))
}

// submits finds the commands that end a run.
func submits(action string) bool {
	return strings.Contains(action, "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT") || strings.Contains(action, "MINI_SWE_AGENT_FINAL_OUTPUT")
}

// interrupt says whether a user message is the scaffold's complaint about the
// action before it.
func (n *classifier) interrupt(m *message) bool {
	text := chat.OrEmpty(m.Content)
	if isObservation(text) || n.action == nil || m.extra.returnCode != nil || m.extra.rawOutput != nil || m.extra.rawShown {
		return false
	}
	if p := literalPrefix(n.doc.info.config.formatErrorTemplate); p != "" && strings.HasPrefix(text, p) {
		return true
	}
	if p := literalPrefix(n.doc.info.config.timeoutTemplate); p != "" && strings.HasPrefix(text, p) {
		return false // the command ran and gave no answer in time
	}
	return commands(chat.OrEmpty(n.action.Content)) != 1
}

// isObservation knows what the scaffold puts before a command's output.
func isObservation(text string) bool {
	for _, p := range []string{"<returncode>", "<exception>", "<output>", "Observation:"} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

// literalPrefix is the part of a template before its first expression.
func literalPrefix(template string) string {
	if i := strings.Index(template, "{"); i >= 0 {
		template = template[:i]
	}
	if len(template) < 8 {
		return "" // too short to tell anything apart
	}
	return template
}

// A command is a fenced block that the scaffold would run.
var fence = regexp.MustCompile("(?s)```(?:bash|mswea_bash_command)\\s*\\n.*?\\n```")

func commands(action string) int { return len(fence.FindAllStringIndex(action, 3)) }

// extraJSON keeps what has no column of its own.
func (m *message) extraJSON() *string {
	x := struct {
		Interrupt   string   `json:"interrupt_type,omitempty"`
		Exception   string   `json:"exception_type,omitempty"`
		Message     string   `json:"exception,omitempty"`
		Status      string   `json:"status,omitempty"`
		Actions     []string `json:"actions,omitempty"`
		Omitted     []string `json:"omitted_parts,omitempty"`
		InvalidUTF8 int      `json:"invalid_utf8,omitempty"`
	}{
		Status:    m.reply.unfinished(),
		Interrupt: chat.OrEmpty(m.extra.interruptType), Exception: chat.OrEmpty(m.extra.exceptionType), Omitted: m.Omitted, InvalidUTF8: m.Repaired,
	}
	if text := chat.OrEmpty(m.extra.exceptionStr); !strings.Contains(chat.OrEmpty(m.Content), text) {
		x.Message = text
	}
	if len(m.ToolCalls) == 0 {
		for _, a := range m.extra.actions {
			if !strings.Contains(chat.OrEmpty(m.Content), a) {
				x.Actions = append(x.Actions, a)
			}
		}
	}
	if x.Interrupt == "" && x.Exception == "" && x.Message == "" && x.Status == "" && len(x.Actions) == 0 && len(x.Omitted) == 0 && x.InvalidUTF8 == 0 {
		return nil // nearly always
	}
	b, err := json.Marshal(x)
	if err != nil {
		return nil // strings always marshal
	}
	text := string(b)
	return &text
}
