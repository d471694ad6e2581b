package jsonscan

import (
	"errors"
	"strings"
	"testing"
)

func TestAValueIsReadAtItsMark(t *testing.T) {
	s := New([]byte(`{"a":{"b":"x\ud800"},"c":1}`))
	mark := -1
	for key := range s.Fields() {
		if key == "a" {
			mark = s.Mark()
		}
	}
	s.End()
	var got string
	s.At(mark, "a", func() {
		for range s.Fields() {
			got = s.Str()
		}
	})
	s.End() // the place is as it was
	if s.Err() != nil || got != "x\uFFFD" || s.Repaired() != 1 {
		t.Errorf("%q, %v, %d repairs", got, s.Err(), s.Repaired())
	}
	s.At(mark, "a", func() { s.Str() })
	if err := s.Err(); err == nil || err.Error() != `a: an object where a string belongs (byte 5)` {
		t.Errorf("%v", err)
	}
	s.At(mark, "a", func() { t.Error("read after an error") })
}

func TestAStringMayHoldADocument(t *testing.T) {
	for doc, want := range map[string]string{
		`{"m":"[\"x\\ud800\",\"y\"]"}`: "",
		`{"m":"[\"x\\ud800\",7]"}`:     `m: in the JSON of this string: [1]: a number where a string belongs (byte 11) (byte 23)`,
		`{"m":"[] x"}`:                 `m: in the JSON of this string: more follows the end of the document (byte 3) (byte 11)`,
		`{"m":7}`:                      `m: a number where a string belongs (byte 5)`,
	} {
		s := New([]byte(doc))
		var got []string
		for range s.Fields() {
			s.Inner(func(in *Scanner) {
				for range in.Elements() {
					got = append(got, in.Str())
				}
			})
		}
		s.End()
		if want == "" && (s.Err() != nil || strings.Join(got, ",") != "x\uFFFD,y" || s.Repaired() != 1) {
			t.Errorf("%s: %q, %v", doc, got, s.Err())
		}
		if want != "" && (s.Err() == nil || s.Err().Error() != want) {
			t.Errorf("%s: %v, want %s", doc, s.Err(), want)
		}
	}
}

func TestTheTextOfAnInnerDocumentIsBounded(t *testing.T) {
	text := strings.Repeat("x", MaxTextBytes/2)
	s := New([]byte(`["` + text + `","\"` + text + `\""]`))
	for i := range s.Elements() {
		if i == 0 {
			s.Str()
			continue
		}
		s.Inner(func(in *Scanner) { in.Str() })
	}
	if !errors.Is(s.Err(), ErrText) {
		t.Error(s.Err())
	}
}
