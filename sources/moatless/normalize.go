package moatless

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is moatless-tools.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "moatless-tools"

// version rises whenever equal documents would give other records.
const version = "1"

// maxAttempts bounds the leaves of a document.
const maxAttempts = 1_000

// Name returns "moatless".
func (Format) Name() string { return "moatless" }

// Detect claims trees of nodes, lists of them, and transitions.
func (Format) Detect(sh format.Shape) bool {
	if sh.Lines {
		return false
	}
	return sh.Has("root", "node_id") || sh.Has("nodes", "node_id") ||
		sh.Has("transitions", "actions") && (sh.Key("initial_message") != nil || sh.Has("transitions", "state"))
}

// Decode reads each path from the root to a leaf.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc document
		if doc.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("moatless: %w", s.Err()))
			return
		}
		leaves, messages := doc.leaves(), 0
		for i, leaf := range leaves {
			r := doc.record(&d, leaf)
			if messages += len(r.Messages); i == maxAttempts || messages > chat.MaxMessages {
				yield(nil, fmt.Errorf("moatless: attempt %d: more than %d attempts, or %d messages in all of them", i, maxAttempts, chat.MaxMessages))
				return
			}
			if len(leaves) > 1 {
				n := int64(i)
				r.Attempt = chat.Int32(&n)
			}
			if i == 0 {
				r.Repaired = s.Repaired()
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// leaves links nodes and finds those that nothing follows. Nodes of a list name
// their parents; without names each follows the one before.
func (d *document) leaves() []*node {
	byID := map[int64]*node{}
	for _, n := range d.nodes {
		if n.id != nil && byID[*n.id] == nil {
			byID[*n.id] = n
		}
	}
	for i, n := range d.nodes {
		switch {
		case n.up != nil:
		case n.linked:
			if n.parent != nil && byID[*n.parent] != nil && !above(n, byID[*n.parent]) {
				n.up = byID[*n.parent]
			}
		case i > 0:
			n.up = d.nodes[i-1]
		}
		if n.up != nil {
			n.up.next++
		}
	}
	var leaves []*node
	for _, n := range d.nodes {
		if n.next == 0 {
			leaves = append(leaves, n)
		}
	}
	if len(leaves) == 0 {
		leaves = []*node{{}}
	}
	return leaves
}

// above reports whether n lies on the way from other to the root: a parent below
// its child would be a circle.
func above(n, other *node) bool {
	for ; other != nil; other = other.up {
		if other == n {
			return true
		}
	}
	return false
}

// path lists the nodes from the root to a leaf.
func path(leaf *node) []*node {
	var nodes []*node
	for n := leaf; n != nil; n = n.up {
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	return nodes
}

func (d *document) record(src *format.Document, leaf *node) *format.Record {
	r := &format.Record{RunHint: src.Folder(0)}
	t := &r.Trajectory
	instance := d.instanceID(src)
	if src.Folder(0) == instance {
		r.RunHint = src.Folder(1)
	}
	t.InstanceID, t.Scaffold, t.ExitStatus = &instance, Scaffold, d.exitStatus
	t.PolicyRaw, t.Sampling, t.Patch = chat.NonEmpty(d.model), d.sampling.JSON(), d.submission
	var sum usage
	if d.issue != nil {
		t.Messages = append(t.Messages, pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: d.issue})
	}
	for _, n := range path(leaf) {
		t.Messages = append(t.Messages, n.messages(len(t.Messages) == 0)...)
		if t.PolicyRaw == nil {
			t.PolicyRaw = chat.NonEmpty(n.model)
		}
		if d.submission == nil && n.patch != nil {
			t.Patch = n.patch
		}
		sum.prompt, sum.completion, sum.cost, sum.calls = sum.prompt+n.tally.prompt, sum.completion+n.tally.completion, sum.cost+n.tally.cost, sum.calls+n.tally.calls
	}
	t.Usage = pipeline.Usage{Turns: chat.Turns(t.Messages)}
	if sum.calls > 0 {
		var total chat.Tally
		total.Tokens(&sum.prompt, &sum.completion)
		total.Cost(&sum.cost)
		total.Fill(&t.Usage)
		calls := int64(sum.calls)
		t.Usage.APICalls = chat.Int32(&calls)
	}
	t.Claims = d.claims.JSON()
	if d.id != "" {
		d.rest.Set("trajectory_id", d.id)
	}
	t.Extra = d.rest.JSON()
	t.Origin = pipeline.Origin{Format: "moatless", Version: version}
	return r
}

func (d *document) instanceID(src *format.Document) string {
	for _, name := range []string{d.instance, identity.FirstInstance(d.id, src.Folder(0), src.Folder(1)), d.id} {
		if name != "" {
			return name
		}
	}
	return src.Stem()
}

// messages are what a node adds to the dialogue.
func (n *node) messages(first bool) []pipeline.Message {
	var all []pipeline.Message
	acts := len(n.steps) > 0 || chat.OrEmpty(n.assistant) != ""
	if n.user != nil {
		m := pipeline.Message{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: n.user}
		if first {
			m.Kind = pipeline.KindIssue
		}
		if !acts {
			m.Extra = n.rest.JSON()
		}
		all = append(all, m)
	}
	if acts {
		all = append(all, n.action())
		for i := range n.steps {
			if st := &n.steps[i]; st.observed {
				all = append(all, pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: st.observation,
					Name: chat.NonEmpty(st.call.Name), Extra: st.rest.JSON()})
			}
		}
	}
	if failure := chat.OrEmpty(n.failure); failure != "" || len(all) == 0 && n.rest.Len() > 0 {
		m := pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindInterrupt, Content: n.failure}
		if len(all) == 0 {
			m.Extra = n.rest.JSON()
		}
		all = append(all, m)
	}
	return all
}

func (n *node) action() pipeline.Message {
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: n.assistant, Reward: n.reward}
	for i := range n.steps {
		st := &n.steps[i]
		if st.call.Name != "" || strings.TrimSpace(st.call.Arguments) != "" {
			m.ToolCalls = append(m.ToolCalls, st.call)
		}
		if !st.observed {
			n.rest.SetJSON(fmt.Sprintf("step_%d", i), st.rest.JSON())
		}
	}
	m.Extra = n.rest.JSON()
	return m
}
