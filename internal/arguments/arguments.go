// Package arguments reads the arguments of tool calls for people and for formats
// that write calls as text: an object's members in the order in which a policy
// wrote them, which maps would lose.
//
// It promises no more: what is no JSON object is for the caller to show as it is,
// and nested values stay JSON.
package arguments

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// An Argument is one member. Value is the text of a string, and the JSON of
// anything else.
type Argument struct{ Name, Value string }

// Parse reads a JSON object. ok is false for anything else.
func Parse(raw string) (args []Argument, ok bool) {
	dec := json.NewDecoder(strings.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return nil, false
		}
		a := Argument{name.(string), string(bytes.TrimSpace(v))} // a key is always a string
		if strings.HasPrefix(a.Value, `"`) && json.Unmarshal(v, &a.Value) != nil {
			return nil, false
		}
		args = append(args, a)
	}
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	_, err := dec.Token()
	return args, err == io.EOF
}
