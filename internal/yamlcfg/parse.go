package yamlcfg

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/swerm/swerm/internal/term"
)

const (
	// MaxFileBytes bounds a config file. The largest we ship is 20 KiB; what is
	// larger is data given by mistake.
	MaxFileBytes = 256 << 10
	// maxNesting bounds brackets and list marks; the parser's time grows with
	// the square of the depth.
	maxNesting = 64
	// maxNodes bounds a document after its aliases are put in.
	maxNodes = 50_000
)

// A Doc is one parsed file.
type Doc struct {
	name  string
	lines []string
	root  *Node
}

// ReadFile parses a file.
func ReadFile(path string) (*Doc, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Parse(path, src)
}

// Parse parses src; name is what errors call it.
func Parse(name string, src []byte) (d *Doc, err error) {
	d = &Doc{name: name}
	if len(src) > MaxFileBytes {
		return nil, d.fault(0, 0, "larger than %d bytes: a config is not data", MaxFileBytes)
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\uFEFF"), "\r\n", "\n")
	d.lines = strings.Split(text, "\n")
	if err := d.scan(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil { // the parser indexes past its tokens on some malformed input
			d, err = nil, &Error{File: name, Msg: fmt.Sprintf("is not YAML (%v)", p)}
		}
	}()
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return nil, d.syntax(err)
	}
	if len(file.Docs) > 1 {
		return nil, d.fault(file.Docs[1].GetToken().Position.Line, 1, "a second document: put it in a file of its own")
	}
	b := builder{doc: d, anchors: map[string]*Node{}, left: maxNodes}
	d.root = &Node{doc: d, line: 1, column: 1}
	if len(file.Docs) == 1 && file.Docs[0].Body != nil {
		if d.root, err = b.build(file.Docs[0].Body); err != nil {
			return nil, err
		}
	}
	if err := b.measure(d.root); err != nil {
		return nil, err
	}
	return d, nil
}

// Root returns the document's outermost node.
func (d *Doc) Root() *Node { return d.root }

// Name returns what errors call the file.
func (d *Doc) Name() string { return d.name }

func (d *Doc) sourceLine(n int) string {
	if n < 1 || n > len(d.lines) || len(d.lines[n-1]) > 200 {
		return ""
	}
	return term.Line(d.lines[n-1])
}

func (d *Doc) fault(line, col int, format string, args ...any) error {
	return &Error{File: d.name, Line: line, Column: col, Msg: fmt.Sprintf(format, args...), Source: d.sourceLine(line)}
}

// scan refuses what the parser would take very long over.
func (d *Doc) scan() error {
	depth := 0
	for i, line := range d.lines {
		if !utf8.ValidString(line) {
			return d.fault(i+1, 1, "is not UTF-8 text")
		}
		marks := strings.Count(line, "- ") + strings.Count(line, "? ") + strings.Count(line, "&") + strings.Count(line, "!")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		for _, r := range line {
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxNesting {
				return d.fault(i+1, 1, "nested deeper than %d brackets", maxNesting)
			}
		}
		if marks > 4*maxNesting || indent > 8*maxNesting {
			return d.fault(i+1, 1, "nested deeper than %d levels", maxNesting)
		}
	}
	return nil
}

// syntax turns the parser's error into ours.
func (d *Doc) syntax(err error) error {
	var ye yaml.Error
	if !asYAML(err, &ye) || ye.GetToken() == nil {
		return d.fault(0, 0, "is not YAML: %s", err)
	}
	p := ye.GetToken().Position
	msg := ye.GetMessage()
	if l := d.sourceLine(p.Line); strings.Contains(l, "${") && strings.ContainsAny(l, "{[") {
		msg += `; a value with ${…} inside { } or [ ] needs quotes: "${NAME}"`
	} else if strings.Contains(l, "\t") {
		msg += "; indent with spaces, not tabs"
	}
	return d.fault(p.Line, p.Column, "%s", msg)
}

func asYAML(err error, to *yaml.Error) bool {
	ye, ok := err.(yaml.Error)
	*to = ye
	return ok
}

// builder turns the parser's tree into nodes and resolves aliases. An alias
// shares the anchored node, so a bomb costs nothing here; measure refuses it.
type builder struct {
	doc     *Doc
	anchors map[string]*Node
	left    int
}

func (b *builder) node(kind Kind, tk *token.Token) *Node {
	n := &Node{doc: b.doc, kind: kind, line: 1, column: 1}
	if tk != nil && tk.Position != nil {
		n.line, n.column = tk.Position.Line, tk.Position.Column
	}
	return n
}

func (b *builder) fault(tk *token.Token, format string, args ...any) error {
	return b.node(Null, tk).Errorf(format, args...)
}

func (b *builder) build(from ast.Node) (*Node, error) {
	tk := from.GetToken()
	switch f := from.(type) {
	case *ast.NullNode:
		return b.node(Null, tk), nil
	case *ast.StringNode:
		n := b.node(Scalar, tk)
		n.text, n.quoted = f.Value, tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
		return n, nil
	case *ast.LiteralNode:
		n := b.node(Scalar, tk)
		n.text, n.quoted = f.Value.Value, true
		return n, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n := b.node(Scalar, tk)
		n.text = tk.Value
		return n, nil
	case *ast.SequenceNode:
		n := b.node(Sequence, tk)
		for _, v := range f.Values {
			item, err := b.build(v)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case *ast.MappingNode:
		return b.mapping(tk, f.Values)
	case *ast.MappingValueNode:
		return b.mapping(f.Key.GetToken(), []*ast.MappingValueNode{f})
	case *ast.AnchorNode:
		name := f.Name.GetToken().Value
		v, err := b.build(f.Value)
		if err != nil {
			return nil, err
		}
		b.anchors[name] = v // only now, so an anchor cannot hold itself
		return v, nil
	case *ast.AliasNode:
		name := f.Value.GetToken().Value
		if n := b.anchors[name]; n != nil {
			return n, nil
		}
		return nil, b.fault(tk, "no anchor &%s before this alias", name)
	case *ast.TagNode:
		return nil, b.fault(tk, "tags such as %s have no meaning here", tk.Value)
	}
	return nil, b.fault(tk, "%s has no meaning here", strings.ToLower(from.Type().String()))
}

func (b *builder) mapping(tk *token.Token, values []*ast.MappingValueNode) (*Node, error) {
	n := b.node(Mapping, tk)
	if len(values) > 0 {
		n = b.node(Mapping, values[0].Key.GetToken())
	}
	var merged []*Node
	for _, mv := range values {
		v, err := b.build(mv.Value)
		if err != nil {
			return nil, err
		}
		if mv.Key.IsMergeKey() {
			if merged, err = mergeList(v, merged); err != nil {
				return nil, err
			}
			continue
		}
		key := b.node(Scalar, mv.Key.GetToken())
		switch k := mv.Key.(type) {
		case *ast.StringNode:
			key.text = k.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			key.text = mv.Key.GetToken().Value
		default:
			return nil, key.Errorf("a key must be plain text")
		}
		if first, _ := n.find(key.text); first != nil {
			return nil, key.Errorf("%q is given twice, first on line %d", key.text, first.line)
		}
		n.keys, n.items = append(n.keys, key), append(n.items, v)
	}
	return n, n.merge(merged)
}

// merge adds keys of `<<` that the mapping does not have itself.
func (n *Node) merge(from []*Node) error {
	for _, m := range from {
		for i, k := range m.keys {
			if have, _ := n.find(k.text); have == nil {
				n.keys, n.items = append(n.keys, k), append(n.items, m.items[i])
			}
			if len(n.keys) > maxNodes {
				return n.Errorf("more than %d keys after aliases are put in", maxNodes)
			}
		}
	}
	return nil
}

func mergeList(v *Node, to []*Node) ([]*Node, error) {
	switch v.kind {
	case Mapping:
		return append(to, v), nil
	case Sequence:
		for _, item := range v.items {
			if item.kind != Mapping {
				return nil, item.Errorf("<< merges mappings only")
			}
			to = append(to, item)
		}
		return to, nil
	}
	return nil, v.Errorf("<< merges mappings only")
}

// measure walks the document as a decoder will, aliases put in.
func (b *builder) measure(n *Node) error {
	if b.left--; b.left < 0 {
		return n.Errorf("more than %d values after aliases are put in", maxNodes)
	}
	for _, item := range n.items {
		if err := b.measure(item); err != nil {
			return err
		}
	}
	return nil
}
