package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxSedCommands bounds a script.
const maxSedCommands = 500

// sedParser reads a script of sed.
type sedParser struct {
	text     string
	at       int
	extended bool
	groups   []sedGroup // open braces
}

// sedGroup is a { whose addresses hold for the commands inside it; only one
// level of addresses is kept.
type sedGroup struct {
	first, last *sedAddress
	not         bool
}

func (p *sedParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *sedParser) skip(set string) {
	for p.at < len(p.text) && strings.IndexByte(set, p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *sedParser) parse() ([]*sedCommand, error) {
	var out []*sedCommand
	for {
		p.skip(" \t\n;")
		if p.at >= len(p.text) {
			break
		}
		if p.peek() == '#' {
			for p.at < len(p.text) && p.peek() != '\n' {
				p.at++
			}
			continue
		}
		if p.peek() == '}' && len(p.groups) > 0 {
			p.at++
			p.groups = p.groups[:len(p.groups)-1]
			continue
		}
		k, err := p.command()
		if err != nil {
			return nil, err
		}
		if k != nil {
			out = append(out, k)
		}
		if len(out) > maxSedCommands {
			return nil, errors.New("too many commands")
		}
	}
	if len(p.groups) > 0 {
		return nil, errors.New("unmatched `{'")
	}
	return out, nil
}

// command reads one command; nil for the start of a group.
func (p *sedParser) command() (*sedCommand, error) {
	k := &sedCommand{}
	if err := p.addresses(k); err != nil {
		return nil, err
	}
	p.skip(" \t")
	for p.peek() == '!' {
		k.not = true
		p.at++
		p.skip(" \t")
	}
	if n := len(p.groups); n > 0 {
		if k.first != nil {
			return nil, errors.New("addresses inside a group are not available")
		}
		g := p.groups[n-1]
		k.first, k.last, k.not = copyAddress(g.first), copyAddress(g.last), g.not
	}
	if p.at >= len(p.text) {
		return nil, errors.New("missing command")
	}
	k.verb = p.peek()
	p.at++
	switch k.verb {
	case '{':
		if len(p.groups) > 0 {
			return nil, errors.New("nested groups are not available")
		}
		p.groups = append(p.groups, sedGroup{k.first, k.last, k.not})
		return nil, nil
	case 'd', 'p', 'q', '=':
		return k, p.ended()
	case 'a', 'i', 'c':
		return k, p.lineText(k)
	case 's':
		return k, p.substitution(k)
	case 'y':
		return k, p.transliteration(k)
	}
	return nil, fmt.Errorf("unknown command: `%c'", k.verb)
}

func copyAddress(a *sedAddress) *sedAddress {
	if a == nil {
		return nil
	}
	c := *a
	return &c
}

// ended checks that nothing follows a command.
func (p *sedParser) ended() error {
	p.skip(" \t")
	if c := p.peek(); p.at < len(p.text) && c != ';' && c != '\n' && c != '}' && c != '#' {
		return errors.New("extra characters after command")
	}
	return nil
}

func (p *sedParser) addresses(k *sedCommand) error {
	var err error
	if k.first, err = p.address(); err != nil || k.first == nil {
		return err
	}
	p.skip(" \t")
	if p.peek() != ',' {
		return nil
	}
	p.at++
	p.skip(" \t")
	if k.last, err = p.address(); err == nil && k.last == nil {
		err = errors.New("unexpected `,'")
	}
	return err
}

func (p *sedParser) address() (*sedAddress, error) {
	switch c := p.peek(); {
	case c == '$':
		p.at++
		return &sedAddress{end: true}, nil
	case c == '+':
		p.at++
		n, err := p.number()
		return &sedAddress{relative: true, more: n}, err
	case c >= '0' && c <= '9':
		n, err := p.number()
		if err == nil && n == 0 {
			err = errors.New("invalid usage of line address 0")
		}
		return &sedAddress{line: n}, err
	case c == '/':
		p.at++
		expr, err := p.until('/', true)
		if err != nil {
			return nil, errors.New("unterminated address regex")
		}
		re, err := compile(expr, p.extended, false)
		return &sedAddress{re: re}, err
	}
	return nil, nil
}

func (p *sedParser) number() (int, error) {
	start := p.at
	p.skip("0123456789")
	n, err := strconv.Atoi(p.text[start:p.at])
	if err != nil {
		return 0, errors.New("expected a number")
	}
	return n, nil
}

// until reads up to an unescaped delimiter. An escaped delimiter loses its
// backslash, as does \n when it is not for the expression to read.
func (p *sedParser) until(delim byte, expr bool) (string, error) {
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == delim:
			return b.String(), nil
		case c == '\\' && p.at < len(p.text):
			d := p.text[p.at]
			p.at++
			if d != delim {
				b.WriteByte('\\')
			}
			b.WriteByte(d)
		case c == '[' && expr: // a delimiter inside brackets is plain
			n := bracket(p.text[p.at-1:])
			if set := p.text[p.at-1 : p.at-1+n]; strings.HasSuffix(set, "]") && !strings.Contains(set, "\n") {
				b.WriteString(set)
				p.at += n - 1
			} else {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("unterminated")
}

// lineText reads the text of a, i and c: on the same line, or behind \ and a
// line break, where a backslash at the end of a line carries on.
func (p *sedParser) lineText(k *sedCommand) error {
	p.skip(" \t")
	if p.peek() == '\\' { // what follows keeps its leading spaces
		p.at++
		start := p.at
		if p.skip(" \t"); p.peek() == '\n' {
			p.at++
		} else {
			p.at = start
		}
	}
	if p.at >= len(p.text) {
		return fmt.Errorf("expected \\ after `a', `c' or `i'")
	}
	var b strings.Builder
	for p.at < len(p.text) && p.peek() != '\n' {
		c := p.text[p.at]
		p.at++
		if c == '\\' && p.at < len(p.text) {
			c = p.text[p.at]
			p.at++
			if c == 't' {
				c = '\t'
			}
			if c == 'n' {
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	k.text = b.String()
	return nil
}

func (p *sedParser) substitution(k *sedCommand) error {
	delim := p.peek()
	if delim == 0 || delim == '\n' || delim == '\\' {
		return errors.New("unterminated `s' command")
	}
	p.at++
	expr, err := p.until(delim, true)
	if err != nil {
		return errors.New("unterminated `s' command")
	}
	to, err := p.until(delim, false)
	if err != nil {
		return errors.New("unterminated `s' command")
	}
	fold := false
	k.nth = 1
	for {
		switch c := p.peek(); {
		case c == 'g':
			k.global = true
		case c == 'p':
			k.print = true
		case c == 'i' || c == 'I':
			fold = true
		case c >= '1' && c <= '9':
			if k.nth, err = p.number(); err != nil {
				return err
			}
			continue
		default:
			if k.re, err = compile(expr, p.extended, fold); err != nil {
				return err
			}
			k.replacement = replacement(to)
			for _, part := range k.replacement {
				if part.group > k.re.NumSubexp() {
					return fmt.Errorf("invalid reference \\%d on `s' command's RHS", part.group)
				}
			}
			if p.ended() != nil {
				return errors.New("unknown option to `s'")
			}
			return nil
		}
		p.at++
	}
}

// replacement takes & and \1 apart from text.
func replacement(s string) []sedPart {
	var out []sedPart
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, sedPart{b.String(), -1})
			b.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&':
			flush()
			out = append(out, sedPart{group: 0})
		case c == '\\' && i+1 < len(s):
			i++
			switch d := s[i]; {
			case d >= '0' && d <= '9':
				flush()
				out = append(out, sedPart{group: int(d - '0')})
			case d == 'n':
				b.WriteByte('\n')
			case d == 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(d)
			}
		default:
			b.WriteByte(c)
		}
	}
	flush()
	return out
}

func (p *sedParser) transliteration(k *sedCommand) error {
	delim := p.peek()
	p.at++
	from, err1 := p.until(delim, false)
	to, err2 := p.until(delim, false)
	a, b := strings.Split(from, ""), strings.Split(to, "")
	if err1 != nil || err2 != nil || delim == 0 {
		return errors.New("unterminated `y' command")
	}
	if len(a) != len(b) {
		return errors.New("strings for `y' command are different lengths")
	}
	var pairs []string
	for i := range a {
		pairs = append(pairs, a[i], b[i])
	}
	k.translate = strings.NewReplacer(pairs...)
	return p.ended()
}
