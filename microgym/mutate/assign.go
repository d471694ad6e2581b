package mutate

import (
	"strings"

	"go.starlark.net/syntax"
)

// assignBugs proposes what can go wrong with an assignment.
func (f *function) assignBugs(n *syntax.AssignStmt) {
	at := f.offset(n.OpPos)
	op := f.text[at:f.start(n.RHS)]
	op = strings.TrimRight(op, " ")
	local := name(n.LHS)
	switch n.Op {
	case syntax.PLUS_EQ:
		f.edit(LostAccumulator, at, at+len(op), "=")
		if !text(n.RHS) {
			f.edit(WrongAugment, at, at+len(op), "-=")
		}
	case syntax.MINUS_EQ:
		f.edit(LostAccumulator, at, at+len(op), "=")
		f.edit(WrongAugment, at, at+len(op), "+=")
	case syntax.STAR_EQ:
		f.edit(LostAccumulator, at, at+len(op), "=")
		f.edit(WrongAugment, at, at+len(op), "+=")
	case syntax.SLASHSLASH_EQ:
		f.edit(WrongAugment, at, at+len(op), "-=")
	case syntax.EQ:
		f.initialBugs(n, local)
	}
	if v, ok := integer(n.RHS); ok && n.Op != syntax.EQ {
		f.numberBugs(OffByOne, n.RHS.(*syntax.Literal), v)
	}
}

// initialBugs starts a name that changes later from another value.
func (f *function) initialBugs(n *syntax.AssignStmt, local string) {
	if local == "" || f.writes[local] < 2 {
		return
	}
	switch rhs := n.RHS.(type) {
	case *syntax.Literal:
		if v, ok := integer(rhs); ok {
			f.numberBugs(WrongInitial, rhs, v)
		}
	case *syntax.IndexExpr:
		if v, ok := integer(rhs.Y); ok && v == 0 {
			f.replace(WrongInitial, rhs, "0")
		}
	case *syntax.Ident:
		if rhs.Name == "None" {
			f.replace(WrongInitial, rhs, "0")
		}
	case *syntax.UnaryExpr:
		if v, ok := integer(rhs.X); ok && rhs.Op == syntax.MINUS && v != 0 {
			f.replace(WrongInitial, rhs, "0")
		}
	}
}

// orderBugs exchanges two neighbouring statements of a loop or a function of
// which the second reads what the first writes.
func (f *function) orderBugs(s *step) {
	if s.index+1 >= len(s.block) {
		return
	}
	a, b := s.stmt, s.block[s.index+1]
	wrote := written(a)
	if wrote == "" || !plainStmt(b) || f.writes[wrote] < 2 && !isAppend(a) || !mentions(b, wrote) {
		return
	}
	aStart, aEnd, okA := f.ownLines(a)
	bStart, bEnd, okB := f.ownLines(b)
	if !okA || !okB || aEnd != bStart || f.text[aStart:aEnd] == f.text[bStart:bEnd] {
		return
	}
	f.edit(SwappedStatements, aStart, bEnd, f.text[bStart:bEnd]+f.text[aStart:aEnd])
}

// written is the name that a statement gives a new value, or changes by a
// method or an index.
func written(stmt syntax.Stmt) string {
	switch n := stmt.(type) {
	case *syntax.AssignStmt:
		if i, ok := n.LHS.(*syntax.IndexExpr); ok {
			return name(i.X)
		}
		return name(n.LHS)
	case *syntax.ExprStmt:
		if c, fn := called(n.X); c != nil && strings.HasPrefix(fn, ".") {
			return name(c.Fn.(*syntax.DotExpr).X)
		}
	}
	return ""
}

func isAppend(stmt syntax.Stmt) bool {
	_, ok := stmt.(*syntax.ExprStmt)
	return ok
}

// plainStmt says whether a statement runs to its end and does not jump.
func plainStmt(stmt syntax.Stmt) bool {
	switch stmt.(type) {
	case *syntax.AssignStmt, *syntax.ExprStmt:
		return true
	}
	return false
}

func mentions(n syntax.Node, id string) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		if x, ok := n.(*syntax.Ident); ok && x.Name == id {
			found = true
		}
		return !found
	})
	return found
}

// removalBugs takes away one simple statement whose names live on without it.
func (f *function) removalBugs(s *step) {
	if len(s.block) < 2 {
		return
	}
	switch n := s.stmt.(type) {
	case *syntax.AssignStmt:
		_, indexed := n.LHS.(*syntax.IndexExpr)
		if local := name(n.LHS); !indexed && (local == "" || f.writes[local] < 2) {
			return
		}
	case *syntax.ExprStmt:
		if isString(n.X) {
			return
		}
	default:
		return
	}
	if start, end, ok := f.ownLines(s.stmt); ok {
		f.edit(MissingUpdate, start, end, "")
	}
}
