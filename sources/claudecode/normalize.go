package claudecode

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

// Format is Claude Code.
type Format struct{}

// Scaffold is how records name the harness.
const Scaffold = "claude-code"

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "claude-code".
func (Format) Name() string { return Scaffold }

// streamTypes are the types of lines that stream-json prints.
var streamTypes = []string{"system", "assistant", "user", "result"}

// bookkeeping are types of lines that only the program's interface needs.
var bookkeeping = []string{"progress", "file-history-snapshot", "queue-operation"}

// Detect claims files of lines whose first is of a session.
func (Format) Detect(sh format.Shape) bool {
	kind := sh.Key("type")
	if !sh.Lines || kind == nil {
		return false
	}
	switch {
	case kind.Text == "summary":
		return sh.Key("leafUuid") != nil
	case slices.Contains(bookkeeping, kind.Text):
		return true
	case sh.Key("sessionId") != nil:
		return true
	}
	return sh.Key("session_id") != nil && slices.Contains(streamTypes, kind.Text)
}

// Decode reads the session of a file and those of its sub-agents.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		f := file{main: newThread(""), side: map[string]*thread{}, threadOf: map[string]string{}, skipped: map[string]int{}}
		f.read(s)
		if s.Err() != nil {
			yield(nil, fmt.Errorf("claudecode: line %d: %w", jsonscan.LineOf(d.Data, s.Err()), s.Err()))
			return
		}
		for _, r := range f.records(&d) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// A file is what is read of one.
type file struct {
	main     *thread
	side     map[string]*thread
	order    []string          // of side
	threadOf map[string]string // uuid of a line of a side chain -> key of its thread
	session  string
	version  string
	rest     chat.Rest
	summary  []string
	skipped  map[string]int
}

func (f *file) read(s *jsonscan.Scanner) {
	if !s.More() {
		s.Fail(jsonscan.ErrTruncated)
	}
	for n := 1; s.More(); n++ {
		if n > chat.MaxMessages {
			s.Fail(chat.ErrMessages)
			return
		}
		if s.Kind() != jsonscan.Object {
			f.rest.KeepLine(s.Raw(), n)
			continue
		}
		at := s.Mark()
		var l line
		if l.read(s); s.Err() != nil {
			return
		}
		f.add(&l, n, s.Since(at))
	}
}

func (f *file) add(l *line, n int, raw []byte) {
	for _, known := range []struct {
		to   *string
		from string
	}{{&f.session, l.session}, {&f.version, l.version}} {
		if *known.to == "" {
			*known.to = known.from
		}
	}
	for key, text := range map[string]string{"cwd": l.cwd, "gitBranch": l.branch} {
		if text != "" && !f.rest.Has(key) {
			f.rest.Set(key, text)
		}
	}
	switch {
	case slices.Contains(bookkeeping, l.kind):
		f.skipped[l.kind]++
	case l.kind == "summary" && l.text != nil:
		f.summary = append(f.summary, *l.text)
	case f.thread(l).add(l):
	default:
		f.rest.KeepLine(raw, n)
	}
}

// thread finds whose line it is.
func (f *file) thread(l *line) *thread {
	key := l.parentTool
	switch {
	case key != "":
	case !l.sidechain:
		return f.main
	case l.agentID != "":
		key = l.agentID
	default:
		key = f.threadOf[l.parentUUID]
		if key == "" {
			key = l.uuid
		}
		f.threadOf[l.uuid] = key
	}
	t := f.side[key]
	if t == nil {
		t = newThread(key)
		f.side[key], f.order = t, append(f.order, key)
	}
	return t
}

// records are the session's own run and those of its sub-agents. A sub-agent's
// own file has no run of the session in it.
func (f *file) records(d *format.Document) []*format.Record {
	var all []*format.Record
	if len(f.main.out) > 0 || len(f.side) == 0 {
		r := f.record(f.main, d)
		instance := instanceOf(d, f.session)
		r.InstanceID = &instance
		f.describe(r)
		all = append(all, r)
	}
	for i, key := range f.order {
		r := f.record(f.side[key], d)
		instance := key
		if instance == "" {
			instance = fmt.Sprintf("%s/%d", instanceOf(d, f.session), i)
		}
		r.InstanceID, r.ParentID = &instance, chat.NonEmpty(f.session)
		if len(all) == 0 {
			f.describe(r)
		}
		all = append(all, r)
	}
	return all
}

func (f *file) record(t *thread, d *format.Document) *format.Record {
	r := &format.Record{Version: f.version, RunHint: d.Folder(0), Repaired: t.repaired}
	t.finish(&r.Trajectory)
	r.Scaffold = Scaffold
	r.Origin = pipeline.Origin{Format: Scaffold, Version: version}
	return r
}

// describe gives the file's first record what is said of the whole session.
func (f *file) describe(r *format.Record) {
	if f.session != "" {
		f.rest.Set("session_id", f.session)
	}
	if f.version != "" {
		f.rest.Set("version", f.version)
	}
	if len(f.summary) > 0 {
		f.rest.Set("summaries", f.summary)
	}
	if len(f.skipped) > 0 {
		f.rest.Set("lines_left_out", f.skipped)
	}
	r.Extra = f.rest.JSON()
}

// instanceOf names the task: a folder or file that is named like one, else the
// session.
func instanceOf(d *format.Document, session string) string {
	if name := identity.FirstInstance(d.Stem(), d.Folder(0), d.Folder(1)); name != "" {
		return name
	}
	if session != "" {
		return session
	}
	return d.Stem()
}
