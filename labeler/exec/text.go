package exec

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Text is bytes that are text as a rule. In JSON they are a string, and where
// they are not UTF-8 {"base64": …}, so that no byte changes and places in a log
// stay what they are.
type Text []byte

// IsZero reports whether there are none.
func (t Text) IsZero() bool { return len(t) == 0 }

type rawText struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON writes either form.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.Valid(t) {
		return json.Marshal(string(t))
	}
	return json.Marshal(rawText{t})
}

// UnmarshalJSON reads either form.
func (t *Text) UnmarshalJSON(doc []byte) error {
	var s string
	if json.Unmarshal(doc, &s) == nil {
		*t = Text(s)
		return nil
	}
	var r rawText
	if err := json.Unmarshal(doc, &r); err != nil {
		return fmt.Errorf("exec: text: %w", err)
	}
	*t = r.Base64
	return nil
}
