package rows

import (
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// maxTools bounds the schemas of one row.
const maxTools = 1_000

// tools reads schemas: a list of objects, a list of strings that hold one each,
// or a string that holds the list.
func (n *reading) tools() bool {
	t := &n.rec.Trajectory
	if t.Tools != nil {
		return false
	}
	switch n.s.Kind() {
	case jsonscan.String:
		text := n.s.Str()
		if !strings.HasPrefix(strings.TrimLeft(text, " \n"), "[") || !json.Valid([]byte(text)) {
			return false
		}
		t.Tools = &text
		return true
	case jsonscan.Array:
		t.Tools = n.schemas()
		return t.Tools != nil
	}
	return false
}

// schemas reads a list; nil where something in it is no JSON to a strict reader.
func (n *reading) schemas() *string {
	var b strings.Builder
	b.WriteByte('[')
	valid := true
	for i := range n.s.Elements() {
		if i == maxTools {
			return nil
		}
		if i > 0 {
			b.WriteByte(',')
		}
		raw := n.s.RawText()
		var text string
		if strings.HasPrefix(raw, `"{`) && json.Unmarshal([]byte(raw), &text) == nil {
			raw = text
		}
		valid = valid && json.Valid([]byte(raw))
		b.WriteString(raw)
	}
	b.WriteByte(']')
	if list := b.String(); valid && n.s.Err() == nil {
		return &list
	}
	return nil
}
