package chat

import "math"

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
