package yamlcfg

import (
	"fmt"
	"strings"
)

// Override sets one dotted key of a config from the command line, as in
// "optim.lr=1e-3" or "reports=[a, b]". The value is read as YAML, and errors
// name the argument in place of a file.
func Override(arg string, into any) error {
	key, value, ok := strings.Cut(arg, "=")
	if !ok || key == "" {
		return fmt.Errorf("%q is no override: write key=value", clip(arg))
	}
	doc, err := Parse(fmt.Sprintf("override %s", key), []byte(value))
	if err != nil {
		return err
	}
	if strings.TrimSpace(value) == "" { // `key=` sets the empty text
		doc.root = &Node{doc: doc, kind: Scalar, quoted: true, line: 1, column: 1}
	}
	n := doc.root
	parts := strings.Split(key, ".")
	if len(parts) > maxNesting {
		return fmt.Errorf("override %s: more than %d levels", clip(key), maxNesting)
	}
	doc.lines = []string{arg}
	n.shift(len([]rune(key)) + 1)
	for i := len(parts) - 1; i >= 0; i-- {
		column := 1 + len([]rune(strings.Join(parts[:i], ".")))
		if i > 0 {
			column++
		}
		k := &Node{doc: doc, kind: Scalar, text: parts[i], line: 1, column: column}
		n = &Node{doc: doc, kind: Mapping, line: 1, column: column, keys: []*Node{k}, items: []*Node{n}}
	}
	return n.Decode(into)
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
