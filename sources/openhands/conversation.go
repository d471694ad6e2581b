package openhands

import (
	"fmt"
	"iter"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Conversation is a folder in which the software agent SDK keeps a session:
// base_state.json, and a file for each event beside it.
type Conversation struct{}

// maxConversationBytes bounds the files of one session.
const maxConversationBytes = 128 << 20

var errConversation = fmt.Errorf("more than %d bytes of events in one conversation", maxConversationBytes)

// Name returns "openhands-conversation".
func (Conversation) Name() string { return "openhands-conversation" }

// Neighbors lists the events.
func (Conversation) Neighbors() []string { return []string{eventFiles} }

const eventFiles = "events/*.json"

// Detect claims base_state.json by an agent that holds a model beside the state
// of a run.
func (Conversation) Detect(sh format.Shape) bool {
	return !sh.Lines && sh.Key("agent") != nil && sh.Has("agent", "llm") && sh.Key("workspace") != nil &&
		(sh.Key("execution_status") != nil || sh.Key("agent_status") != nil || sh.Key("persistence_dir") != nil)
}

// Decode reads the session of a folder. Without its events it is a run in which
// nothing was said.
func (Conversation) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		var st state
		if st.read(s); s.Err() != nil {
			yield(nil, fmt.Errorf("openhands: %w", s.Err()))
			return
		}
		repaired, err := st.events(&d)
		if err != nil {
			yield(nil, err)
			return
		}
		rec := st.record(&d)
		rec.Repaired = s.Repaired() + repaired
		yield(rec, nil)
	}
}

// A state is what base_state.json says of a session.
type state struct {
	id         string
	status     *string
	agentClass string
	model      metadata
	metrics    metrics
	usages     chat.Tally // of the models of the session
	rest       chat.Rest
	dialogue   dialogue
}

func (st *state) read(s *jsonscan.Scanner) {
	var keys chat.Seen
	for key := range s.Fields() {
		switch key {
		case "id":
			keys.Once(s, 0)
			st.id = chat.OrEmpty(chat.OptText(s))
		case "execution_status", "agent_status":
			keys.Once(s, 1)
			st.status = chat.OptText(s)
		case "agent":
			keys.Once(s, 2)
			st.readAgent(s)
		case "stats":
			keys.Once(s, 3)
			st.readStats(s)
		case "secret_registry", "secrets_manager": // never
		default:
			if !st.model.sampling.Keep(s, key) {
				st.rest.Keep(s, key)
			}
		}
	}
	s.End()
}

func (st *state) readAgent(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		switch key {
		case "llm":
			st.model.readModel(s)
		case "kind":
			st.agentClass = chat.OrEmpty(chat.OptText(s))
		}
	}
}

// readStats sums what the models of a session took: the policy's, and the
// condenser's where there is one.
func (st *state) readStats(s *jsonscan.Scanner) {
	if s.Kind() != jsonscan.Object {
		return
	}
	for key := range s.Fields() {
		if s.Kind() != jsonscan.Object {
			continue
		}
		if key != "usage_to_metrics" && key != "service_to_metrics" {
			continue
		}
		for range s.Fields() {
			var one metrics
			one.read(s)
			st.usages.Tokens(one.total.prompt, one.total.completion)
			st.usages.Cost(one.cost)
			st.metrics.add(one.calls)
		}
	}
}

// add counts calls.
func (m *metrics) add(calls *int64) {
	if calls == nil {
		return
	}
	if m.calls != nil {
		*calls += *m.calls
	}
	m.calls = calls
}

// events reads the files of events, whose names count them.
func (st *state) events(src *format.Document) (repaired int, err error) {
	size := 0
	for i, name := range src.Match(eventFiles) {
		data := src.Beside(name)
		if size += len(data); size > maxConversationBytes || i == chat.MaxMessages {
			return 0, fmt.Errorf("openhands: %s: %w", name, errConversation)
		}
		s := jsonscan.New(data)
		st.dialogue.read(s)
		s.End()
		if s.Err() != nil {
			return 0, fmt.Errorf("openhands: %s: %w", name, s.Err())
		}
		repaired += s.Repaired()
	}
	return repaired, nil
}

func (st *state) record(src *format.Document) *format.Record {
	d := &st.dialogue
	rec := &format.Record{RunHint: src.Folder(1)}
	t := &rec.Trajectory
	instance := st.instance(src)
	t.InstanceID = &instance
	t.Scaffold = Scaffold
	t.PolicyRaw = chat.NonEmpty(st.model.model)
	t.Sampling = st.model.sampling.JSON()
	t.Tools = d.tools
	t.ExitStatus = d.finish(nil)
	if t.ExitStatus == nil {
		t.ExitStatus = st.status
	}
	t.Messages = d.messages
	t.Usage = usage(&st.metrics, d)
	st.usages.Fill(&t.Usage)
	t.Usage.APICalls = chat.Int32(st.metrics.calls)
	if st.id != "" {
		st.rest.Set("conversation_id", st.id)
	}
	if st.status != nil {
		st.rest.Set("execution_status", *st.status)
	}
	if st.agentClass != "" {
		st.rest.Set("agent_class", st.agentClass)
	}
	t.Extra = st.rest.JSON()
	t.Origin = pipeline.Origin{Format: "openhands-conversation", Version: version}
	return rec
}

// instance is the folder's name where a person or an evaluation chose it, else
// the id that the SDK gave.
func (st *state) instance(src *format.Document) string {
	folder := src.Folder(0)
	if folder == "" || strings.ReplaceAll(folder, "-", "") == strings.ReplaceAll(st.id, "-", "") {
		return first(st.id, src.Stem())
	}
	return folder
}
