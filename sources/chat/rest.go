package chat

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/jsonscan"
)

// maxRestBytes bounds what one object may add to a record without a column for
// it: values are small facts; what is larger is named, not kept.
const maxRestBytes = 64 << 10

// Rest collects the values of an object that have no column. The zero value is
// empty and ready.
type Rest struct {
	Limit int // bytes; 0 stands for 64 KiB

	fields map[string]json.RawMessage
	size   int
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
	case json.Valid(raw) && validText(raw):
		r.set(name, append(json.RawMessage(nil), raw...))
	default:
		r.Set(name, strings.ToValidUTF8(string(raw), "\uFFFD"))
	}
}

// Set keeps a value that marshals: strings, numbers, booleans, lists of them.
func (r *Rest) Set(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return // not JSON (NaN): not known
	}
	r.set(key, raw)
}

// SetRaw keeps a value that is written as JSON already.
func (r *Rest) SetRaw(key, raw string) { r.set(key, json.RawMessage(raw)) }

func (r *Rest) set(key string, raw json.RawMessage) {
	if r.fields == nil {
		r.fields = map[string]json.RawMessage{}
	}
	r.fields[key] = raw
	r.size += len(key) + len(raw)
}

// Len is how many values are kept.
func (r *Rest) Len() int { return len(r.fields) }

// JSON returns an object with sorted keys, nil where nothing is kept.
func (r *Rest) JSON() *string {
	if len(r.fields) == 0 {
		return nil
	}
	raw, err := json.Marshal(r.fields)
	if err != nil {
		return nil // every value was checked when it was set
	}
	text := string(raw)
	return &text
}

// Note adds one key to a message's Extra.
func Note(m *pipeline.Message, key string, value any) {
	var r Rest
	if m.Extra != nil {
		_ = json.Unmarshal([]byte(*m.Extra), &r.fields) // written here, so it reads
	}
	r.Set(key, value)
	m.Extra = r.JSON()
}
