package inspectai

import (
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is Inspect.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "inspect"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "inspect".
func (Format) Name() string { return Scaffold }

// headers are where the members of an archive find the evaluation they are of.
var headers = []string{"../header.json", "../_journal/start.json"}

// Neighbors lists the members of an archive that are read with a sample.
func (Format) Neighbors() []string { return headers }

// Detect claims logs with samples, and samples that lie alone.
func (Format) Detect(sh format.Shape) bool {
	return !sh.Lines && (isLog(sh) || isSample(sh))
}

func isLog(sh format.Shape) bool { return sh.Has("eval", "eval_id") && sh.Key("samples") != nil }

func isSample(sh format.Shape) bool {
	return sh.Key("epoch") != nil && sh.Key("input") != nil && sh.Key("id") != nil && sh.Key("messages") != nil
}

// Decode reads each sample.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		var h header
		samples := [][]byte{d.Data}
		if !isSample(format.ShapeOf(d.Data)) {
			s := jsonscan.New(d.Data)
			if samples = readLog(s, &h); s.Err() != nil {
				yield(nil, fmt.Errorf("inspect: %w", s.Err()))
				return
			}
		} else {
			h.find(&d)
		}
		for i, raw := range samples {
			s := jsonscan.New(raw)
			var p sample
			if p.read(s); s.Err() != nil {
				if !yield(nil, fmt.Errorf("inspect: sample %d: %w", i, s.Err())) {
					return
				}
				continue
			}
			r := p.record(&h, &d, i)
			r.Repaired = s.Repaired()
			if !yield(r, nil) {
				return
			}
		}
	}
}

// find reads the header beside a sample. One that cannot be read says nothing.
func (h *header) find(d *format.Document) {
	for _, name := range headers {
		if raw := d.Beside(name); len(raw) > 0 {
			s := jsonscan.New(raw)
			var found header
			if readLog(s, &found); s.Err() == nil {
				*h = found
				return
			}
		}
	}
}

func (p *sample) record(h *header, d *format.Document, place int) *format.Record {
	r := &format.Record{RunHint: d.Folder(0)}
	t := &r.Trajectory
	instance := p.instance(h, place)
	t.InstanceID, t.Rollout = &instance, chat.Int32(p.epoch)
	t.PolicyRaw, t.Run, t.Scaffold, t.Source = chat.NonEmpty(h.model), chat.NonEmpty(h.runID), Scaffold, source(h.dataset)
	t.Sampling = h.sampling.JSON()
	switch {
	case p.failed:
		t.ExitStatus = chat.NonEmpty("error")
	case p.limit != "":
		t.ExitStatus = chat.NonEmpty(p.limit + "_limit")
	}
	messages := p.messages
	if len(messages) == 0 {
		messages = p.input
	}
	n := narrator{attachments: p.attachments}
	for i := range messages {
		t.Messages = append(t.Messages, n.message(&messages[i]))
	}
	t.Usage = p.tally(h.model)
	t.Usage.Turns = chat.Turns(t.Messages)
	t.Claims = p.claims.JSON()
	t.Extra = p.extra(h)
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

// instance names the task: ids of data sets of repairs are names, others say
// something only inside their task.
func (p *sample) instance(h *header, place int) string {
	id := p.id
	if id == "" {
		id = fmt.Sprint(place)
	}
	if identity.FirstInstance(id) != "" || h.task == "" {
		return id
	}
	return h.task + "/" + id
}

// source spells a data set's name as other sources do.
func source(dataset string) string {
	if dataset == "" {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(path.Base("/"+dataset)), "_", "-")
}

func (p *sample) extra(h *header) *string {
	p.rest.SetJSON("eval", h.rest.JSON())
	for key, value := range map[string]string{"task": h.task, "dataset": h.dataset, "created": h.created, "id": p.id} {
		if value != "" {
			p.rest.Set(key, value)
		}
	}
	return p.rest.JSON()
}

// tally sums the usage of the evaluated model; without its name, of all that
// were called, the grader too.
func (p *sample) tally(model string) pipeline.Usage {
	var sum chat.Tally
	for name, t := range p.usage {
		if _, known := p.usage[model]; known && name != model {
			continue
		}
		sum.Tokens(chat.PromptTokens(t.input, t.cacheWrite, t.cacheRead), t.output)
	}
	u := pipeline.Usage{WallSeconds: p.total}
	sum.Fill(&u)
	u.APICalls = nil // the sums are of many calls each
	return u
}

type narrator struct {
	attachments  map[string]string
	issue, acted bool
}

func (n *narrator) message(in *message) pipeline.Message {
	m := pipeline.Message{Content: n.whole(in.content), Reasoning: n.whole(in.reasoning), ToolCalls: in.calls,
		ToolCallID: in.callID, Name: in.function}
	switch in.role {
	case "assistant":
		n.acted = true
		m.Role, m.Kind = pipeline.RoleAssistant, pipeline.KindAction
	case "tool":
		m.Role, m.Kind = pipeline.RoleTool, pipeline.KindObservation
	case "system", "developer":
		m.Role, m.Kind = pipeline.RoleSystem, pipeline.KindSystem
	default:
		m.Role, m.Kind = pipeline.RoleUser, pipeline.KindInterrupt
		if !n.issue && !n.acted {
			n.issue, m.Kind = true, pipeline.KindIssue
		}
	}
	m.Extra = in.rest.JSON()
	return m
}

const attachment = "attachment://"

// whole puts back a text that stands elsewhere in the sample.
func (n *narrator) whole(text *string) *string {
	if text == nil || !strings.HasPrefix(*text, attachment) {
		return text
	}
	if full, ok := n.attachments[strings.TrimPrefix(*text, attachment)]; ok {
		return &full
	}
	return text
}
