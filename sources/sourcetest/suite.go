package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/all"
	"github.com/swerm/swerm/sources/audit"
	"github.com/swerm/swerm/sources/format"
)

// A Sample is a document that the format reads.
type Sample struct {
	Name string
	URI  string
	Data []byte

	// OpenKeys lists keys whose objects are kept as they are written, so that
	// an unknown key inside them is not unknown.
	OpenKeys []string

	// FromContents says that texts of contents are taken apart: other contents
	// make other messages, or none.
	FromContents bool

	// Lines says that the format claims the file of lines as a whole.
	Lines bool

	// Beside are the small files of the folder, by path relative to it.
	Beside map[string][]byte
}

// open finds the objects under OpenKeys.
func (s *Sample) open(tree *node) map[*node]bool {
	open := map[*node]bool{}
	tree.each(func(p *node, i int) {
		if p.kind == '{' && slices.Contains(s.OpenKeys, p.keys[i]) {
			p.kids[i].objects(func(o *node) { open[o] = true })
		}
	})
	return open
}

// Document returns the sample with other bytes.
func (s *Sample) Document(data []byte) format.Document {
	return format.Document{URI: s.URI, Data: data,
		Neighbor: func(name string) []byte { return s.Beside[name] },
		Siblings: func(pattern string) []string {
			var names []string
			for _, name := range slices.Sorted(maps.Keys(s.Beside)) {
				if ok, err := path.Match(pattern, name); ok && err == nil {
					names = append(names, name)
				}
			}
			return names
		}}
}

// Run holds a format to the contract of format.Format.
func Run(t *testing.T, f format.Format, samples []Sample) {
	for _, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			want := decode(t, f, s, s.Data)
			if len(want) == 0 {
				t.Fatal("no record")
			}
			t.Run("claimed by one format", func(t *testing.T) { claimed(t, f, s) })
			t.Run("lawful", func(t *testing.T) { lawful(t, want) })
			t.Run("lossless", func(t *testing.T) { lossless(t, f, s, want) })
			t.Run("same twice", func(t *testing.T) { same(t, want, decode(t, f, s, s.Data)) })
			t.Run("keeps no bytes", func(t *testing.T) { keepsNothing(t, f, s, want) })
			t.Run("stops when told", func(t *testing.T) { stops(f, s) })
			t.Run("cut short", func(t *testing.T) { cutShort(t, f, s) })
			t.Run("unknown keys", func(t *testing.T) { unknownKeys(t, f, s, want) })
			t.Run("key order", func(t *testing.T) { keyOrder(t, f, s, want) })
			t.Run("null contents", func(t *testing.T) { nullContents(t, f, s, want) })
			t.Run("list contents", func(t *testing.T) { listContents(t, f, s, want) })
			t.Run("oversized contents", func(t *testing.T) { oversized(t, f, s, want) })
			t.Run("wrong kinds", func(t *testing.T) { wrongKinds(t, f, s) })
			t.Run("invalid text", func(t *testing.T) { invalidText(t, f, s) })
			t.Run("duplicate keys", func(t *testing.T) { duplicateKeys(t, f, s, want) })
			t.Run("damaged", func(t *testing.T) { damaged(t, f, s) })
			t.Run("one id for all calls", func(t *testing.T) { sameCallIDs(t, f, s, want) })
		})
	}
}

// Fuzz seeds a fuzz target with samples and holds whatever decodes to the law.
func Fuzz(f *testing.F, ft format.Format, samples []Sample) {
	for _, s := range samples {
		f.Add(s.Data)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		sh := format.ShapeOf(doc)
		_ = ft.Detect(sh)
		sh.Lines = true
		_ = ft.Detect(sh)
		recs, err := tryDecode(ft, Sample{URI: "run/x.json"}, doc)
		if err == nil {
			lawful(t, recs)
		}
	})
}

func tryDecode(f format.Format, s Sample, doc []byte) (recs []*format.Record, err error) {
	for r, e := range f.Decode(s.Document(doc)) {
		if e != nil {
			err = e
			continue
		}
		recs = append(recs, r)
	}
	return recs, err
}

func decode(t *testing.T, f format.Format, s Sample, doc []byte) []*format.Record {
	t.Helper()
	recs, err := tryDecode(f, s, doc)
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, doc)
	}
	return recs
}

func same(t *testing.T, want, got []*format.Record) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%.4000s", d)
	}
}

func claimed(t *testing.T, f format.Format, s Sample) {
	sh := format.ShapeOf(s.Data)
	sh.Lines = s.Lines
	var names []string
	for _, other := range format.Claimants(all.Formats(), sh) {
		names = append(names, other.Name())
	}
	if len(names) != 1 || names[0] != f.Name() {
		t.Errorf("claimed by %q", names)
	}
}

var (
	roles = []pipeline.Role{pipeline.RoleSystem, pipeline.RoleUser, pipeline.RoleAssistant, pipeline.RoleTool, pipeline.RoleExit}
	kinds = []pipeline.MessageKind{pipeline.KindSystem, pipeline.KindIssue, pipeline.KindAction, pipeline.KindObservation,
		pipeline.KindInterrupt, pipeline.KindDemo, pipeline.KindFinal}
)

// lawful checks what must hold of any record.
func lawful(t *testing.T, recs []*format.Record) {
	t.Helper()
	for i, r := range recs {
		tr := &r.Trajectory
		if tr.InstanceID == nil || tr.Scaffold == "" || tr.Usage.Turns == nil || tr.Origin.Format == "" || tr.Origin.Version == "" {
			t.Errorf("record %d lacks instance, scaffold, turns, format or version", i)
		}
		if tr.ID != "" || tr.TaskID != "" || tr.Policy != "" {
			t.Errorf("record %d: names are given by the importer", i)
		}
		jsonColumn(t, "sampling", tr.Sampling)
		jsonColumn(t, "tools", tr.Tools)
		jsonColumn(t, "claims", tr.Claims)
		jsonColumn(t, "extra", tr.Extra)
		for j := range tr.Messages {
			m := &tr.Messages[j]
			if !slices.Contains(roles, m.Role) || !slices.Contains(kinds, m.Kind) {
				t.Errorf("record %d message %d: role %q, kind %q", i, j, m.Role, m.Kind)
			}
			jsonColumn(t, "extra", m.Extra)
		}
		texts(tr, func(s string) {
			if !utf8.ValidString(s) {
				t.Errorf("record %d: %.40q is not UTF-8", i, s)
			}
		})
	}
}

func jsonColumn(t *testing.T, name string, v *string) {
	t.Helper()
	if v != nil && (!json.Valid([]byte(*v)) || !utf8.ValidString(*v)) {
		t.Errorf("%s is not JSON: %.100q", name, *v)
	}
}

// texts visits every text of a record.
func texts(tr *pipeline.Trajectory, visit func(string)) {
	opt := func(ps ...*string) {
		for _, p := range ps {
			if p != nil {
				visit(*p)
			}
		}
	}
	opt(tr.InstanceID, tr.PolicyRaw, tr.Environment, tr.Sampling, tr.Patch, tr.ExitStatus, tr.BaseCommit,
		tr.Repo, tr.Run, tr.ParentID, tr.CreatedAt, &tr.Source, &tr.Scaffold)
	for i := range tr.Messages {
		m := &tr.Messages[i]
		opt(m.Content, m.Reasoning, m.RawOutput, m.Name, m.ToolCallID, m.Extra)
		for _, c := range m.ToolCalls {
			opt(c.ID, &c.Name, &c.Arguments)
		}
	}
}

func keepsNothing(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	doc := bytes.Clone(s.Data)
	got := decode(t, f, s, doc)
	for i := range doc {
		doc[i] = '#'
	}
	same(t, want, got)
}

func stops(f format.Format, s Sample) {
	for range f.Decode(s.Document(s.Data)) {
		return
	}
}

// cutShort cuts the document before every byte that begins or ends a token,
// and in the middle of tokens.
func cutShort(t *testing.T, f format.Format, s Sample) {
	doc := bytes.TrimSpace(s.Data)
	for i := range doc {
		if i > 2048 && !strings.ContainsRune(`{}[]",:`, rune(doc[i])) {
			continue
		}
		if s.Lines && wholeLines(doc[:i]) {
			continue // a shorter file, not a broken one
		}
		if recs, err := tryDecode(f, s, doc[:i]); err == nil {
			t.Fatalf("cut at %d of %d: %d records and no error", i, len(doc), len(recs))
		}
	}
}

// wholeLines reports whether a file of lines ends with one that is complete.
func wholeLines(doc []byte) bool {
	last := bytes.TrimSpace(doc[bytes.LastIndexByte(doc, '\n')+1:])
	return len(last) == 0 && len(doc) > 0 || json.Valid(last)
}

func unknownKeys(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	tree := parseTree(t, s.Data)
	open := s.open(tree)
	tree.objects(func(o *node) {
		if !open[o] {
			o.keys = slices.Insert(o.keys, 0, "zz_unknown")
			o.kids = slices.Insert(o.kids, 0, scalar(`{"role":[1,{"content":"}"}],"x":null}`))
		}
	})
	same(t, withoutExtra(want), withoutExtra(decode(t, f, s, tree.bytes())))
}

// withoutExtra empties what a format may keep of keys that it does not know.
func withoutExtra(recs []*format.Record) []*format.Record {
	return eachKept(recs, func(*string) *string { return nil })
}

// inOrder sorts the keys of what a format keeps as it is written.
func inOrder(recs []*format.Record) []*format.Record {
	return eachKept(recs, func(text *string) *string {
		var v any
		if text == nil || json.Unmarshal([]byte(*text), &v) != nil {
			return text
		}
		sorted, err := json.Marshal(v)
		if err != nil {
			return text
		}
		out := string(sorted)
		return &out
	})
}

// eachKept returns records whose columns of kept JSON are edited.
func eachKept(recs []*format.Record, edit func(*string) *string) []*format.Record {
	var all []*format.Record
	for _, r := range recs {
		c := *r
		c.Extra, c.Claims = edit(c.Extra), edit(c.Claims)
		c.Messages = slices.Clone(c.Messages)
		for i := range c.Messages {
			c.Messages[i].Extra = edit(c.Messages[i].Extra)
		}
		all = append(all, &c)
	}
	return all
}

// lossless audits the leaves of a sample.
func lossless(t *testing.T, f format.Format, s Sample, recs []*format.Record) {
	r, err := audit.Compare(s.Data, recs, f.Fates())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Lost {
		t.Errorf("%s: %v stands neither in a record nor under a fate", l.Path, l.Value)
	}
}

func keyOrder(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	tree := parseTree(t, s.Data)
	open := s.open(tree) // an object kept as written shows its order
	tree.objects(func(o *node) {
		if !open[o] {
			slices.Reverse(o.keys)
			slices.Reverse(o.kids)
		}
	})
	same(t, inOrder(want), inOrder(decode(t, f, s, tree.bytes())))
}

// contents visits the content of every message, in the words of the APIs that
// formats know.
func contents(tree *node, visit func(p *node, i int)) (n int) {
	said := map[string]string{"content": "role", "text": "role", "value": "from"}
	tree.each(func(p *node, i int) {
		if p.kind == '{' && slices.Contains(p.keys, said[p.keys[i]]) {
			visit(p, i)
			n++
		}
	})
	return n
}

func nullContents(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	tree := parseTree(t, s.Data)
	contents(tree, func(p *node, i int) { p.kids[i] = scalar("null") })
	got, err := tryDecode(f, s, tree.bytes())
	lawful(t, got)
	if s.FromContents {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if len(got[i].Messages) != len(want[i].Messages) {
			t.Errorf("%d messages, want %d", len(got[i].Messages), len(want[i].Messages))
		}
	}
}

func listContents(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	tree := parseTree(t, s.Data)
	contents(tree, func(p *node, i int) {
		if p.kids[i].isString() {
			p.kids[i] = scalar(`[{"type":"text","text":` + p.kids[i].raw + `,"cache_control":{"type":"ephemeral"}}]`)
		}
	})
	same(t, want, decode(t, f, s, tree.bytes()))
}

func oversized(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	if s.FromContents {
		t.Skip("its contents are taken apart")
	}
	tree := parseTree(t, s.Data)
	big := strings.Repeat(`line \"of\" output\n`, 40_000)
	var last **node // the first may stand in a part that is stepped over
	contents(tree, func(p *node, i int) {
		if p.kids[i].isString() {
			last = &p.kids[i]
		}
	})
	if last == nil {
		t.Skip("no content to grow")
	}
	*last = scalar(`"` + big + `"`)
	got := decode(t, f, s, tree.bytes())
	grown := strings.NewReplacer(`\n`, "\n", `\"`, `"`).Replace(big)
	found := false
	for _, r := range got {
		texts(&r.Trajectory, func(s string) { found = found || s == grown })
	}
	if !found {
		t.Error("the large text did not come through")
	}
	if len(got) != len(want) {
		t.Errorf("%d records, want %d", len(got), len(want))
	}
}

// wrongKinds puts a value of every other kind in the place of each value.
func wrongKinds(t *testing.T, f format.Format, s Sample) {
	tree := parseTree(t, s.Data)
	edits := 0
	tree.each(func(p *node, i int) {
		if edits > 4000 {
			return // the sample repeats itself
		}
		old := p.kids[i]
		for _, raw := range []string{`7`, `"text"`, `null`, `true`, `[]`, `{}`, `[[{"a":1}]]`, `-1e999`, `99999999999999999999`} {
			p.kids[i] = scalar(raw)
			edits++
			if recs, err := tryDecode(f, s, tree.bytes()); err == nil {
				lawful(t, recs)
			}
		}
		p.kids[i] = old
	})
}

func invalidText(t *testing.T, f format.Format, s Sample) {
	tree := parseTree(t, s.Data)
	n := 0
	contents(tree, func(p *node, i int) {
		if p.kids[i].isString() {
			n++
			p.kids[i] = scalar("\"a\xff\xfe \\ud800 b\"")
		}
	})
	if n == 0 || s.FromContents {
		t.Skip("no contents that stand as they are written")
	}
	got := decode(t, f, s, tree.bytes())
	lawful(t, got)
	repaired := 0
	for _, r := range got {
		repaired += r.Repaired
	}
	if repaired == 0 {
		t.Error("replaced text is not counted")
	}
}

// duplicateKeys doubles each key of the top object, or of each line: the answer
// is an error, or the key is one that the format does not read.
func duplicateKeys(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	tree := parseTree(t, s.Data)
	tops := []*node{tree}
	if tree.kind == '\n' {
		tops = tree.kids
	}
	tried, refused := 0, 0
	for _, top := range tops {
		if top.kind != '{' {
			continue
		}
		once := *top
		for i := range once.keys {
			top.keys = append(slices.Clone(once.keys), once.keys[i])
			top.kids = append(slices.Clone(once.kids), once.kids[i])
			got, err := tryDecode(f, s, tree.bytes())
			*top = once
			tried++
			if err != nil {
				refused++
				continue
			}
			same(t, inOrder(want), inOrder(got))
		}
	}
	if tried == 0 {
		t.Skip("not an object")
	}
	if refused == 0 {
		t.Error("no key is refused twice")
	}
}

// callKeys are keys under which documents name a tool call.
var callKeys = []string{"tool_call_id", "tool_use_id", "call_id", "source_call_id"}

// sameCallIDs gives every call and every answer one id, and then each answer an
// id that no call has: ids are for people to follow, and nothing is dropped or
// moved because of them.
func sameCallIDs(t *testing.T, f format.Format, s Sample, want []*format.Record) {
	for _, id := range []string{`"same"`, `"nobody's"`} {
		tree := parseTree(t, s.Data)
		n := 0
		tree.each(func(p *node, i int) {
			if p.kind == '{' && slices.Contains(callKeys, p.keys[i]) && p.kids[i].isString() {
				p.kids[i] = scalar(id)
				n++
			}
		})
		if n == 0 {
			t.Skip("no ids of calls")
		}
		got := decode(t, f, s, tree.bytes())
		lawful(t, got)
		for i := range got {
			if i < len(want) && len(got[i].Messages) != len(want[i].Messages) {
				t.Errorf("%d messages, want %d", len(got[i].Messages), len(want[i].Messages))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d records, want %d", len(got), len(want))
		}
	}
}

// Render writes records as golden files hold them: one JSON document, keys as
// Go names them, so that a diff reads like the record.
func Render(recs []*format.Record) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, r := range recs {
		if err := enc.Encode(r); err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	return b.Bytes()
}
