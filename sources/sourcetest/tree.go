package sourcetest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A node is a JSON value that keeps the order of its keys.
type node struct {
	kind byte // '{', '[', 'v', or '\n' for a document of lines
	keys []string
	kids []*node
	raw  string // of a scalar
}

func parseTree(t testing.TB, doc []byte) *node {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	n, err := readNode(dec)
	if err != nil {
		t.Fatalf("sample is not JSON: %v", err)
	}
	if !dec.More() {
		return n
	}
	lines := &node{kind: '\n', kids: []*node{n}}
	for dec.More() {
		if n, err = readNode(dec); err != nil {
			t.Fatalf("sample is not JSON: %v", err)
		}
		lines.kids = append(lines.kids, n)
	}
	return lines
}

func readNode(dec *json.Decoder) (*node, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		raw, err := literal(tok)
		return &node{kind: 'v', raw: raw}, err
	}
	n := &node{kind: byte(open)}
	for dec.More() {
		if n.kind == '{' {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		kid, err := readNode(dec)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
	}
	_, err = dec.Token()
	return n, err
}

// literal writes a scalar as Python and most others do: without escapes for HTML.
func literal(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}

func (n *node) bytes() []byte {
	var b strings.Builder
	n.write(&b)
	return []byte(b.String())
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case 'v':
		b.WriteString(n.raw)
		return
	case '\n':
		for _, kid := range n.kids {
			kid.write(b)
			b.WriteByte('\n')
		}
		return
	}
	b.WriteByte(n.kind)
	for i, kid := range n.kids {
		if i > 0 {
			b.WriteString(", ")
		}
		if n.kind == '{' {
			key, _ := literal(n.keys[i])
			b.WriteString(key)
			b.WriteString(": ")
		}
		kid.write(b)
	}
	b.WriteByte(n.kind + 2)
}

func (n *node) isString() bool { return n.kind == 'v' && strings.HasPrefix(n.raw, `"`) }

// each visits every value with the key it stands under.
func (n *node) each(visit func(parent *node, i int)) {
	for i := range n.kids {
		visit(n, i)
		n.kids[i].each(visit)
	}
}

// objects visits every object.
func (n *node) objects(visit func(*node)) {
	if n.kind == '{' {
		visit(n)
	}
	for _, kid := range n.kids {
		kid.objects(visit)
	}
}

func scalar(raw string) *node { return &node{kind: 'v', raw: raw} }
