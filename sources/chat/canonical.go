package chat

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Canonical rewrites a small JSON value with sorted keys and without white
// space, so that equal values give equal text however a document writes them.
// Numbers keep their digits. What is no JSON (NaN) comes back as a string of its
// bytes.
func Canonical(raw []byte) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		v = strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return nil // every value above marshals
	}
	return bytes.TrimSpace(b.Bytes())
}
