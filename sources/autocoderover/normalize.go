package autocoderover

import (
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is AutoCodeRover.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "auto-code-rover"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "auto-code-rover".
func (Format) Name() string { return Scaffold }

// The files of a task that are read with it.
const (
	conversations = "conversation_round_*.json"
	patchThreads  = "debug_agent_write_patch_*.json"
	patches       = "extracted_patch_*.diff"
	costs         = "cost.json"
)

// Neighbors lists the files of a task that are read with it.
func (Format) Neighbors() []string { return []string{conversations, patchThreads, patches, costs} }

// Detect claims the description of a task that was worked on.
func (Format) Detect(sh format.Shape) bool {
	return !sh.Lines && sh.Key("task_id") != nil && sh.Key("setup_info") != nil && sh.Key("task_info") != nil
}

// Decode reads the one run of a folder.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var m meta
		if m.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("autocoderover: %w", s.Err()))
			return
		}
		n := narrator{said: map[string]bool{}, repaired: s.Repaired()}
		for _, pattern := range []string{conversations, patchThreads} {
			if err := n.last(&d, pattern); err != nil {
				yield(nil, fmt.Errorf("autocoderover: %w", err))
				return
			}
		}
		yield(m.record(&d, &n), nil)
	}
}

func (m *meta) record(d *format.Document, n *narrator) *format.Record {
	r := &format.Record{Repaired: n.repaired, RunHint: d.Folder(0)}
	t := &r.Trajectory
	instance := m.taskID
	if instance == "" {
		instance = d.Stem()
	}
	if strings.HasPrefix(d.Folder(0), instance) {
		r.RunHint = d.Folder(1)
	}
	t.InstanceID, t.Scaffold, t.Repo, t.CreatedAt = &instance, Scaffold, m.repo, m.createdAt
	if c := m.baseCommit; c != nil && identity.IsCommit(*c) {
		t.BaseCommit = c
	} else if c != nil {
		m.rest.Set("base_commit", *c)
	}
	t.Messages = n.out
	if name := newest(d.Match(patches)); name != "" {
		if raw := d.Beside(name); raw != nil {
			text := strings.ToValidUTF8(string(raw), "\uFFFD")
			t.Patch = &text
		}
	}
	t.Usage.Turns = chat.Turns(t.Messages)
	m.spent(t, d.Beside(costs))
	t.Extra = m.rest.JSON()
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

func (m *meta) spent(t *pipeline.Trajectory, raw []byte) {
	var c cost
	if len(raw) == 0 || json.Unmarshal(raw, &c) != nil {
		return
	}
	t.PolicyRaw = chat.NonEmpty(c.Model)
	t.Usage.PromptTokens, t.Usage.CompletionTokens, t.Usage.CostUSD, t.Usage.WallSeconds = c.Input, c.Output, c.USD, c.Seconds
	if c.Commit != "" {
		m.rest.Set("scaffold_commit", c.Commit)
	}
}

var number = regexp.MustCompile(`_(\d{1,9})\.[a-z]+$`)

// newest returns the name with the highest number, "" where there is none.
func newest(names []string) string {
	best, at := "", -1
	for _, name := range names {
		m := number.FindStringSubmatch(path.Base(name))
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n > at {
			best, at = name, n
		}
	}
	return best
}

// A narrator joins the threads of a task.
type narrator struct {
	out          []pipeline.Message
	said         map[string]bool // role and content
	repaired     int
	issue, acted bool
}

// last adds the newest thread of a kind. One that cannot be read fails the run:
// without it the dialogue would end early and nobody would know.
func (n *narrator) last(d *format.Document, pattern string) error {
	name := newest(d.Match(pattern))
	if name == "" {
		return nil
	}
	doc := d.Beside(name)
	if len(doc) == 0 {
		return nil
	}
	messages, repaired, err := readConversation(doc)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	n.repaired += repaired
	for i := range messages {
		n.add(&messages[i])
	}
	return nil
}

func (n *narrator) add(in *message) {
	key := in.Role + "\x00" + chat.OrEmpty(in.Content)
	if n.said[key] && len(in.ToolCalls) == 0 {
		return
	}
	n.said[key] = true
	if len(in.Omitted) > 0 {
		in.rest.Set("omitted_parts", in.Omitted)
	}
	m := pipeline.Message{Content: in.Content, Reasoning: in.Reasoning, ToolCalls: in.ToolCalls, ToolCallID: in.ToolCallID, Name: in.Name, Extra: in.rest.JSON()}
	switch in.Role {
	case "system", "developer":
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	case "assistant":
		n.acted = true
		m.Role, m.Kind = pipeline.RoleAssistant, pipeline.KindAction
	case "tool", "function":
		m.Role, m.Kind = pipeline.RoleTool, pipeline.KindObservation
	default:
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindObservation
		if !n.issue {
			n.issue, m.Kind = true, pipeline.KindIssue
		} else if !n.acted {
			m.Kind = pipeline.KindInterrupt
		}
	}
	n.out = append(n.out, m)
}
