package format

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// Limits on what is remembered of a shape: enough for any known format, and
// bounded whatever a document holds.
const (
	maxShapeKeys     = 64
	maxShapeKeyBytes = 64
)

// A Shape is the outline of a document: what it is, its keys, and the keys one
// level below them.
type Shape struct {
	Kind  jsonscan.Kind
	Keys  []Key
	First []string // a list: the keys of its first element
	Lines bool     // asks for a file of JSON lines as a whole; the rest describes its first line, Data the beginning
	Err   error    // where the outline ends early
	Data  []byte   // the document itself, for formats told apart by what text they hold
}

// A Key is one key of the top object.
type Key struct {
	Name string
	Kind jsonscan.Kind
	Sub  []string // keys of the value, or of its first element if it is a list
	Text string   // a short string value
}

// Key returns a key of the top object, nil where it is absent.
func (s *Shape) Key(name string) *Key {
	for i := range s.Keys {
		if s.Keys[i].Name == name {
			return &s.Keys[i]
		}
	}
	return nil
}

// Has reports whether the value of a key has a key of its own, directly or in
// its first element.
func (s *Shape) Has(name, sub string) bool {
	k := s.Key(name)
	if k == nil {
		return false
	}
	for _, n := range k.Sub {
		if n == sub {
			return true
		}
	}
	return false
}

// LooksLikeJSON tells from the first bytes whether a file is worth reading.
func LooksLikeJSON(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// ShapeOf outlines a document. It steps over values without decoding them and
// stops at the first fault, keeping what it saw.
func ShapeOf(doc []byte) Shape {
	s := jsonscan.New(doc)
	sh := Shape{Kind: s.Kind(), Data: doc}
	switch sh.Kind {
	case jsonscan.Object:
		for name := range s.Fields() {
			if len(sh.Keys) == maxShapeKeys || len(name) > maxShapeKeyBytes {
				continue
			}
			sh.Keys = append(sh.Keys, Key{Name: strings.Clone(name), Kind: s.Kind()})
			k := &sh.Keys[len(sh.Keys)-1]
			switch k.Kind {
			case jsonscan.Object:
				k.Sub = subKeys(s)
			case jsonscan.Array:
				for i := range s.Elements() {
					if i == 0 && s.Kind() == jsonscan.Object {
						k.Sub = subKeys(s)
						break
					}
				}
			case jsonscan.String:
				if raw := s.Raw(); len(raw) <= maxShapeKeyBytes {
					k.Text = strings.Trim(string(raw), `"`)
				}
			}
		}
	case jsonscan.Array:
		for i := range s.Elements() {
			if i == 0 && s.Kind() == jsonscan.Object {
				sh.First = subKeys(s)
				break
			}
		}
	}
	sh.Err = s.Err()
	return sh
}

func subKeys(s *jsonscan.Scanner) []string {
	var names []string
	for name := range s.Fields() {
		if len(names) < maxShapeKeys && len(name) <= maxShapeKeyBytes {
			names = append(names, strings.Clone(name))
		}
	}
	return names
}

// String says what was seen, for the error of a document nobody recognises.
func (s *Shape) String() string {
	var b strings.Builder
	switch s.Kind {
	case jsonscan.Object:
		b.WriteString("an object with the keys ")
		for i, k := range s.Keys {
			if i == 12 {
				b.WriteString(", …")
				break
			}
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k.Name)
		}
	case jsonscan.Array:
		fmt.Fprintf(&b, "a list whose first element has the keys %s", strings.Join(s.First[:min(len(s.First), 12)], ", "))
	default:
		return "not JSON"
	}
	if s.Err != nil {
		fmt.Fprintf(&b, ", up to %v", s.Err)
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
