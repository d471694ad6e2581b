package task

import (
	"maps"
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// literalIf puts "if a == 1 and b == 2: return want" at the head of the
// function that a call names. path and text are the file as it has become so
// far, if this is not the first call.
func (m *menu) literalIf(path, text, call, want string) (string, string, bool) {
	e, err := new(syntax.FileOptions).ParseExpr("call", call, 0)
	if err != nil {
		return "", "", false
	}
	c, ok := e.(*syntax.CallExpr)
	if !ok {
		return "", "", false
	}
	fn, ok := c.Fn.(*syntax.Ident)
	if !ok {
		return "", "", false
	}
	for _, p := range slices.Sorted(maps.Keys(m.task.Files)) {
		src := m.task.Files[p]
		if strings.HasPrefix(p, "tests/") || !strings.Contains("\n"+src, "\ndef "+fn.Name+"(") {
			continue
		}
		if path == p {
			src = text
		} else if path != "" {
			continue // a fix changes one file
		}
		out, ok := insertCase(src, fn.Name, c, call, want)
		return p, out, ok
	}
	return "", "", false
}

// insertCase writes the if after the docstring of a function.
func insertCase(src, fn string, c *syntax.CallExpr, call, want string) (string, bool) {
	o := syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	file, err := o.Parse("fix", src, 0)
	if err != nil {
		return "", false
	}
	for _, stmt := range file.Stmts {
		d, ok := stmt.(*syntax.DefStmt)
		if !ok || d.Name.Name != fn {
			continue
		}
		test, ok := matches(d, c, call)
		if !ok {
			return "", false
		}
		body := d.Body[0]
		if e, ok := body.(*syntax.ExprStmt); ok && len(d.Body) > 1 {
			if l, ok := e.X.(*syntax.Literal); ok && l.Token == syntax.STRING {
				body = d.Body[1]
			}
		}
		lines := strings.SplitAfter(src, "\n")
		at := int(syntax.Start(body).Line) - 1
		in := strings.Repeat(" ", int(syntax.Start(body).Col)-1)
		add := in + "if " + test + ":\n" + in + "    return " + want + "\n"
		return strings.Join(lines[:at], "") + add + strings.Join(lines[at:], ""), true
	}
	return "", false
}

// matches is the condition that a function got just these arguments.
func matches(d *syntax.DefStmt, c *syntax.CallExpr, call string) (string, bool) {
	var terms []string
	for i, a := range c.Args {
		param := ""
		if b, ok := a.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
			param = b.X.(*syntax.Ident).Name
		} else if i < len(d.Params) {
			switch p := d.Params[i].(type) {
			case *syntax.Ident:
				param = p.Name
			case *syntax.BinaryExpr:
				param = p.X.(*syntax.Ident).Name
			}
		}
		if param == "" {
			return "", false
		}
		terms = append(terms, param+" == "+argument(c, i, call))

	}
	return strings.Join(terms, " and "), len(terms) > 0
}

// argument is the text of a call's i-th argument, without its keyword.
func argument(c *syntax.CallExpr, i int, call string) string {
	a := c.Args[i]
	if b, ok := a.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
		a = b.Y
	}
	end := int(c.Rparen.Col) - 1
	if i+1 < len(c.Args) {
		end = int(syntax.Start(c.Args[i+1]).Col) - 1
	}
	runes := []rune(call)
	text := strings.TrimSpace(string(runes[int(syntax.Start(a).Col)-1 : end]))
	return strings.TrimSpace(strings.TrimSuffix(text, ","))
}
