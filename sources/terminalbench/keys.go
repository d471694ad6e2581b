package terminalbench

import (
	"strings"

	"github.com/swerm/swerm/sources/chat"
)

// parseKeys reads a line of commands.txt: the repr of a Python list of strings,
// or of one string. It returns false for anything else.
func parseKeys(line string) ([]string, bool) {
	p := literal{rest: strings.TrimSpace(line)}
	if text, ok := p.str(); ok && p.rest == "" {
		return []string{text}, true
	}
	p = literal{rest: strings.TrimSpace(line)}
	if !p.take("[") {
		return nil, false
	}
	var keys []string
	for !p.take("]") {
		if len(keys) > 0 && !p.take(",") {
			return nil, false
		}
		text, ok := p.str()
		if !ok {
			return nil, false
		}
		keys = append(keys, text)
	}
	return keys, p.rest == ""
}

// A literal is what is left of a Python literal.
type literal struct{ rest string }

func (p *literal) take(token string) bool {
	rest := strings.TrimLeft(p.rest, " ")
	if !strings.HasPrefix(rest, token) {
		return false
	}
	p.rest = rest[len(token):]
	return true
}

// str reads a string as repr writes it: in either quote, with the escapes that
// repr uses.
func (p *literal) str() (string, bool) {
	rest := strings.TrimLeft(p.rest, " ")
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", false
	}
	quote := rest[0]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == quote:
			p.rest = rest[i+1:]
			return b.String(), true
		case c != '\\':
			b.WriteByte(c)
		default:
			n := escape(&b, rest[i:])
			if n == 0 {
				return "", false
			}
			i += n - 1
		}
	}
	return "", false
}

// hexEscapes are the escapes with digits, and how many.
var hexEscapes = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// escape writes what the escape at the start of s stands for, and returns its
// length; 0 where it is none.
func escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case '\\', '\'', '"':
		b.WriteByte(s[1])
	default:
		n := hexEscapes[s[1]]
		if n == 0 || len(s) < 2+n {
			return 0
		}
		r, ok := hexRune(s[2 : 2+n])
		if !ok {
			return 0
		}
		b.WriteRune(r)
		return 2 + n
	}
	return 2
}

func hexRune(digits string) (r rune, ok bool) {
	for _, c := range strings.ToLower(digits) {
		i := strings.IndexRune("0123456789abcdef", c)
		if i < 0 || r > 0x10ffff>>4 {
			return 0, false
		}
		r = r<<4 | rune(i)
	}
	return r, true
}

// harnessMarks are texts of keys that the harness types: its recorder, the
// signal that it waits for, its tests.
var harnessMarks = []string{"asciinema rec", "/tests/run-tests.sh", "/tests/setup"}

func ofHarness(keys []string) bool {
	for _, k := range keys {
		for _, mark := range harnessMarks {
			if strings.Contains(k, mark) {
				return true
			}
		}
	}
	return false
}

func keysJSON(keys []string) string {
	return chat.PlainJSON(struct {
		Keys []string `json:"keys"`
	}{keys})
}
