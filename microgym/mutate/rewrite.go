package mutate

import (
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// Rewrites lists edits that keep what the file's functions return, in the
// order of the text.
func Rewrites(path, src string) ([]Edit, error) {
	s, err := parse(path, src)
	if err != nil {
		return nil, err
	}
	for _, d := range s.defs {
		f := s.function(d)
		for i := range f.points {
			f.rewriteExpr(&f.points[i])
		}
		for i := range f.steps {
			f.rewriteStmt(&f.steps[i])
		}
		f.renames()
	}
	return sortEdits(s.text, s.edits, RewriteKinds()), nil
}

func (f *function) rewriteExpr(p *point) {
	if p.role == preset {
		return
	}
	switch n := p.expr.(type) {
	case *syntax.BinaryExpr:
		f.rewriteBinary(n)
	case *syntax.CallExpr:
		f.rewriteCall(n)
	}
}

// rewriteBinary mirrors operators whose sides have no effect of their own.
func (f *function) rewriteBinary(n *syntax.BinaryExpr) {
	if !quiet(n.X) || !quiet(n.Y) {
		return
	}
	left, right := f.str(n.X), f.str(n.Y)
	start, end := f.operator(n)
	swapped := func(k Kind, op string) {
		f.edit(k, f.start(n), f.end(n), right+f.text[f.end(n.X):start]+op+f.text[end:f.start(n.Y)]+left)
	}
	if op, ok := other(n.Op, mirrored); ok {
		swapped(MirrorComparison, op.String())
	}
	_, number := integer(n.X)
	if _, ok := integer(n.Y); ok {
		number = true
	}
	switch {
	case n.Op == syntax.EQL || n.Op == syntax.NEQ:
		swapped(SwapEquality, n.Op.String())
	case (n.Op == syntax.PLUS || n.Op == syntax.STAR) && number:
		swapped(SwapOperands, n.Op.String())
	}
}

// quiet says whether an expression can be moved: it binds tightly and calls
// nothing but len.
func quiet(e syntax.Expr) bool {
	if !atomic(e) {
		return false
	}
	ok := true
	syntax.Walk(e, func(n syntax.Node) bool {
		if c, is := n.(*syntax.CallExpr); is {
			_, fn := called(c)
			ok = ok && fn == "len"
		}
		if _, is := n.(*syntax.Comprehension); is {
			ok = false
		}
		return ok
	})
	return ok
}

func (f *function) rewriteCall(n *syntax.CallExpr) {
	_, fn := called(n)
	last := len(n.Args) - 1
	if last < 0 || slices.ContainsFunc(n.Args, func(a syntax.Expr) bool { return !positional(a) }) {
		return
	}
	if fn == "range" && last == 0 && f.writes[fn] == 0 {
		at := f.start(n.Args[0])
		f.edit(ExplicitStart, at, at, "0, ")
	}
	d := f.source.def(fn)
	if d == nil || f.writes[fn] > 0 || last == 0 || last >= len(d.Params) || !takes(d, len(n.Args)) {
		return
	}
	param := d.Params[last]
	if b, ok := param.(*syntax.BinaryExpr); ok {
		param = b.X
	}
	at := f.start(n.Args[last])
	f.edit(ExplicitKeyword, at, at, name(param)+"=")
}

func (f *function) rewriteStmt(s *step) {
	switch n := s.stmt.(type) {
	case *syntax.AssignStmt:
		f.rewriteAugment(n)
		f.unfold(n, f.str(n.LHS)+" = ", n.RHS, n.Op == syntax.EQ && name(n.LHS) != "")
	case *syntax.ReturnStmt:
		f.rewriteReturn(n)
	case *syntax.IfStmt:
		f.rewriteIf(s, n)
	case *syntax.ExprStmt:
		f.rewriteAppend(n)
	}
	f.comment(s)
}

// rewriteAugment opens x += y and closes x = x + y where x is a number or a
// text: for a list the two differ in who else sees the change.
func (f *function) rewriteAugment(n *syntax.AssignStmt) {
	local := name(n.LHS)
	if local == "" || !f.scalar(local) {
		return
	}
	at := f.offset(n.OpPos)
	switch n.Op {
	case syntax.PLUS_EQ, syntax.MINUS_EQ, syntax.STAR_EQ:
		op := f.text[at : at+1]
		rhs := f.str(n.RHS)
		if !atomic(n.RHS) && !(op == "+" && product(n.RHS)) {
			rhs = "(" + rhs + ")"
		}
		f.edit(ExpandAugment, at, f.end(n), "= "+local+" "+op+" "+rhs)
	case syntax.EQ:
		b, ok := n.RHS.(*syntax.BinaryExpr)
		if !ok || name(b.X) != local {
			return
		}
		if b.Op == syntax.PLUS || b.Op == syntax.MINUS || b.Op == syntax.STAR {
			f.edit(ContractAugment, at, f.end(n), b.Op.String()+"= "+f.str(b.Y))
		}
	}
}

func product(e syntax.Expr) bool {
	b, ok := e.(*syntax.BinaryExpr)
	return ok && strength(b.Op) == strength(syntax.STAR)
}

// scalar says whether the first value of a local is a literal number or text.
func (f *function) scalar(local string) bool {
	for _, p := range f.names[:f.params] {
		if p.name == local {
			return false
		}
	}
	for _, s := range f.steps {
		switch n := s.stmt.(type) {
		case *syntax.AssignStmt:
			if name(n.LHS) == local {
				_, ok := n.RHS.(*syntax.Literal)
				return ok && n.Op == syntax.EQ
			}
		case *syntax.ForStmt:
			if mentions(n.Vars, local) {
				return false
			}
		}
	}
	return false
}

func (f *function) rewriteReturn(n *syntax.ReturnStmt) {
	if n.Result == nil || !simple(f.str(n.Result)) {
		return
	}
	if !atomic(n.Result) {
		if t, ok := n.Result.(*syntax.TupleExpr); !ok || !t.Lparen.IsValid() {
			f.replace(Parenthesize, n.Result, "("+f.str(n.Result)+")")
		}
	}
	if !constant(n.Result) {
		if start, end, ok := f.ownLines(n); ok {
			in, fresh := f.indent(n), f.fresh("result", "answer", "found", "outcome", "value_out")
			tail := f.text[f.end(n):end]
			f.edit(ExtractTemporary, start, end, in+fresh+" = "+f.str(n.Result)+tail+in+"return "+fresh+"\n")
		}
	}
	c, ok := n.Result.(*syntax.CondExpr)
	start, end, own := f.ownLines(n)
	if ok && own {
		in := f.indent(n)
		f.edit(UnfoldCondition, start, end, in+"if "+f.str(c.Cond)+":\n"+in+unit+"return "+f.str(c.True)+"\n"+
			in+"return "+f.str(c.False)+f.text[f.end(n):end])
	}
}

// unfold writes target = a if c else b as a statement.
func (f *function) unfold(n syntax.Stmt, target string, rhs syntax.Expr, ok bool) {
	c, is := rhs.(*syntax.CondExpr)
	if !ok || !is || !simple(f.str(n)) {
		return
	}
	start, end, own := f.ownLines(n)
	if !own {
		return
	}
	in := f.indent(n)
	f.edit(UnfoldCondition, start, end, in+"if "+f.str(c.Cond)+":\n"+in+unit+target+f.str(c.True)+"\n"+
		in+"else:\n"+in+unit+target+f.str(c.False)+f.text[f.end(n):end])
}

// constant says whether an expression is a name or a literal.
func constant(e syntax.Expr) bool {
	switch n := e.(type) {
	case *syntax.Ident, *syntax.Literal:
		return true
	case *syntax.ListExpr:
		return len(n.List) == 0
	case *syntax.DictExpr:
		return len(n.List) == 0
	}
	return false
}

func (f *function) rewriteAppend(n *syntax.ExprStmt) {
	c, fn := called(n.X)
	if c == nil || fn != ".append" || len(c.Args) != 1 {
		return
	}
	list := name(c.Fn.(*syntax.DotExpr).X)
	if list == "" || f.writes[list] == 0 || f.hidden[list] {
		return
	}
	if t, ok := c.Args[0].(*syntax.TupleExpr); ok && !t.Lparen.IsValid() {
		return
	}
	f.replace(AppendToExtend, n, list+" += ["+f.str(c.Args[0])+"]")
}

// fresh is the first of some names that the file does not use.
func (f *function) fresh(names ...string) string {
	for _, n := range names {
		if !f.words[n] {
			return n
		}
	}
	last := names[len(names)-1]
	for f.words[last] {
		last += "_"
	}
	return last
}

// remarks are comments that say nothing about the line below them.
var remarks = []string{"see the docstring", "as documented", "keep it simple", "covered by the tests", "the usual case"}

// comment writes a line above a statement. It is chosen by the statement's
// place, so that the same line is not said twice in a row.
func (f *function) comment(s *step) {
	if s.index == 0 && s.depth == 0 {
		return // above a docstring it would look odd
	}
	start, _, ok := f.ownLines(s.stmt)
	if !ok || strings.HasPrefix(f.text[f.start(s.stmt):], "elif") {
		return
	}
	remark := remarks[f.start(s.stmt)%len(remarks)]
	f.edit(AddComment, start, start, f.indent(s.stmt)+"# "+remark+"\n")
}
