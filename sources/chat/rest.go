package chat

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxRestBytes bounds what one object may add to a record without a column for
// it: values are small facts; what is larger is named, not kept.
const maxRestBytes = 64 << 10

// Rest collects the values of an object that have no column. The zero value is
// empty and ready. What it keeps belongs to the document until JSON has made
// text of it.
type Rest struct {
	Limit int // bytes; 0 stands for 64 KiB

	fields map[string]json.RawMessage
	size   int
	lines  int // kept by KeepLine
}

// Keep reads the next value and keeps it under key, as the document writes it.
// Nulls say nothing and are left out; a value that no strict reader would take
// (NaN, text that is not UTF-8) is kept as a string of its bytes, and a value
// past the limit as the number of its bytes.
func (r *Rest) Keep(s *jsonscan.Scanner, key string) {
	name := strings.Clone(key)
	kind := s.Kind()
	raw := s.Raw()
	switch {
	case s.Err() != nil || kind == jsonscan.Null:
	case r.size+len(raw) > cmp.Or(r.Limit, maxRestBytes):
		r.Set(name+"_bytes_left_out", len(raw))
	case !s.Count(len(raw)):
	case validValue(raw):
		r.set(name, raw)
	default:
		r.Set(name, strings.ToValidUTF8(string(raw), "\uFFFD"))
	}
}

// KeepWhole keeps a value as Keep does, but past its limit: what a document says
// of its success must not be cut.
func (r *Rest) KeepWhole(s *jsonscan.Scanner, key string) {
	name := strings.Clone(key)
	if raw := RawJSON(s); raw != nil {
		r.set(name, json.RawMessage(*raw))
	}
}

// maxKeptLines bounds how many lines of a log one record keeps as they are.
const maxKeptLines = 64

// KeepLine keeps a line of a log under its number, "line_7". Past the limit
// lines are counted, not kept.
func (r *Rest) KeepLine(raw []byte, n int) {
	if r.lines++; r.lines > maxKeptLines {
		r.Set("lines_not_kept", r.lines-maxKeptLines)
		return
	}
	r.Keep(jsonscan.New(raw), "line_"+strconv.Itoa(n))
}

// Set keeps a value that marshals: strings, numbers, booleans, lists of them.
func (r *Rest) Set(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return // not JSON (NaN): not known
	}
	r.set(key, raw)
}

// SetJSON keeps an object that another Rest has made; nil says nothing.
func (r *Rest) SetJSON(key string, object *string) {
	if object != nil {
		r.set(key, json.RawMessage(*object))
	}
}

func (r *Rest) set(key string, raw json.RawMessage) {
	if r.fields == nil {
		r.fields = map[string]json.RawMessage{}
	}
	r.fields[key] = raw
	r.size += len(key) + len(raw)
}

// Drop forgets what is kept under key.
func (r *Rest) Drop(key string) { delete(r.fields, key) }

// Has reports whether a value is kept under key.
func (r *Rest) Has(key string) bool {
	_, ok := r.fields[key]
	return ok
}

// Len is how many values are kept.
func (r *Rest) Len() int { return len(r.fields) }

// JSON returns an object with sorted keys, nil where nothing is kept. Values are
// written as the document writes them, without white space between tokens.
func (r *Rest) JSON() *string {
	if len(r.fields) == 0 {
		return nil
	}
	var b strings.Builder
	b.Grow(r.size + 4*len(r.fields) + 2)
	for i, key := range slices.Sorted(maps.Keys(r.fields)) {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			continue // strings always marshal
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(compact(r.fields[key]))
	}
	b.WriteByte('}')
	text := b.String()
	return &text
}

// Add takes over what an earlier JSON said.
func (r *Rest) Add(object *string) {
	if object == nil {
		return
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal([]byte(*object), &fields) // written here, so it reads
	for key, raw := range fields {
		r.set(key, raw)
	}
}

// compact takes the white space out of a valid value. Strings have none, and
// logs of tests, which are strings, are the long ones.
func compact(raw json.RawMessage) []byte {
	if raw[0] == '"' {
		return raw
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw // every value was checked when it was set
	}
	return b.Bytes()
}

// validValue reports whether a strict reader takes a value.
func validValue(raw []byte) bool {
	if !validText(raw) {
		return false
	}
	if len(raw) > 1 && raw[0] == '"' {
		return validString(raw)
	}
	return json.Valid(raw)
}

// validString is json.Valid for a string, several times as fast.
func validString(raw []byte) bool {
	body := raw[1 : len(raw)-1]
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c >= ' ' && c != '\\' {
			continue
		}
		if c != '\\' || i+1 == len(body) {
			return false
		}
		if i++; body[i] == 'u' {
			if i+4 >= len(body) || !isHex(body[i+1:i+5]) {
				return false
			}
			i += 4
		} else if bytes.IndexByte([]byte(`"\\/bfnrt`), body[i]) < 0 {
			return false
		}
	}
	return true
}

func isHex(b []byte) bool {
	_, err := strconv.ParseUint(string(b), 16, 16)
	return err == nil
}

// Note adds one key to a message's Extra.
func Note(m *pipeline.Message, key string, value any) {
	var r Rest
	r.Add(m.Extra)
	r.Set(key, value)
	m.Extra = r.JSON()
}
