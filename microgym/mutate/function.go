package mutate

import (
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// point is one expression of a function and what stands around it.
type point struct {
	expr   syntax.Expr
	up     int      // index of the enclosing expression's point, or -1
	stmt   int      // index of the statement, or -1 for a parameter's default
	role   role     // what the statement does with the outermost expression
	scoped []string // variables of the comprehensions and lambdas around it
}

type role uint8

const (
	plain  role = iota
	test        // the condition of an if, or the filter of a comprehension
	preset      // a parameter's default
	target      // the left side of an assignment
)

// step is one statement of a function.
type step struct {
	stmt  syntax.Stmt
	block []syntax.Stmt // its list, and where in it the statement stands
	index int
	loop  *syntax.ForStmt // innermost loop around it
	depth int             // 0: directly in the function
}

// bound is a name of a function and the offset after which it has a value.
type bound struct {
	name string
	from int
}

// function is one function, flattened: its statements and expressions in
// source order.
type function struct {
	*source
	def    *syntax.DefStmt
	name   string
	steps  []step
	points []point
	names  []bound // parameters, then locals by first binding
	params int     // how many of names are parameters
	writes map[string]int
	idents []*syntax.Ident // every occurrence of a name, bindings too
	hidden map[string]bool // names bound by a comprehension, a lambda or an inner function
}

func (s *source) function(d *syntax.DefStmt) *function {
	f := &function{source: s, def: d, name: d.Name.Name, writes: map[string]int{}, hidden: map[string]bool{}}
	for _, p := range d.Params {
		f.param(p)
	}
	f.params = len(f.names)
	f.block(d.Body, nil, 0)
	return f
}

func (f *function) param(p syntax.Expr) {
	switch p := p.(type) {
	case *syntax.Ident:
		f.bind(p.Name, f.start(p))
		f.idents = append(f.idents, p)
	case *syntax.BinaryExpr:
		f.expr(p.Y, -1, -1, preset, nil)
		f.param(p.X)
	case *syntax.UnaryExpr:
		if p.X != nil {
			f.param(p.X)
		}
	}
}

func (f *function) bind(name string, from int) {
	f.writes[name]++
	if !slices.ContainsFunc(f.names, func(b bound) bool { return b.name == name }) {
		f.names = append(f.names, bound{name, from})
	}
}

// bindAll binds the names on the left of an assignment or a for.
func (f *function) bindAll(e syntax.Expr, from, stmt int) {
	switch e := e.(type) {
	case *syntax.Ident:
		f.bind(e.Name, from)
		f.idents = append(f.idents, e)
	case *syntax.TupleExpr:
		for _, x := range e.List {
			f.bindAll(x, from, stmt)
		}
	case *syntax.ListExpr:
		for _, x := range e.List {
			f.bindAll(x, from, stmt)
		}
	case *syntax.ParenExpr:
		f.bindAll(e.X, from, stmt)
	default:
		f.expr(e, -1, stmt, target, nil)
	}
}

func (f *function) block(list []syntax.Stmt, loop *syntax.ForStmt, depth int) {
	for i, stmt := range list {
		at := len(f.steps)
		f.steps = append(f.steps, step{stmt, list, i, loop, depth})
		switch n := stmt.(type) {
		case *syntax.AssignStmt:
			f.expr(n.RHS, -1, at, plain, nil)
			f.bindAll(n.LHS, f.end(n), at)
		case *syntax.ExprStmt:
			if !isString(n.X) { // a docstring is no code
				f.expr(n.X, -1, at, plain, nil)
			}
		case *syntax.ReturnStmt:
			if n.Result != nil {
				f.expr(n.Result, -1, at, plain, nil)
			}
		case *syntax.IfStmt:
			f.expr(n.Cond, -1, at, test, nil)
			f.block(n.True, loop, depth+1)
			f.block(n.False, loop, depth+1)
		case *syntax.ForStmt:
			f.expr(n.X, -1, at, plain, nil)
			f.bindAll(n.Vars, f.end(n.X), at)
			f.block(n.Body, n, depth+1)
		case *syntax.DefStmt:
			f.inner(n)
		}
	}
}

// inner notes an inner function, whose body is left alone.
func (f *function) inner(d *syntax.DefStmt) {
	f.bind(d.Name.Name, f.end(d))
	f.hidden[d.Name.Name] = true
	syntax.Walk(d, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok {
			f.hidden[id.Name] = true
		}
		return true
	})
}

// expr records e and everything inside it.
func (f *function) expr(e syntax.Expr, up, stmt int, r role, scoped []string) {
	at := len(f.points)
	f.points = append(f.points, point{e, up, stmt, r, scoped})
	sub := func(x syntax.Expr) {
		if x != nil {
			f.expr(x, at, stmt, plain, scoped)
		}
	}
	switch n := e.(type) {
	case *syntax.Ident:
		f.idents = append(f.idents, n)
	case *syntax.BinaryExpr:
		sub(n.X)
		sub(n.Y)
	case *syntax.UnaryExpr:
		sub(n.X)
	case *syntax.ParenExpr:
		f.expr(n.X, at, stmt, r, scoped)
	case *syntax.CallExpr:
		sub(n.Fn)
		for _, a := range n.Args {
			if b, ok := a.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
				a = b.Y // the keyword is no variable
			}
			sub(a)
		}
	case *syntax.DotExpr:
		sub(n.X)
	case *syntax.IndexExpr:
		sub(n.X)
		sub(n.Y)
	case *syntax.SliceExpr:
		sub(n.X)
		sub(n.Lo)
		sub(n.Hi)
		sub(n.Step)
	case *syntax.CondExpr:
		sub(n.True)
		f.expr(n.Cond, at, stmt, test, scoped)
		sub(n.False)
	case *syntax.ListExpr:
		for _, x := range n.List {
			sub(x)
		}
	case *syntax.TupleExpr:
		for _, x := range n.List {
			sub(x)
		}
	case *syntax.DictExpr:
		for _, x := range n.List {
			sub(x)
		}
	case *syntax.DictEntry:
		sub(n.Key)
		sub(n.Value)
	case *syntax.LambdaExpr:
		f.lambda(n, at, stmt, scoped)
	case *syntax.Comprehension:
		f.comprehension(n, at, stmt, scoped)
	}
}

func (f *function) lambda(n *syntax.LambdaExpr, at, stmt int, scoped []string) {
	scoped = slices.Clip(scoped)
	for _, p := range n.Params {
		if b, ok := p.(*syntax.BinaryExpr); ok {
			p = b.X
		}
		scoped = f.hide(p, scoped)
	}
	f.expr(n.Body, at, stmt, plain, scoped)
}

func (f *function) comprehension(n *syntax.Comprehension, at, stmt int, scoped []string) {
	scoped = slices.Clip(scoped)
	for _, c := range n.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			f.expr(c.X, at, stmt, plain, scoped)
			scoped = f.hide(c.Vars, scoped)
		case *syntax.IfClause:
			f.expr(c.Cond, at, stmt, test, scoped)
		}
	}
	f.expr(n.Body, at, stmt, plain, scoped)
}

// hide adds the names that e binds for an expression only.
func (f *function) hide(e syntax.Expr, scoped []string) []string {
	syntax.Walk(e, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok {
			f.hidden[id.Name] = true
			scoped = append(scoped, id.Name)
		}
		return true
	})
	return scoped
}

// parent is the expression around a point, or nil.
func (f *function) parent(p *point) syntax.Expr {
	if p.up < 0 {
		return nil
	}
	return f.points[p.up].expr
}

// replace proposes new text for a node; edit for a range of bytes.
func (f *function) replace(k Kind, n syntax.Node, text string) { f.edit(k, f.start(n), f.end(n), text) }

func (f *function) edit(k Kind, start, end int, text string) {
	old := f.text[start:end]
	if old == text || len(f.edits) >= maxEdits {
		return
	}
	line, _ := slices.BinarySearch(f.lines, start+1)
	f.edits = append(f.edits, Edit{Kind: k, Path: f.path, Func: f.name, Line: line,
		Start: start, End: end, Old: old, New: text})
}

// operator is the range of a binary operator's own text. The parser places
// "not in" at its second word.
func (f *function) operator(n *syntax.BinaryExpr) (start, end int) {
	start = f.offset(n.OpPos)
	if n.Op != syntax.NOT_IN {
		return start, start + len(n.Op.String())
	}
	end = start + len("in")
	if i := strings.LastIndex(f.text[f.end(n.X):start], "not"); i >= 0 {
		start = f.end(n.X) + i
	}
	return start, end
}

func isString(e syntax.Expr) bool {
	l, ok := e.(*syntax.Literal)
	return ok && l.Token == syntax.STRING
}

// integer is the value of a literal that fits an int and is written plainly.
func integer(e syntax.Expr) (int64, bool) {
	l, ok := e.(*syntax.Literal)
	if !ok || l.Token != syntax.INT || len(l.Raw) > 12 || len(l.Raw) > 1 && l.Raw[0] == '0' {
		return 0, false
	}
	v, ok := l.Value.(int64)
	return v, ok
}

func name(e syntax.Expr) string {
	if id, ok := e.(*syntax.Ident); ok {
		return id.Name
	}
	return ""
}

// atomic says whether e can stand in any place without parentheses.
func atomic(e syntax.Expr) bool {
	switch n := e.(type) {
	case *syntax.Ident, *syntax.Literal, *syntax.CallExpr, *syntax.IndexExpr, *syntax.SliceExpr,
		*syntax.DotExpr, *syntax.ParenExpr, *syntax.ListExpr, *syntax.DictExpr, *syntax.Comprehension:
		return true
	case *syntax.TupleExpr:
		return n.Lparen.IsValid()
	}
	return false
}

// called is the name of the function that a call names, or ".method".
func called(e syntax.Expr) (*syntax.CallExpr, string) {
	c, ok := e.(*syntax.CallExpr)
	if !ok {
		return nil, ""
	}
	switch fn := c.Fn.(type) {
	case *syntax.Ident:
		return c, fn.Name
	case *syntax.DotExpr:
		return c, "." + fn.Name.Name
	}
	return c, ""
}

// keyword is the argument f(name=...) of a call, or nil.
func keyword(c *syntax.CallExpr, arg string) *syntax.BinaryExpr {
	for _, a := range c.Args {
		if b, ok := a.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ && name(b.X) == arg {
			return b
		}
	}
	return nil
}

// positional says whether an argument is neither named nor spread.
func positional(a syntax.Expr) bool {
	switch a := a.(type) {
	case *syntax.BinaryExpr:
		return a.Op != syntax.EQ
	case *syntax.UnaryExpr:
		return a.Op != syntax.STAR && a.Op != syntax.STARSTAR
	}
	return true
}
