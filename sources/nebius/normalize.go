package nebius

import (
	"fmt"
	"iter"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
	"github.com/swerm/swerm/sources/rows"
)

// Format is the rows of nebius/SWE-agent-trajectories.
type Format struct{}

const formatName = "nebius-swe-agent"

// Name returns "nebius-swe-agent".
func (Format) Name() string { return formatName }

// Detect claims rows whose trajectory is a list of texts with roles.
func (Format) Detect(sh format.Shape) bool {
	return sh.Kind == jsonscan.Object && !sh.Lines && sh.Has("trajectory", "role") && sh.Has("trajectory", "text")
}

// Decode reads the one attempt of a row.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var doc document
		if doc.read(s); !doc.found {
			s.Fail(rows.ErrNoDialogue)
		}
		r, err := doc.row.Record(s, d, formatName, doc.messages)
		if err != nil {
			yield(nil, fmt.Errorf("nebius: %w", err))
			return
		}
		yield(r, nil)
	}
}

// message turns a turn around: what is said stands in text, but for the system's
// part, which stands in system_prompt.
func (t *turn) message(rest *chat.Rest) pipeline.Message {
	role, known := chat.RoleOf(t.role)
	if !known {
		rest.Set("role", t.role)
	}
	m := pipeline.Message{Role: role, Content: t.text, Mask: t.mask}
	switch {
	case t.systemPrompt == nil:
	case m.Content == nil:
		m.Content = t.systemPrompt
	default:
		rest.Set("system_prompt", *t.systemPrompt)
	}
	if t.cutoffDate != nil {
		rest.Set("cutoff_date", *t.cutoffDate)
	}
	if t.omitted != nil {
		rest.Set("omitted_parts", t.omitted)
	}
	if t.repaired > 0 {
		rest.Set("invalid_utf8", t.repaired)
	}
	m.Extra = rest.JSON()
	return m
}
