package chat

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"
)

// OrEmpty returns the text, "" for nil.
func OrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// NonEmpty returns nil for "".
func NonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Int32 narrows a number; what does not fit is not known.
func Int32(v *int64) *int32 {
	if v == nil || *v > math.MaxInt32 || *v < math.MinInt32 {
		return nil
	}
	n := int32(*v)
	return &n
}

func validText(raw []byte) bool { return utf8.Valid(raw) }

// PlainJSON writes a value as a policy would: without escapes for HTML. Values
// that are no JSON give "{}".
func PlainJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "{}"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
