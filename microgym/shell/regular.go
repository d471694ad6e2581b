package shell

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// Faults of regular expressions, as grep words them.
const (
	errPattern    = fault("Invalid regular expression")
	errPatternBig = fault("Regular expression too big")
)

// patternSlice is how much of a pattern is matched at the price of one byte of
// text. The engine may look at every instruction for every byte.
const patternSlice = 4

// matcher is a compiled regular expression with what matching costs.
type matcher struct {
	*regexp.Regexp
	cost int // steps for each byte
}

// compile compiles a POSIX expression: basic, or extended. The engine is Go's,
// whose time is bounded; what it does not have (references to groups) fails.
func compile(expr string, extended, fold bool) (*matcher, error) {
	if len(expr) > maxPatternBytes {
		return nil, errPatternBig
	}
	if extended {
		return compileGo(extendedToGo(expr), fold)
	}
	return compileGo(basicToGo(expr), fold)
}

// compileGo compiles an expression in Go's syntax, and weighs it.
func compileGo(expr string, fold bool) (*matcher, error) {
	if len(expr) > 4*maxPatternBytes {
		return nil, errPatternBig
	}
	if fold {
		expr = "(?i)" + expr
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, errPattern
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, errPattern
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, errPattern
	}
	return &matcher{re, 1 + len(prog.Inst)/patternSlice}, nil
}

// spend counts the matching of text.
func (m *matcher) spend(b *budget, text string) bool { return b.spend(m.cost * len(text)) }

// basicToGo turns a basic expression to Go's syntax: there \( \) \{ \} \+ \?
// and \| are special and the plain characters are not.
func basicToGo(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '[':
			n := bracket(expr[i:])
			b.WriteString(goBracket(expr[i : i+n]))
			i += n - 1
		case c == '\\' && i+1 < len(expr):
			i++
			switch d := expr[i]; d {
			case '(', ')', '{', '}', '+', '?', '|':
				b.WriteByte(d)
			default:
				b.WriteString(escape(d))
			}
		case strings.IndexByte("(){}+?|", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '*' && (i == 0 || expr[i-1] == '(' && i > 1 && expr[i-2] == '\\' || expr[i-1] == '^' && i == 1):
			b.WriteString(`\*`)
		case c == '^' && i > 0 && !strings.HasSuffix(expr[:i], `\(`) && !strings.HasSuffix(expr[:i], `\|`):
			b.WriteString(`\^`)
		case c == '$' && i < len(expr)-1 && !strings.HasPrefix(expr[i+1:], `\)`) && !strings.HasPrefix(expr[i+1:], `\|`):
			b.WriteString(`\$`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// extendedToGo turns an extended expression to Go's syntax.
func extendedToGo(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '[':
			n := bracket(expr[i:])
			b.WriteString(goBracket(expr[i : i+n]))
			i += n - 1
		case c == '\\' && i+1 < len(expr):
			i++
			b.WriteString(escape(expr[i]))
		case c == '{' && (i+1 >= len(expr) || expr[i+1] < '0' || expr[i+1] > '9'):
			b.WriteString(`\{`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escape is \d for a character that no dialect makes special.
func escape(d byte) string {
	switch d {
	case '<', '>':
		return `\b`
	case 'b', 'B', 'w', 'W', 's', 'S', 'n', 't', 'd', 'D':
		return `\` + string(d)
	}
	if d >= '1' && d <= '9' {
		return `\` + string(d) // a reference: Go refuses it, and so do we
	}
	return regexp.QuoteMeta(string(d))
}

// bracket is the length of the bracket expression that s starts with.
func bracket(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for i < len(s) {
		if strings.HasPrefix(s[i:], "[:") {
			if j := strings.Index(s[i:], ":]"); j > 0 {
				i += j + 2
				continue
			}
		}
		if s[i] == ']' {
			return i + 1
		}
		i++
	}
	return len(s)
}

// goBracket writes a bracket expression for Go, where a backslash escapes.
func goBracket(s string) string {
	if len(s) < 2 || s[len(s)-1] != ']' {
		return s
	}
	body := s[1 : len(s)-1]
	not := ""
	if strings.HasPrefix(body, "^") {
		not, body = "^", body[1:]
	}
	var b strings.Builder
	b.WriteString("[" + not)
	for i := 0; i < len(body); i++ {
		if strings.HasPrefix(body[i:], "[:") {
			if j := strings.Index(body[i:], ":]"); j > 0 {
				b.WriteString(body[i : i+j+2])
				i += j + 1
				continue
			}
		}
		switch c := body[i]; {
		case c == '\\' && i+1 < len(body) && strings.IndexByte("nt]\\wsd.", body[i+1]) >= 0:
			b.WriteByte('\\')
			b.WriteByte(body[i+1])
			i++
		case c == '\\' || c == '[' || c == ']':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(']')
	return b.String()
}
