package aider

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is aider.
type Format struct{}

// version rises whenever equal documents would give other records.
const version = "1"

// withoutChat is the exit status of a result that is only a patch.
const withoutChat = "not recorded: a result of aider without its chat"

// Name returns "aider".
func (Format) Name() string { return "aider" }

// Neighbors lists where the chat of a result may lie.
func (Format) Neighbors() []string { return []string{"*.md", "../../chat-logs/*/*.md"} }

// Detect claims results with the outcomes that aider's benchmark writes.
func (Format) Detect(sh format.Shape) bool {
	return !sh.Lines && sh.Key("instance_id") != nil && sh.Key("model_patch") != nil &&
		(sh.Key("edit_outcome") != nil || sh.Has("all_results", "edit_outcome"))
}

// Decode reads the chosen try of a result.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var r result
		if r.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("aider: %w", s.Err()))
			return
		}
		rec := r.record(&d)
		rec.Repaired = s.Repaired()
		yield(rec, nil)
	}
}

func (r *result) record(d *format.Document) *format.Record {
	rec := &format.Record{RunHint: d.Folder(0)}
	t := &rec.Trajectory
	instance := r.instanceID
	if instance == "" {
		instance = d.Stem()
	}
	t.InstanceID, t.Scaffold, t.Patch, t.Attempt = &instance, "aider", r.patch, chat.Int32(r.try)
	t.PolicyRaw = chat.NonEmpty(r.model)
	if t.PolicyRaw == nil {
		t.PolicyRaw = chat.NonEmpty(r.label)
	}
	if r.label != "" {
		r.rest.Set("model_name_or_path", r.label)
	}
	for _, name := range []string{d.Stem() + ".md", "../../chat-logs/" + d.Folder(0) + "/" + d.Stem() + ".md"} {
		if text := d.Beside(name); len(text) > 0 {
			t.Messages = readChat(strings.ToValidUTF8(string(text), "\uFFFD"))
			break
		}
	}
	t.Usage = pipeline.Usage{Turns: chat.Turns(t.Messages), CostUSD: r.cost}
	if *t.Usage.Turns == 0 {
		t.ExitStatus = chat.NonEmpty(withoutChat)
	}
	t.Claims, t.Extra = r.claims.JSON(), r.rest.JSON()
	t.Origin = pipeline.Origin{Format: "aider", Version: version}
	return rec
}
