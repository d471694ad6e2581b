package chat

import (
	"math"
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
