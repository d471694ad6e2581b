package adp

import (
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is the standard form of the Agent Data Protocol.
type Format struct{}

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "adp".
func (Format) Name() string { return "adp" }

// Detect claims rows whose content is a list of typed actions and observations.
func (Format) Detect(sh format.Shape) bool { return !sh.Lines && sh.Has("content", "class_") }

// Decode reads the run of a row.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var r row
		if r.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("adp: %w", s.Err()))
			return
		}
		rec := r.record(&d)
		rec.Repaired = s.Repaired()
		yield(rec, nil)
	}
}

func (r *row) record(d *format.Document) *format.Record {
	rec := &format.Record{RunHint: d.Folder(0)}
	t := &rec.Trajectory
	t.Run = chat.NonEmpty(r.details.runID)
	instance := r.id
	if instance == "" {
		instance = fmt.Sprintf("%s#%d", d.Stem(), d.Row)
	}
	t.InstanceID = &instance
	t.PolicyRaw, t.Scaffold = chat.NonEmpty(r.policy()), identity.Unknown
	t.Tools, t.ExitStatus = r.details.tools, r.details.exitStatus
	if p := r.details.patch; p != nil {
		clean := strings.TrimLeft(*p, "\r\n")
		t.Patch = &clean
	}
	n := narrator{}
	for i := range r.items {
		t.Messages = append(t.Messages, n.message(&r.items[i]))
	}
	t.Usage.Turns = chat.Turns(t.Messages)
	t.Claims, t.Extra = r.details.claims.JSON(), r.rest.JSON()
	t.Origin = pipeline.Origin{Format: "adp-std", Version: version}
	return rec
}

// settings is how OpenHands names a run: the model, then what it was run with.
var settings = regexp.MustCompile(`^(.+?)_maxiter_\d+`)

func (r *row) policy() string {
	if r.details.model != "" {
		return r.details.model
	}
	if m := settings.FindStringSubmatch(r.details.runID); m != nil {
		return m[1]
	}
	return ""
}

type narrator struct{ issue, acted bool }

func (n *narrator) message(it *item) pipeline.Message {
	if strings.HasSuffix(it.class, "_action") {
		n.acted = true
		return it.action()
	}
	m := pipeline.Message{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: it.content, Name: it.name}
	if it.source == "user" {
		m.Role = pipeline.RoleUser
		if !n.issue && !n.acted {
			n.issue, m.Kind = true, pipeline.KindIssue
		}
	} else if it.source != "environment" && it.source != "" {
		it.rest.Set("source", it.source)
	}
	it.page(&m)
	it.keepDescription(&m)
	m.Extra = it.rest.JSON()
	return m
}

// page shows a web page as its accessibility tree, which is what policies read.
func (it *item) page(m *pipeline.Message) {
	switch {
	case it.axtree != nil:
		m.Content, m.RawOutput = it.axtree, it.html
	case it.html != nil:
		m.Content = it.html
	}
	if it.content != nil && m.Content != it.content {
		it.rest.Set("content", *it.content)
	}
}

func (it *item) action() pipeline.Message {
	m := pipeline.Message{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: it.description, Name: it.name}
	switch it.class {
	case "api_action":
		m.ToolCalls = call(it.function, chat.OrEmpty(it.kwargs))
		it.keepContent()
	case "code_action":
		m.ToolCalls = call(it.language, chat.PlainJSON(struct {
			Code string `json:"code"`
		}{chat.OrEmpty(it.content)}))
	default:
		m.Content = it.content
		it.keepDescription(&m)
	}
	if it.class != "api_action" && it.function != "" {
		m.ToolCalls = append(m.ToolCalls, call(it.function, chat.OrEmpty(it.kwargs))...)
	}
	if it.class != "code_action" && it.language != "" {
		it.rest.Set("language", it.language)
	}
	if it.class != "api_action" && it.function == "" && it.kwargs != nil && json.Valid([]byte(*it.kwargs)) {
		it.rest.Set("kwargs", json.RawMessage(*it.kwargs))
	}
	switch it.class {
	case "api_action", "code_action", "message_action":
	default:
		it.rest.Set("class_", it.class) // of a version to come
	}
	m.Extra = it.rest.JSON()
	return m
}

func (it *item) keepContent() {
	if chat.OrEmpty(it.content) != "" {
		it.rest.Set("content", *it.content)
	}
}

func (it *item) keepDescription(m *pipeline.Message) {
	if text := chat.OrEmpty(it.description); text != "" && text != chat.OrEmpty(m.Content) {
		it.rest.Set("description", text)
	}
}
