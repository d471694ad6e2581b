package yamlcfg

import (
	"fmt"
	"strings"
)

// maxExpanded bounds a text after its variables are put in.
const maxExpanded = 64 << 10

// Expand puts variables into every text under n and returns a tree of its own:
// ${NAME} and ${NAME:-default}, where the default is taken when lookup knows
// no NAME or it is empty; $$ is a dollar sign. Keys are left as they are. A
// name without value and default is an error at its line.
func (n *Node) Expand(lookup func(name string) (string, bool)) (*Node, error) {
	var f faults
	out := n.expand(lookup, &f, map[*Node]*Node{})
	return out, f.err()
}

func (n *Node) expand(lookup func(string) (string, bool), f *faults, seen map[*Node]*Node) *Node {
	if n == nil {
		return nil
	}
	if done := seen[n]; done != nil {
		return done
	}
	c := *n
	seen[n] = &c
	if n.kind == Scalar && strings.Contains(n.text, "$") {
		text, err := ExpandText(n.text, lookup)
		if err != nil {
			f.add(n.wrap(err))
		}
		c.text = text
	}
	c.items = make([]*Node, len(n.items))
	for i, item := range n.items {
		c.items[i] = item.expand(lookup, f, seen)
	}
	return &c
}

// ExpandText puts variables into one text. See [Node.Expand].
func ExpandText(s string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i+1 == len(s) {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		switch s[i+1] {
		case '$':
			b.WriteByte('$')
			s = s[i+2:]
			continue
		case '{':
		default:
			b.WriteByte('$')
			s = s[i+1:]
			continue
		}
		body, rest, ok := strings.Cut(s[i+2:], "}")
		if !ok {
			return "", fmt.Errorf("${ without its }; write $$ for a dollar sign")
		}
		value, err := variable(body, lookup)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		s = rest
		if b.Len() > maxExpanded {
			break
		}
	}
	if b.Len() > maxExpanded {
		return "", fmt.Errorf("longer than %d bytes after variables are put in", maxExpanded)
	}
	return b.String(), nil
}

func variable(body string, lookup func(string) (string, bool)) (string, error) {
	name, fallback, hasFallback := strings.Cut(body, ":-")
	if !validName(name) {
		return "", fmt.Errorf("${%s} is not a variable: write ${NAME} or ${NAME:-default}", clip(body))
	}
	value, set := lookup(name)
	if hasFallback && value == "" {
		return fallback, nil
	}
	if !set {
		return "", fmt.Errorf("${%s} is not set: set %s in the environment or under vars, or write ${%s:-default}", name, name, name)
	}
	return value, nil
}

func validName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
