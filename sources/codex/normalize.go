package codex

import (
	"fmt"
	"iter"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is Codex.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "codex"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "codex".
func (Format) Name() string { return Scaffold }

// lineTypes are the types of lines with a payload.
var lineTypes = []string{"session_meta", "turn_context", "response_item", "event_msg", "compacted"}

// Detect claims files of lines whose first is of a session: a line with a
// payload, or the head that the first generation begins with.
func (Format) Detect(sh format.Shape) bool {
	if !sh.Lines {
		return false
	}
	if kind := sh.Key("type"); kind != nil {
		return slices.Contains(lineTypes, kind.Text) && sh.Key("payload") != nil
	}
	return sh.Key("id") != nil && sh.Key("timestamp") != nil && (sh.Key("instructions") != nil || sh.Key("git") != nil)
}

// Decode reads the session of a file.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		x := &session{tools: map[string]string{}, outcomes: map[string]outcome{}, events: map[string]int{}, items: map[string]bool{}}
		repaired, err := x.read(s)
		if err != nil {
			yield(nil, fmt.Errorf("codex: line %d: %w", jsonscan.LineOf(d.Data, s.Err()), err))
			return
		}
		r := x.record(&d)
		r.Repaired = repaired
		yield(r, nil)
	}
}

// read reads the lines. Each is stepped over once to see what it is, and its
// payload is then read by what that is.
func (x *session) read(s *jsonscan.Scanner) (repaired int, err error) {
	if !s.More() {
		s.Fail(jsonscan.ErrTruncated)
	}
	for n, kept := 1, 0; s.More(); n++ {
		if n > chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			break
		}
		if s.Kind() != jsonscan.Object {
			x.rest.KeepLine(s.Raw(), n)
			continue
		}
		at := s.Mark()
		var e envelope
		if e.read(s); s.Err() != nil {
			break
		}
		raw := s.Since(at)
		in := jsonscan.New(raw)
		known := x.line(&e, in, raw)
		if in.Err() != nil {
			s.Fail(in.Err())
			break
		}
		if kept += in.Kept(); kept > jsonscan.MaxTextBytes {
			s.Fail(jsonscan.ErrText)
			break
		}
		repaired += in.Repaired()
		if !known {
			x.rest.KeepLine(raw, n)
		}
	}
	return repaired, s.Err()
}

// line reads one line; false for one of a kind that is not known.
func (x *session) line(e *envelope, in *jsonscan.Scanner, raw []byte) bool {
	x.clock.See(e.timestamp)
	body := raw
	if e.payload != nil {
		body = e.payload
	}
	in.Reset(body)
	switch {
	case e.isState:
		return true
	case e.isHead, e.kind == "session_meta" && e.payload != nil:
		var h head
		h.read(in)
		return x.begin(&h)
	case e.kind == "turn_context" && e.payload != nil:
		var c turnContext
		c.read(in)
		x.runWith(&c)
		return true
	}
	var it item
	it.read(in)
	if in.Err() != nil {
		return true
	}
	switch {
	case e.kind == "event_msg" && e.payload != nil:
		return x.happened(&it)
	case e.kind == "compacted" && e.payload != nil:
		x.flush()
		x.say(pipeline.Message{Role: pipeline.RoleSystem, Kind: pipeline.KindInterrupt, Content: it.text, Extra: it.rest.JSON()}, false)
		return true
	case e.kind == "response_item" || e.payload == nil:
		return x.add(&it)
	}
	return false
}

func (x *session) record(d *format.Document) *format.Record {
	r := &format.Record{Version: x.head.version, RunHint: d.Folder(0)}
	t := &r.Trajectory
	instance := identity.FirstInstance(d.Stem(), d.Folder(0), d.Folder(1))
	for _, name := range []string{x.head.id, d.Stem()} {
		if instance == "" {
			instance = name
		}
	}
	t.InstanceID, t.ParentID = &instance, chat.NonEmpty(x.head.parent)
	t.Scaffold, t.PolicyRaw, t.ExitStatus = Scaffold, chat.NonEmpty(x.model), chat.NonEmpty(x.exit)
	if x.effort != "" {
		sampling := chat.PlainJSON(map[string]string{"reasoning_effort": x.effort})
		t.Sampling = &sampling
	}
	t.Messages = x.dialogue()
	t.Usage = pipeline.Usage{Turns: chat.Turns(t.Messages), PromptTokens: x.total.input, CompletionTokens: x.total.output, WallSeconds: x.clock.Seconds()}
	for key, value := range map[string]string{"session_id": x.head.id, "cli_version": x.head.version} {
		if value != "" {
			x.rest.Set(key, value)
		}
	}
	x.rest.SetJSON("session_meta", x.head.rest.JSON())
	if len(x.events) > 0 {
		x.rest.Set("events", x.events)
	}
	t.Extra = x.rest.JSON()
	t.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}
