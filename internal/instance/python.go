package instance

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonNames reads the text of a Python list of strings, as printing one
// writes it.
func pythonNames(text string) ([]string, error) {
	p := python{rest: text}
	if !p.take('[') {
		return nil, errNotNames
	}
	names := []string{}
	for !p.take(']') {
		if len(names) > 0 {
			if !p.take(',') {
				return nil, errNotNames
			}
			if p.take(']') { // a comma may end the list
				break
			}
		}
		name, ok := p.str()
		if !ok {
			return nil, errNotNames
		}
		names = append(names, name)
	}
	if strings.TrimSpace(p.rest) != "" {
		return nil, errNotNames
	}
	return names, nil
}

type python struct{ rest string }

// take steps over white space and a byte, where it is next.
func (p *python) take(c byte) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// str reads one string literal in either quotes.
func (p *python) str() (string, bool) {
	quote := byte('\'')
	if !p.take(quote) {
		if quote = '"'; !p.take(quote) {
			return "", false
		}
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); {
		switch c := p.rest[i]; {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), true
		case c == '\\':
			n := escape(&b, p.rest[i:])
			if n == 0 {
				return "", false
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return "", false
}

// plainEscapes are those of one character that repr writes.
var plainEscapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 'r': '\r', 't': '\t'}

// escape writes what a backslash at the start of s stands for and returns its
// length, 0 for what is none.
func escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	if c, ok := plainEscapes[s[1]]; ok {
		b.WriteByte(c)
		return 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	if digits == 0 { // Python keeps a backslash that escapes nothing
		b.WriteByte('\\')
		return 1
	}
	if len(s) < 2+digits {
		return 0
	}
	v, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil || v > utf8.MaxRune {
		return 0
	}
	b.WriteRune(rune(v))
	return 2 + digits
}
