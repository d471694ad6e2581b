package jsonscan

import (
	"bytes"
	"errors"
)

// More reports whether another value follows: a document may hold several, one
// a line.
func (s *Scanner) More() bool {
	if s.err != nil {
		return false
	}
	s.space()
	return s.pos < len(s.buf)
}

// LineOf returns the line of doc, from 1, that err has its place in, 0 where it
// has none.
func LineOf(doc []byte, err error) int {
	var e *Error
	if !errors.As(err, &e) {
		return 0
	}
	return 1 + bytes.Count(doc[:min(e.Offset, len(doc))], []byte("\n"))
}
