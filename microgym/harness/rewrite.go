package harness

import (
	"fmt"
	"slices"

	"go.starlark.net/syntax"
)

// Names of the built-ins that rewritten files call, next to those of operators.
// No program can spell them.
const (
	callMethod = "." // x.split(y) is .(x.split, y)
	takeAttr   = ".="
	passKey    = "[]"  // x[k] is x[[](k)]
	passArgs   = "*()" // f(*x) is f(**()(x))
	passSlice  = "[:]"
)

// rewrite makes a file pay for bulk work. The interpreter counts instructions,
// but one instruction can repeat a string a billion times, compare lists that
// share their parts, or hash a tuple of tuples of tuples, and none of that can
// be interrupted. So operators whose operands may be large, methods, keys and
// slices become calls of built-ins that charge steps first and then do what
// the syntax did. Positions stay, so that errors and tracebacks are the same.
func rewrite(f *syntax.File) *sourceError {
	r := &rewriter{bulk: map[string]bool{}}
	for _, name := range bulkMethods() {
		r.bulk[name] = true
	}
	f.Stmts = r.stmts(f.Stmts)
	if r.fault != nil {
		r.fault.path = f.Path
	}
	return r.fault
}

type rewriter struct {
	bulk  map[string]bool
	temps int
	defs  int // functions around the statement
	fault *sourceError
}

func call(name string, pos syntax.Position, args ...syntax.Expr) *syntax.CallExpr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: pos, Name: name}, Lparen: pos, Args: args, Rparen: pos}
}

func (r *rewriter) stmts(in []syntax.Stmt) []syntax.Stmt {
	out := make([]syntax.Stmt, 0, len(in))
	for _, s := range in {
		out = append(out, r.stmt(s)...)
	}
	return out
}

// stmt rewrites one statement, which may become several.
func (r *rewriter) stmt(s syntax.Stmt) []syntax.Stmt {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		return r.assign(s)
	case *syntax.DefStmt:
		r.params(s.Params)
		r.defs++
		s.Body = r.stmts(s.Body)
		r.defs--
	case *syntax.ExprStmt:
		s.X = r.expr(s.X)
	case *syntax.IfStmt:
		s.Cond = r.expr(s.Cond)
		s.True = r.stmts(s.True)
		if s.False != nil {
			s.False = r.stmts(s.False)
		}
	case *syntax.ForStmt:
		s.Vars = r.target(s.Vars)
		s.X = r.expr(s.X)
		s.Body = r.stmts(s.Body)
	case *syntax.WhileStmt:
		s.Cond = r.expr(s.Cond)
		s.Body = r.stmts(s.Body)
	case *syntax.ReturnStmt:
		if s.Result != nil {
			s.Result = r.expr(s.Result)
		}
	}
	return []syntax.Stmt{s}
}

// assign rewrites x = y and x += y. In a[i] += y, a and i are evaluated once.
func (r *rewriter) assign(s *syntax.AssignStmt) []syntax.Stmt {
	lhs := unparen(s.LHS)
	_, dot := lhs.(*syntax.DotExpr) // fails whatever is added: fields cannot be set
	additive := s.Op == syntax.PLUS_EQ || s.Op == syntax.MINUS_EQ
	if s.Op == syntax.EQ || dot || additive && number(s.RHS) {
		s.LHS, s.RHS = r.target(s.LHS), r.expr(s.RHS)
		return []syntax.Stmt{s}
	}
	name := s.Op.String() // "+="
	set := func(to, from, value syntax.Expr) syntax.Stmt {
		return &syntax.AssignStmt{OpPos: s.OpPos, Op: syntax.EQ, LHS: to, RHS: call(name, s.OpPos, from, value)}
	}
	switch x := lhs.(type) {
	case *syntax.Ident:
		same := func() *syntax.Ident { return &syntax.Ident{NamePos: x.NamePos, Name: x.Name} }
		out := []syntax.Stmt{set(x, same(), r.expr(s.RHS))}
		if r.defs == 0 { // at the top of a file a name is one from its first assignment on: make that come first
			never := &syntax.Literal{Token: syntax.INT, TokenPos: x.NamePos, Raw: "0", Value: int64(0)}
			first := &syntax.AssignStmt{OpPos: s.OpPos, Op: syntax.EQ, LHS: same(), RHS: never}
			out = slices.Insert(out, 0, syntax.Stmt(&syntax.IfStmt{If: x.NamePos, Cond: never, True: []syntax.Stmt{first}}))
		}
		return out
	case *syntax.IndexExpr:
		r.temps++
		a, i := fmt.Sprintf("=a%d", r.temps), fmt.Sprintf("=i%d", r.temps)
		temp := func(name string) *syntax.Ident { return &syntax.Ident{NamePos: syntax.Start(x), Name: name} }
		element := func() *syntax.IndexExpr {
			return &syntax.IndexExpr{X: temp(a), Lbrack: x.Lbrack, Y: temp(i), Rbrack: x.Rbrack}
		}
		return []syntax.Stmt{
			&syntax.AssignStmt{OpPos: s.OpPos, Op: syntax.EQ, LHS: temp(a), RHS: r.expr(x.X)},
			&syntax.AssignStmt{OpPos: s.OpPos, Op: syntax.EQ, LHS: temp(i), RHS: r.key(x.Y)},
			set(element(), element(), r.expr(s.RHS)),
		}
	}
	return []syntax.Stmt{s} // refused by the resolver
}

func unparen(e syntax.Expr) syntax.Expr {
	for {
		p, ok := e.(*syntax.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}

// target rewrites what is assigned to.
func (r *rewriter) target(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.DotExpr:
		e.X = r.expr(e.X)
	case *syntax.ParenExpr:
		e.X = r.target(e.X)
	case *syntax.TupleExpr:
		for i, x := range e.List {
			e.List[i] = r.target(x)
		}
	case *syntax.ListExpr:
		for i, x := range e.List {
			e.List[i] = r.target(x)
		}
	}
	return e
}

// params rewrites the default values of parameters.
func (r *rewriter) params(list []syntax.Expr) {
	for _, p := range list {
		if b, ok := p.(*syntax.BinaryExpr); ok {
			b.Y = r.expr(b.Y)
		}
	}
}

func (r *rewriter) exprs(list []syntax.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

func (r *rewriter) expr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		return r.binary(e)
	case *syntax.CallExpr:
		return r.call(e)
	case *syntax.Comprehension:
		return r.comprehension(e)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = r.expr(e.Cond), r.expr(e.True), r.expr(e.False)
	case *syntax.DictExpr:
		for _, x := range e.List {
			r.entry(x)
		}
	case *syntax.DotExpr:
		e.X = r.expr(e.X)
		if r.bulk[e.Name.Name] {
			return call(takeAttr, e.Dot, e)
		}
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.LambdaExpr:
		r.params(e.Params)
		e.Body = r.expr(e.Body)
	case *syntax.ListExpr:
		r.exprs(e.List)
	case *syntax.Literal:
		if len(e.Raw) > maxDigits && (e.Token == syntax.INT || e.Token == syntax.FLOAT) && r.fault == nil {
			r.fault = &sourceError{kind: "SyntaxError", line: int(e.TokenPos.Line), col: int(e.TokenPos.Col), message: fmt.Sprintf("a number of more than %d digits", maxDigits)}
		}
	case *syntax.ParenExpr:
		e.X = r.expr(e.X)
	case *syntax.SliceExpr:
		return r.slice(e)
	case *syntax.TupleExpr:
		r.exprs(e.List)
	case *syntax.UnaryExpr:
		if e.X != nil {
			e.X = r.expr(e.X)
		}
	}
	return e
}

func (r *rewriter) binary(e *syntax.BinaryExpr) syntax.Expr {
	cheap := cheapOperation(e)
	e.X, e.Y = r.expr(e.X), r.expr(e.Y)
	if cheap {
		return e
	}
	return call(e.Op.String(), e.OpPos, e.X, e.Y)
}

// cheapOperation says that an operand in the source bounds the work.
func cheapOperation(e *syntax.BinaryExpr) bool {
	switch e.Op {
	case syntax.AND, syntax.OR:
		return true
	case syntax.PLUS, syntax.MINUS, syntax.SLASH, syntax.SLASHSLASH:
		return number(e.X) || number(e.Y)
	case syntax.PERCENT:
		return number(e.X)
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		return constant(e.X) || constant(e.Y)
	}
	return false
}

// number says whether e is a number in the source, constant whether it is one
// or a string or a name of None, True or False.
func number(e syntax.Expr) bool {
	l, ok := unparen(e).(*syntax.Literal)
	return ok && (l.Token == syntax.INT || l.Token == syntax.FLOAT)
}

func constant(e syntax.Expr) bool {
	switch e := unparen(e).(type) {
	case *syntax.Literal:
		return true
	case *syntax.UnaryExpr:
		return e.Op == syntax.MINUS && number(e.X)
	}
	return false
}

func (r *rewriter) call(e *syntax.CallExpr) syntax.Expr {
	for i, a := range e.Args {
		switch x := a.(type) {
		case *syntax.BinaryExpr:
			if x.Op == syntax.EQ { // name=value
				x.Y = r.expr(x.Y)
				continue
			}
		case *syntax.UnaryExpr:
			if x.Op == syntax.STAR || x.Op == syntax.STARSTAR {
				x.X = call(passArgs, x.OpPos, r.expr(x.X))
				continue
			}
		}
		e.Args[i] = r.expr(a)
	}
	if dot, ok := e.Fn.(*syntax.DotExpr); ok && r.bulk[dot.Name.Name] {
		dot.X = r.expr(dot.X)
		args := slices.Concat([]syntax.Expr{dot}, e.Args)
		return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: dot.Dot, Name: callMethod}, Lparen: e.Lparen, Args: args, Rparen: e.Rparen}
	}
	e.Fn = r.expr(e.Fn)
	return e
}

func (r *rewriter) comprehension(e *syntax.Comprehension) syntax.Expr {
	for _, c := range e.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			c.Vars, c.X = r.target(c.Vars), r.expr(c.X)
		case *syntax.IfClause:
			c.Cond = r.expr(c.Cond)
		}
	}
	switch {
	case !e.Curly:
		e.Body = r.expr(e.Body)
	case !r.entry(e.Body):
		e.Body = r.key(e.Body)
	}
	return e
}

// entry rewrites key: value; false when e is no such thing.
func (r *rewriter) entry(e syntax.Expr) bool {
	d, ok := e.(*syntax.DictEntry)
	if ok {
		d.Key, d.Value = r.key(d.Key), r.expr(d.Value)
	}
	return ok
}

// key rewrites what is hashed or indexed with.
func (r *rewriter) key(e syntax.Expr) syntax.Expr {
	if constant(e) {
		return r.expr(e)
	}
	return call(passKey, syntax.Start(e), r.expr(e))
}

func (r *rewriter) slice(e *syntax.SliceExpr) syntax.Expr {
	e.X = r.expr(e.X)
	for _, x := range []*syntax.Expr{&e.Lo, &e.Hi, &e.Step} {
		if *x != nil {
			*x = r.expr(*x)
		}
	}
	return call(passSlice, e.Lbrack, e)
}
