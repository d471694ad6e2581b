package chat

import "strings"

// Texts are parts of one text that come one by one. Joining them as they come
// would copy what is there once a part. The zero value is no text.
type Texts struct{ parts []string }

// Add takes a part; nil says nothing.
func (t *Texts) Add(part *string) {
	if part != nil {
		t.parts = append(t.parts, *part)
	}
}

// Append takes all parts of another.
func (t *Texts) Append(o *Texts) { t.parts = append(t.parts, o.parts...) }

// Parts returns what was taken. It belongs to t.
func (t *Texts) Parts() []string { return t.parts }

// Join returns the parts with a separator between them, nil where there are none.
func (t *Texts) Join(separator string) *string {
	if len(t.parts) == 0 {
		return nil
	}
	text := strings.Join(t.parts, separator)
	return &text
}
