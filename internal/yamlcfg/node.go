package yamlcfg

import (
	"fmt"
	"strings"
)

// Kind is the shape of a node.
type Kind int

// The shapes a node can have.
const (
	Null Kind = iota
	Scalar
	Sequence
	Mapping
)

func (k Kind) String() string {
	return [...]string{"nothing", "a value", "a list", "a mapping"}[k]
}

// A Node is one place of a parsed document. Aliases are already resolved, so
// one node can be met at several places; nodes are not changed after parsing.
type Node struct {
	doc    *Doc
	kind   Kind
	text   string // of a scalar, as written (plain) or unquoted
	quoted bool
	line   int
	column int
	items  []*Node // of a sequence, or the values of a mapping
	keys   []*Node // of a mapping, scalars
}

// Kind returns the node's shape; a nil node is Null.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Text returns a scalar's text.
func (n *Node) Text() string { return n.text }

// Line returns the line the node begins on, from 1.
func (n *Node) Line() int { return n.line }

// Items returns a sequence's elements.
func (n *Node) Items() []*Node {
	if n.Kind() != Sequence {
		return nil
	}
	return n.items
}

// Each calls f with every key and value of a mapping, in file order.
func (n *Node) Each(f func(key, value *Node)) {
	if n.Kind() != Mapping {
		return
	}
	for i, k := range n.keys {
		f(k, n.items[i])
	}
}

// Get returns the value under a key, nil when absent.
func (n *Node) Get(key string) *Node {
	k, v := n.find(key)
	if k == nil {
		return nil
	}
	return v
}

func (n *Node) find(key string) (k, v *Node) {
	if n.Kind() != Mapping {
		return nil, nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return k, n.items[i]
		}
	}
	return nil, nil
}

// Locate returns the deepest node that a dotted path such as "optim.lr" names,
// and n itself when it names none: where to point when a value is refused.
func (n *Node) Locate(path string) *Node {
	at := n
	for part := range strings.SplitSeq(path, ".") {
		name, _, _ := strings.Cut(part, "[")
		key, value := at.find(name)
		if key == nil {
			break
		}
		if value.kind == Null { // nothing stands there: point at its key
			return key
		}
		at = value
	}
	return at
}

// Place returns the node's file, line and column.
func (n *Node) Place() string { return fmt.Sprintf("%s:%d:%d", n.doc.name, n.line, n.column) }

// Errorf returns an error at the node.
func (n *Node) Errorf(format string, args ...any) error {
	return &Error{File: n.doc.name, Line: n.line, Column: n.column,
		Msg: fmt.Sprintf(format, args...), Source: n.doc.sourceLine(n.line)}
}

// Blame places each fault of a Validate at the key that its message begins
// with, as in "lr: must be positive", and at n where it names none.
func (n *Node) Blame(err error) error {
	var f faults
	for _, e := range Each(err) {
		path, _, found := strings.Cut(e.Error(), ":")
		at := n
		if found && !strings.ContainsAny(path, " \t") {
			at = n.Locate(path)
		}
		f.add(at.wrap(e))
	}
	return f.err()
}

func (n *Node) wrap(err error) error {
	return &Error{File: n.doc.name, Line: n.line, Column: n.column,
		Msg: err.Error(), Source: n.doc.sourceLine(n.line), cause: err}
}
