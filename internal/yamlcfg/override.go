package yamlcfg

import (
	"fmt"
	"strings"
)

// A Setting is one key=value of the command line. The key is dotted and the
// value is read as YAML: "optim.lr=1e-3", "reports=[a, b]".
type Setting struct {
	Arg   string
	Path  []string
	value *Node
}

// ParseSetting reads one argument.
func ParseSetting(arg string) (*Setting, error) {
	key, value, ok := strings.Cut(arg, "=")
	if !ok || key == "" {
		return nil, fmt.Errorf("%q is no setting: write key=value", clip(arg))
	}
	s := &Setting{Arg: arg, Path: strings.Split(key, ".")}
	if len(s.Path) > maxNesting {
		return nil, fmt.Errorf("%s: more than %d levels", clip(key), maxNesting)
	}
	doc, err := Parse("setting "+key, []byte(value))
	if err != nil {
		return nil, err
	}
	s.value = doc.root
	if strings.TrimSpace(value) == "" { // `key=` sets the empty text
		s.value = &Node{doc: doc, kind: Scalar, quoted: true, line: 1, column: 1}
	}
	if s.value.line == 1 {
		doc.lines = []string{arg}
		s.value.shift(len([]rune(key)) + 1)
	}
	return s, nil
}

// Node returns the setting's value.
func (s *Setting) Node() *Node { return s.value }

// Apply sets the value in into, a pointer to a config, at the path without its
// first skip parts.
func (s *Setting) Apply(skip int, into any) error {
	n := s.value
	for i := len(s.Path) - 1; i >= skip; i-- {
		column := 1 + len([]rune(strings.Join(s.Path[:i], ".")))
		if i > 0 {
			column++
		}
		k := &Node{doc: s.value.doc, kind: Scalar, text: s.Path[i], line: 1, column: column}
		n = &Node{doc: s.value.doc, kind: Mapping, line: 1, column: column, keys: []*Node{k}, items: []*Node{n}}
	}
	return n.Decode(into)
}

// Override parses and applies one setting.
func Override(arg string, into any) error {
	s, err := ParseSetting(arg)
	if err != nil {
		return err
	}
	return s.Apply(0, into)
}

// shift moves the columns of a tree of one line.
func (n *Node) shift(by int) {
	n.column += by
	for i, item := range n.items {
		item.shift(by)
		if n.keys != nil {
			n.keys[i].shift(by)
		}
	}
}
