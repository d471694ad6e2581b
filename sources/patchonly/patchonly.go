package patchonly

import (
	"fmt"
	"iter"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/jsonscan"
)

// Format is results without runs.
type Format struct{}

// version rises whenever equal documents would give other records.
const version = "1"

// Name returns "patch-only".
func (Format) Name() string { return "patch-only" }

// A kind is one family of files. All of its keys must be there.
type kind struct {
	lines    bool
	keys     []string
	scaffold string
	why      string // follows "exit status" in a reject
}

// kinds lists the families. None has all keys of another.
var kinds = []kind{
	{keys: []string{"instance_id", "issue", "patches", "success_id"}, scaffold: "trae-agent", why: "not recorded: candidate patches to select from, without their runs"},
	{keys: []string{"id", "instruction", "diffs", "eval_outcomes"}, scaffold: "augment-swebench-agent", why: "not recorded: candidate patches to select from, without their runs"},
	{keys: []string{"id", "instruction", "response", "selected_diff"}, scaffold: "augment-swebench-agent", why: "not recorded: a patch that was selected, without its run"},
	{keys: []string{"timestamp", "step", "action", "details", "performance", "metadata"}, lines: true, scaffold: "orchestrator", why: "not recorded: the log of an orchestrator, whose agents' dialogue stands elsewhere"},
}

func kindOf(sh format.Shape) *kind {
	for i := range kinds {
		k := &kinds[i]
		found := sh.Lines == k.lines
		for _, key := range k.keys {
			found = found && sh.Key(key) != nil
		}
		if found {
			return k
		}
	}
	return nil
}

// Detect claims what one of the families writes.
func (Format) Detect(sh format.Shape) bool { return kindOf(sh) != nil }

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{{Path: "**", Why: "there is no run in the file"}}
}

// Decode yields a record without turns for a row or a log.
func (Format) Decode(d format.Document) iter.Seq2[*format.Record, error] {
	return func(yield func(*format.Record, error) bool) {
		s := jsonscan.New(d.Data)
		instance, lines := readInstances(s)
		if s.Err() != nil {
			yield(nil, fmt.Errorf("patchonly: %w", s.Err()))
			return
		}
		if instance == "" {
			instance = fmt.Sprintf("%s#%d", d.Stem(), d.Row)
		}
		sh := format.ShapeOf(d.Data)
		sh.Lines = lines > 1
		k := kindOf(sh)
		r := &format.Record{RunHint: d.Folder(0), Repaired: s.Repaired()}
		t := &r.Trajectory
		t.InstanceID, t.Scaffold, t.ExitStatus = &instance, "unknown", chat.NonEmpty("not recorded")
		if k != nil {
			t.Scaffold, t.ExitStatus = k.scaffold, &k.why
		}
		t.Usage.Turns = chat.Turns(nil)
		t.Origin = pipeline.Origin{Format: "patch-only", Version: version}
		yield(r, nil)
	}
}

// readInstances steps over the values of a document and finds the first name of
// a task in them.
func readInstances(s *jsonscan.Scanner) (instance string, lines int) {
	if !s.More() {
		s.Fail(jsonscan.ErrTruncated)
	}
	for ; s.More(); lines++ {
		if s.Kind() != jsonscan.Object {
			s.Skip()
			continue
		}
		var keys chat.Seen
		for key := range s.Fields() {
			found := ""
			switch key {
			case "instance_id":
				keys.Once(s, 0)
				found = chat.OrEmpty(chat.OptText(s))
			case "id":
				keys.Once(s, 1)
				found = chat.OrEmpty(chat.OptText(s))
			case "metadata":
				keys.Once(s, 2)
				found = instanceIn(s)
			}
			if instance == "" {
				instance = found
			}
		}
	}
	return instance, lines
}

func instanceIn(s *jsonscan.Scanner) (instance string) {
	if s.Kind() != jsonscan.Object {
		return ""
	}
	for key := range s.Fields() {
		if key == "instance_id" {
			instance = chat.OrEmpty(chat.OptText(s))
		}
	}
	return instance
}
