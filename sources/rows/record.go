package rows

import (
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/identity"
	"github.com/swerm/swerm/sources/jsonscan"
)

// version rises whenever equal rows would give other records.
const version = "1"

// Limits on what a row may keep without a column: facts and the task's own text
// in extra, logs of tests among the claims.
const (
	maxExtraBytes = 1 << 20
	maxClaimBytes = jsonscan.MaxTextBytes
)

// A reading is a record in the making.
type reading struct {
	s        *jsonscan.Scanner
	rec      format.Record
	extra    chat.Rest
	claims   chat.Rest
	sampling chat.Sampling
	ids      map[string]string // of the row, by key
}

// Record makes the record of a row: all that stands beside the dialogue, the
// dialogue as the format has read it, and what only both together tell. The
// error is the scanner's.
func (r *Row) Record(s *jsonscan.Scanner, src format.Document, name string, messages []pipeline.Message) (*format.Record, error) {
	n := &reading{s: s, extra: chat.Rest{Limit: maxExtraBytes}, claims: chat.Rest{Limit: maxClaimBytes}, ids: map[string]string{}}
	t := &n.rec.Trajectory
	t.Origin = pipeline.Origin{Format: name, Version: version}
	n.fields(r, &n.extra)
	if err := s.Err(); err != nil {
		return nil, err
	}
	if t.Patch == nil {
		t.Patch = r.Patch
	}
	if r.Verdict != nil {
		n.claims.Set("verdict", *r.Verdict)
	}
	t.Messages = messages
	if set := r.datasetOf(src); set != nil {
		n.known(set, src)
	}
	n.names(src)
	n.dialogue()
	t.Sampling, t.Claims, t.Extra = n.sampling.JSON(), n.claims.JSON(), n.extra.JSON()
	n.rec.Repaired = s.Repaired()
	return &n.rec, nil
}

// fields reads the values of a row, or of an object in it, in the order of the
// table; what has no column is kept in rest.
func (n *reading) fields(r *Row, rest *chat.Rest) {
	task := r.taskRow()
	order := slices.Clone(r.fields)
	slices.SortStableFunc(order, func(a, b field) int { return placeOf(a.key).rank - placeOf(b.key).rank })
	for _, f := range order {
		if f.done || f.kind == jsonscan.Null {
			continue
		}
		c := placeOf(f.key).column
		if f.key == "patch" && task || rest != &n.extra && (c == nested || c == rowID) {
			c = keep // the task's own solution; one level down, and ids of other things
		}
		n.s.At(f.mark, f.key, func() { n.field(c, f.key, rest) })
	}
}

// field reads a value into its column, or keeps it as it is written.
func (n *reading) field(c column, key string, rest *chat.Rest) {
	at := n.s.Mark()
	if !n.column(c, key) {
		n.s.At(at, key, func() { rest.Keep(n.s, key) })
	}
}

// column reads a value into its column and reports whether the column says all
// of it.
func (n *reading) column(c column, key string) bool {
	t := &n.rec.Trajectory
	switch c {
	case instance:
		return n.name(&t.InstanceID)
	case repo:
		return n.name(&t.Repo)
	case baseCommit:
		return n.name(&t.BaseCommit) && isCommit(&t.BaseCommit)
	case policy:
		return n.name(&t.PolicyRaw)
	case run:
		return n.name(&t.Run)
	case rollout:
		return n.number(&t.Rollout)
	case attempt:
		return n.number(&t.Attempt)
	case scaffold:
		return n.word(&t.Scaffold, scaffoldNamed)
	case source:
		return n.word(&t.Source, sourceNamed)
	case language:
		return n.name(&t.Language)
	case license:
		return n.name(&t.License)
	case createdAt:
		return n.name(&t.CreatedAt)
	case environment:
		return n.name(&t.Environment)
	case patch:
		return n.text(&t.Patch)
	case exitStatus:
		return n.name(&t.ExitStatus)
	case tools:
		return n.tools()
	case claim:
		if n.claims.Has(key) {
			return false
		}
		n.claims.Keep(n.s, key)
		return true
	case cost, wallSeconds, apiCalls, promptTokens, completionTokens:
		return n.usage(c)
	case rowID:
		return n.id(key)
	case nested:
		return n.nested(key)
	case config:
		return n.config()
	}
	return n.s.Kind() != jsonscan.Object && n.s.Kind() != jsonscan.Array && n.sampling.Keep(n.s, key)
}

// text reads a string into an empty column.
func (n *reading) text(dst **string) bool {
	if *dst != nil || n.s.Kind() != jsonscan.String {
		return false
	}
	*dst = n.s.OptStr()
	return true
}

// isCommit empties a column that holds a branch or a short hash.
func isCommit(dst **string) bool {
	if identity.IsCommit(chat.OrEmpty(*dst)) {
		return true
	}
	*dst = nil
	return false
}

// name reads a string or a number that names something; a blank one does not,
// and leaves the column to the next key.
func (n *reading) name(dst **string) bool {
	if *dst == nil && n.s.Kind() == jsonscan.Number {
		text := string(n.s.Raw())
		*dst = chat.NonEmpty(text)
		return true
	}
	if !n.text(dst) {
		return false
	}
	if strings.TrimSpace(chat.OrEmpty(*dst)) == "" {
		*dst = nil
	}
	return true
}

// word reads a string that is one of several spellings. The spelling is kept
// where it says more.
func (n *reading) word(dst *string, canonical func(string) string) bool {
	if *dst != "" || n.s.Kind() != jsonscan.String {
		return false
	}
	at := n.s.Mark()
	*dst = canonical(n.s.Str())
	return string(n.s.Since(at)) == strconv.Quote(*dst)
}

// number reads a count; what is none is kept.
func (n *reading) number(dst **int32) bool {
	if *dst != nil || n.s.Kind() != jsonscan.Number {
		return false
	}
	v, err := strconv.ParseInt(string(n.s.Raw()), 10, 32)
	if err != nil {
		return false
	}
	*dst = chat.Int32(&v)
	return true
}

func (n *reading) usage(c column) bool {
	if n.s.Kind() != jsonscan.Number {
		return false
	}
	u := &n.rec.Usage
	switch c {
	case cost:
		return n.float(&u.CostUSD)
	case wallSeconds:
		return n.float(&u.WallSeconds)
	case apiCalls:
		return n.number(&u.APICalls)
	case promptTokens:
		return n.long(&u.PromptTokens)
	}
	return n.long(&u.CompletionTokens)
}

func (n *reading) float(dst **float64) bool {
	if *dst != nil {
		return false
	}
	*dst = n.s.OptFloat()
	return *dst != nil
}

func (n *reading) long(dst **int64) bool {
	if *dst != nil {
		return false
	}
	v, err := strconv.ParseInt(string(n.s.Raw()), 10, 64)
	if err != nil {
		return false
	}
	*dst = &v
	return true
}

// id remembers what names the row; it is kept as it is written all the same.
func (n *reading) id(key string) bool {
	switch n.s.Kind() {
	case jsonscan.String:
		n.ids[key] = n.s.Str()
	case jsonscan.Number:
		n.ids[key] = string(n.s.Raw())
	}
	return false
}

// nested reads an object, or a string that holds one, whose keys are columns
// where the row has not filled them. What has no column is kept under the
// object's own key.
func (n *reading) nested(key string) bool {
	switch {
	case n.s.Kind() == jsonscan.Object:
		n.object(key)
		return true
	case n.s.Kind() == jsonscan.String && strings.HasPrefix(n.peek(), `"{`):
		outer := n.s
		outer.Inner(func(in *jsonscan.Scanner) {
			n.s = in
			n.object(key)
		})
		n.s = outer
		return true
	}
	return false
}

// peek returns the next value as it is written, without reading it.
func (n *reading) peek() string {
	var raw []byte
	n.s.At(n.s.Mark(), "", func() { raw = n.s.Raw() })
	return string(raw[:min(len(raw), 2)])
}

func (n *reading) object(key string) {
	rest := chat.Rest{Limit: maxExtraBytes}
	var in Row
	for inner := range n.s.Fields() {
		in.Note(n.s, inner)
	}
	n.fields(&in, &rest)
	n.extra.SetJSON(key, rest.JSON())
}

// config reads the model and the sampling parameters of a configuration.
func (n *reading) config() bool {
	if n.s.Kind() != jsonscan.Object {
		return false
	}
	for key := range n.s.Fields() {
		switch placeOf(key).column {
		case policy:
			n.name(&n.rec.PolicyRaw)
		case keep:
			n.sampling.Keep(n.s, key)
		}
	}
	return true
}
