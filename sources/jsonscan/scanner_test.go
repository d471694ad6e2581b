package jsonscan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStringsDecodeAsEncodingJSONDoes(t *testing.T) {
	for _, doc := range []string{`""`, `"a"`, `"a\n\t\"\\\/\b\f\r"`, `"\u00e9\u4e2d"`, `"\ud83d\ude00"`, `"\ud800"`, `"\ud800x"`,
		`"\udc00\ud800"`, "\"\xff\xfea\"", `"\\\""`, `"` + strings.Repeat(`x\n`, 5000) + `"`} {
		var want string
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(err)
		}
		s := New([]byte(doc))
		got := s.Str()
		s.End()
		if s.Err() != nil || got != want {
			t.Errorf("%.40s: %q, %v; want %q", doc, got, s.Err(), want)
		}
		if broken := strings.Contains(want, "\uFFFD"); broken != (s.Repaired() > 0) {
			t.Errorf("%.40s: %d repairs", doc, s.Repaired())
		}
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{"messages":[{"role":"a","content":3}]}`, `messages[0].content: a number where a string belongs (byte 35)`},
		{`{"messages":[{"role":"a","content":"x`, `messages[0].content: the document ends here (byte 37)`},
		{`{"messages":[{"role":"a"},`, `messages[1]: the document ends here (byte 26)`},
		{`{"messages":[{"role":"\q"}]}`, `messages[0].role: \q is no escape (byte 25)`},
		{`{"other":{"a":[1,2}}`, `other: '}' closes '[' (byte 18)`},
		{`{"messages":[]} x`, `more follows the end of the document (byte 16)`},
		{`{"other":01}`, `other: "01" is no value (byte 9)`},
		{`{"other":tru`, `other: the document ends here (byte 9)`},
		{`{"other":}`, `other: '}' begins no value (byte 9)`},
		{``, `the document ends here (byte 0)`},
		{`{"messages" [`, `'[' where ':' belongs (byte 12)`},
	} {
		s := New([]byte(c.doc))
		readMessages(s)
		if err := s.Err(); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.doc, err, c.want)
		}
	}
}

// readMessages is a small decoder of the usual shape.
func readMessages(s *Scanner) (roles []string) {
	for key := range s.Fields() {
		if key != "messages" {
			continue
		}
		for range s.Elements() {
			for key := range s.Fields() {
				switch key {
				case "role":
					roles = append(roles, s.Str())
				case "content":
					s.OptStr()
				}
			}
		}
	}
	s.End()
	return roles
}

func TestDepthIsBounded(t *testing.T) {
	for _, doc := range []string{strings.Repeat("[", 1e6), `{"a":` + strings.Repeat(`[`, MaxDepth) + strings.Repeat(`]`, MaxDepth) + `}`} {
		s := New([]byte(doc))
		if s.Skip(); s.Err() == nil {
			for range s.Fields() {
			}
		}
		if !errors.Is(s.Err(), ErrDepth) {
			t.Errorf("%.20s: %v", doc, s.Err())
		}
	}
	s := New([]byte(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)))
	if s.Skip(); s.Err() != nil {
		t.Errorf("at the limit: %v", s.Err())
	}
}

func TestBreakingOutOfALoopLeavesTheScannerBehindTheValue(t *testing.T) {
	s := New([]byte(`[{"a":1,"b":[2,{"c":"}"}],"d":"\""},[1,2,[3]],"end"]`))
	var last string
	for i := range s.Elements() {
		switch i {
		case 0:
			for range s.Fields() {
				break
			}
		case 1:
			for range s.Elements() {
				break
			}
		case 2:
			last = s.Str()
		}
	}
	if s.End(); s.Err() != nil || last != "end" {
		t.Fatalf("%q, %v", last, s.Err())
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range []string{`{"messages":[{"role":"a","content":null}]}`, `[1,-2.5e3,true,null,"\u00e9"]`, `{"a":{"b":[{}]}}`, "\xef\xbb\xbf{}", `{"\u0061":1}`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s := New(doc)
		for _, role := range readMessages(s) {
			if !utf8.ValidString(role) {
				t.Fatalf("%q is not UTF-8", role)
			}
		}
		s.Reset(doc)
		s.Skip()
		s.End()
		if json.Valid(doc) && s.Err() != nil && !errors.Is(s.Err(), ErrDepth) {
			t.Fatalf("valid document refused: %v", s.Err())
		}
		s.Reset(doc)
		var v string
		if json.Unmarshal(doc, &v) == nil && len(doc) > 0 && s.Kind() == String {
			if got := s.Str(); got != v {
				t.Fatalf("%q, encoding/json reads %q", got, v)
			}
		}
	})
}

func BenchmarkSkip(b *testing.B) {
	doc := []byte(`{"messages":[` + strings.Repeat(`{"role":"tool","content":"`+strings.Repeat(`a line of output \"quoted\"\n`, 60)+`","n":1.5},`, 100) + `{}]}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		s := New(doc)
		if s.Skip(); s.Err() != nil {
			b.Fatal(s.Err())
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	doc := []byte(`{"messages":[` + strings.Repeat(`{"role":"tool","content":"`+strings.Repeat(`a line of output \"quoted\"\n`, 60)+`","n":1.5},`, 100) + `{}]}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if s := New(doc); len(readMessages(s)) != 100 || s.Err() != nil {
			b.Fatal(s.Err())
		}
	}
}

// What a document makes a reader keep is bounded, however it is written; what
// is stepped over is not.
func TestKeptTextIsBounded(t *testing.T) {
	half := strings.Repeat("x", MaxTextBytes/2)
	read := func(doc string) error {
		s := New([]byte(doc))
		for range s.Fields() {
			for range s.Elements() {
				if s.Kind() == String {
					s.Str()
				}
			}
		}
		return s.Err()
	}
	cases := map[string]struct {
		doc  string
		want error
	}{
		"fits":            {`{"a":["` + half + `","x"]}`, nil},
		"two strings":     {`{"a":["` + half + `"],"b":["` + half + `"]}`, ErrText},
		"grown by repair": {`{"a":["` + strings.Repeat("\xff", MaxTextBytes*2/5) + `"]}`, ErrText},
		"elements":        {`{"a":[` + strings.Repeat("{},", MaxTextBytes/elementBytes) + `{}]}`, ErrText},
		"stepped over":    {`{"a":[{"x":"` + half + half + half + `"}]}`, nil},
	}
	for name, c := range cases {
		if err := read(c.doc); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	s := New([]byte(`["` + half + `","` + half + `"]`))
	for range s.Elements() {
		s.Str()
	}
	s.Reset([]byte(`["x"]`))
	for range s.Elements() {
		if got := s.Str(); got != "x" || s.Err() != nil {
			t.Errorf("after Reset: %q, %v", got, s.Err())
		}
	}
}
