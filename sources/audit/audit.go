package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
)

// A Leaf is a scalar of a document.
type Leaf struct {
	Path  string // as in messages[3].content; $ stands for the JSON in a string
	Value any    // string, json.Number or bool
}

// A Report says what became of a document's leaves.
type Report struct {
	Leaves int
	Kept   int
	Fated  map[string]int // by the path of the fate
	Lost   []Leaf         // in the order of the document
}

// Compare audits a document. The error is of a document that is not JSON.
func Compare(doc []byte, recs []*format.Record, fates []format.Fate) (*Report, error) {
	r := &Report{Fated: map[string]int{}}
	hold := collect(recs)
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	for {
		var v any
		err := dec.Decode(&v)
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		r.walk(nil, v, hold, fates)
	}
}

func (r *Report) walk(path []string, v any, hold *holdings, fates []format.Fate) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			r.walk(append(path, key), v[key], hold, fates)
		}
	case []any:
		for i, kid := range v {
			r.walk(append(path, "["+strconv.Itoa(i)+"]"), kid, hold, fates)
		}
	case nil:
	default:
		r.leaf(path, v, hold, fates)
	}
}

func (r *Report) leaf(path []string, v any, hold *holdings, fates []format.Fate) {
	text, isText := v.(string)
	if isText && strings.TrimSpace(text) == "" {
		return
	}
	if !hold.has(path, v) && isText {
		if inner, ok := parse(text); ok {
			r.walk(append(path, "$"), inner, hold, fates)
			return
		}
	}
	r.Leaves++
	if hold.has(path, v) {
		r.Kept++
		return
	}
	for _, f := range fates {
		if matches(f.Path, path) {
			r.Fated[f.Path]++
			return
		}
	}
	r.Lost = append(r.Lost, Leaf{Path: join(path), Value: v})
}

func join(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if b.Len() > 0 && p[0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}

// matches reports whether a fate's path covers a leaf's.
func matches(pattern string, path []string) bool {
	want := strings.Split(strings.TrimPrefix(strings.ReplaceAll(pattern, "[]", ".[]"), "."), ".")
	for i, w := range want {
		if w == "**" {
			return true
		}
		if i >= len(path) {
			return i == len(path) && w == "**"
		}
		element := strings.HasPrefix(path[i], "[")
		switch {
		case w == "*", w == "[]" && element, w == path[i]:
		default:
			return false
		}
	}
	return len(want) == len(path)
}

// parse reads text that is a JSON object or list.
func parse(text string) (any, bool) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '{' && text[0] != '[' {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil, false
	}
	return v, true
}

// holdings are the values of records.
type holdings struct {
	texts   map[string]bool
	all     string
	numbers map[float64]bool
	flags   map[string]bool // key=value
}

const shortText = 4

func (h *holdings) has(path []string, v any) bool {
	switch v := v.(type) {
	case string:
		v = strings.ToValidUTF8(strings.TrimSpace(v), "\uFFFD")
		return h.texts[v] || len(v) >= shortText && strings.Contains(h.all, v)
	case json.Number:
		f, err := v.Float64()
		return err == nil && h.numbers[f]
	case bool:
		return h.flags[path[len(path)-1]+"="+strconv.FormatBool(v)]
	}
	return false
}

func collect(recs []*format.Record) *holdings {
	h := &holdings{texts: map[string]bool{}, numbers: map[float64]bool{}, flags: map[string]bool{}}
	var all strings.Builder
	for _, r := range recs {
		h.trajectory(&r.Trajectory, &all)
	}
	h.all = all.String()
	return h
}

func (h *holdings) trajectory(t *pipeline.Trajectory, all *strings.Builder) {
	add := func(texts ...*string) {
		for _, s := range texts {
			h.text(s, all)
		}
	}
	add(t.InstanceID, t.Repo, t.BaseCommit, &t.Source, t.PolicyRaw, &t.Scaffold, t.Run, t.ParentID, t.Language, t.CreatedAt, t.License,
		t.Environment, t.Sampling, t.Tools, t.Patch, t.ExitStatus, t.Claims, t.Extra)
	if t.InstanceID != nil && t.Rollout != nil { // an importer takes the sample off the id
		for _, sampled := range []string{"%s_%d", "%s_run%d"} {
			id := fmt.Sprintf(sampled, *t.InstanceID, *t.Rollout)
			add(&id)
		}
	}
	for _, n := range []*int32{t.Rollout, t.Attempt, t.Usage.Turns, t.Usage.APICalls} {
		if n != nil {
			h.numbers[float64(*n)] = true
		}
	}
	for _, n := range []*int64{t.Usage.PromptTokens, t.Usage.CompletionTokens} {
		if n != nil {
			h.numbers[float64(*n)] = true
		}
	}
	for _, n := range []*float64{t.Usage.CostUSD, t.Usage.WallSeconds} {
		if n != nil {
			h.numbers[*n] = true
		}
	}
	for i := range t.Messages {
		m := &t.Messages[i]
		role := string(m.Role)
		add(&role, m.Content, m.Reasoning, m.RawOutput, m.Name, m.ToolCallID, m.Extra)
		for k := range m.ToolCalls {
			add(m.ToolCalls[k].ID, &m.ToolCalls[k].Name, &m.ToolCalls[k].Arguments)
		}
		if m.ReturnCode != nil {
			h.numbers[float64(*m.ReturnCode)] = true
		}
		if m.Reward != nil {
			h.numbers[*m.Reward] = true
		}
	}
}

// text holds a text, and the values of JSON in it.
func (h *holdings) text(s *string, all *strings.Builder) {
	if s == nil || *s == "" {
		return
	}
	h.texts[strings.TrimSpace(*s)] = true
	all.WriteString(*s)
	all.WriteByte(0)
	if v, ok := parse(*s); ok {
		h.value("", v, all)
	}
}

func (h *holdings) value(key string, v any, all *strings.Builder) {
	switch v := v.(type) {
	case map[string]any:
		for k, kid := range v {
			h.value(k, kid, all)
		}
	case []any:
		for _, kid := range v {
			h.value(key, kid, all)
		}
	case string:
		h.text(&v, all)
	case json.Number:
		if f, err := v.Float64(); err == nil {
			h.numbers[f] = true
		}
	case bool:
		h.flags[key+"="+strconv.FormatBool(v)] = true
	}
}
