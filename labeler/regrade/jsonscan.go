package regrade

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/swerm/swerm/labeler/testlog"
)

// A jsonScan reads one JSON document from its start to its end, as its reader
// asks for it. What it returns aliases the document, so that a report of ten
// thousand names costs two allocations and not ten thousand. Reports are most of
// what is read besides logs, and mostly names.
type jsonScan struct {
	text  string
	at    int
	depth int
	key   testlog.Span // the last key of an object, without its quotes
}

// maxJSONDepth bounds how deep values are nested; reports are four deep.
const maxJSONDepth = 1000

// bad is an error at the place that the scan has come to.
func (s *jsonScan) bad(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", s.at, fmt.Sprintf(format, args...))
}

// mismatch is the error of a value that is JSON, and not what a report has there.
func (s *jsonScan) mismatch(want string) error {
	return fmt.Errorf("byte %d: no %s: %w", s.at, want, ErrNoReport)
}

// peek passes over white space and returns the byte that follows, 0 at the end.
func (s *jsonScan) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// end makes sure that nothing follows.
func (s *jsonScan) end() error {
	if s.peek(); s.at < len(s.text) {
		return s.bad("something follows the document")
	}
	return nil
}

// object reads an object. Member is called behind each key, and must read its
// value.
func (s *jsonScan) object(member func(key string) error) error {
	return s.list('{', '}', "object", func() error {
		if s.peek() != '"' {
			return s.bad("a key is missing")
		}
		key, at, err := s.place()
		if err != nil {
			return err
		}
		if s.key = at; s.peek() != ':' {
			return s.bad("no colon follows a key")
		}
		s.at++
		return member(key)
	})
}

// array reads an array. Element is called for each value, and must read it.
func (s *jsonScan) array(element func() error) error { return s.list('[', ']', "array", element) }

func (s *jsonScan) list(open, shut byte, what string, element func() error) error {
	if s.peek() != open {
		return s.mismatch(what)
	}
	if s.depth++; s.depth > maxJSONDepth {
		return s.bad("nested deeper than %d", maxJSONDepth)
	}
	s.at++
	for first := true; ; first = false {
		if s.peek() != shut || !first {
			if err := element(); err != nil {
				return err
			}
		}
		switch s.peek() {
		case shut:
			s.at++
			s.depth--
			return nil
		case ',':
			s.at++
		default:
			return s.bad("neither , nor %c follows a value", shut)
		}
	}
}

// string reads a string.
func (s *jsonScan) string() (string, error) {
	if s.peek() != '"' {
		return "", s.mismatch("string")
	}
	from, plain := s.at+1, true
	for i := from; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			inner := s.text[from:i]
			s.at = i + 1
			if plain {
				return inner, nil
			}
			return s.unescape(inner)
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			s.at = i
			return "", s.bad("a string holds a control byte")
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	s.at = len(s.text)
	return "", s.bad("a string has no end")
}

// place reads a string and where it stands, without its quotes.
func (s *jsonScan) place() (string, testlog.Span, error) {
	s.peek()
	from := s.at + 1
	text, err := s.string()
	return text, testlog.Span{Start: int64(from), End: int64(s.at - 1)}, err
}

// unescape reads what stands between quotes and is more than plain ASCII.
func (s *jsonScan) unescape(inner string) (string, error) {
	if strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal([]byte(`"`+inner+`"`), &text); err != nil {
		return "", s.bad("%v", err)
	}
	return text, nil
}

// boolean reads true, false or null, which is nil.
func (s *jsonScan) boolean() (*bool, error) {
	word := s.word()
	switch word {
	case "true", "false":
		b := word == "true"
		return &b, nil
	case "null":
		return nil, nil
	}
	return nil, s.mismatch("boolean")
}

// word reads the letters that follow.
func (s *jsonScan) word() string {
	s.peek()
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= 'a' && s.text[s.at] <= 'z' {
		s.at++
	}
	return s.text[from:s.at]
}

// null passes over null, and reports whether it stood there.
func (s *jsonScan) null() bool {
	if s.peek(); strings.HasPrefix(s.text[s.at:], "null") {
		s.at += len("null")
		return true
	}
	return false
}

// strings reads a list of strings. An absent list is nil.
func (s *jsonScan) strings() ([]string, error) {
	if s.null() {
		return nil, nil
	}
	all := make([]string, 0, 16)
	err := s.array(func() error {
		text, err := s.string()
		all = append(all, text)
		return err
	})
	return all, err
}

// skip passes over one value of any kind.
func (s *jsonScan) skip() error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(func(string) error { return s.skip() })
	case c == '[':
		return s.array(s.skip)
	case c == '"':
		_, err := s.string()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	switch word := s.word(); word {
	case "true", "false", "null":
		return nil
	}
	return s.bad("no value")
}

// number passes over a number.
func (s *jsonScan) number() error {
	from := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[s.at]) >= 0 {
		s.at++
	}
	if !json.Valid([]byte(s.text[from:s.at])) {
		return s.bad("no number")
	}
	return nil
}
