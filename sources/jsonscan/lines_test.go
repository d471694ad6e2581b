package jsonscan

import (
	"errors"
	"testing"
)

func TestDocumentsOfSeveralValues(t *testing.T) {
	doc := []byte("{\"a\":1}\n\n[2]\n\"x\" ")
	s, n := New(doc), 0
	for s.More() {
		s.Skip()
		n++
	}
	if n != 3 || s.Err() != nil {
		t.Errorf("%d values, %v", n, s.Err())
	}
}

func TestErrorsHaveALine(t *testing.T) {
	doc := []byte("{\"a\":1}\n{\"a\":\n")
	s := New(doc)
	for s.More() {
		for range s.Fields() {
			s.OptInt()
		}
	}
	if !errors.Is(s.Err(), ErrTruncated) || LineOf(doc, s.Err()) != 3 {
		t.Errorf("line %d, %v", LineOf(doc, s.Err()), s.Err())
	}
	if LineOf(doc, errors.New("other")) != 0 {
		t.Error("an error without a place has a line")
	}
}

func TestRawTextIsValid(t *testing.T) {
	s := New([]byte("[{\"a\": \"x\xffy\"}]"))
	for range s.Elements() {
		if got := s.RawText(); got != "{\"a\": \"x\uFFFDy\"}" || s.Repaired() != 1 {
			t.Errorf("%q, %d repaired", got, s.Repaired())
		}
	}
}
