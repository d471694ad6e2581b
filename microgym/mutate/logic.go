package mutate

import "go.starlark.net/syntax"

// other is a table of what an operator becomes.
func other(op syntax.Token, table []syntax.Token) (syntax.Token, bool) {
	for i := 0; i+1 < len(table); i += 2 {
		if table[i] == op {
			return table[i+1], true
		}
	}
	return 0, false
}

// Pairs of operators: the first becomes the second.
var (
	closer    = []syntax.Token{syntax.LT, syntax.LE, syntax.LE, syntax.LT, syntax.GT, syntax.GE, syntax.GE, syntax.GT}
	reversed  = []syntax.Token{syntax.LT, syntax.GT, syntax.GT, syntax.LT, syntax.LE, syntax.GE, syntax.GE, syntax.LE}
	mirrored  = reversed
	negations = []syntax.Token{syntax.LT, syntax.GE, syntax.GE, syntax.LT, syntax.GT, syntax.LE, syntax.LE, syntax.GT,
		syntax.EQL, syntax.NEQ, syntax.NEQ, syntax.EQL, syntax.IN, syntax.NOT_IN, syntax.NOT_IN, syntax.IN}
)

func (f *function) operatorBug(k Kind, n *syntax.BinaryExpr, op syntax.Token) {
	start, end := f.operator(n)
	f.edit(k, start, end, op.String())
}

func (f *function) comparisonBugs(n *syntax.BinaryExpr) {
	if op, ok := other(n.Op, closer); ok {
		f.operatorBug(Boundary, n, op)
	}
	if op, ok := other(n.Op, reversed); ok {
		f.operatorBug(ComparisonFlip, n, op)
	}
	switch n.Op {
	case syntax.EQL:
		f.operatorBug(EqualityFlip, n, syntax.NEQ)
	case syntax.NEQ:
		f.operatorBug(EqualityFlip, n, syntax.EQL)
	case syntax.IN:
		f.operatorBug(MembershipFlip, n, syntax.NOT_IN)
	case syntax.NOT_IN:
		f.operatorBug(MembershipFlip, n, syntax.IN)
	}
}

func (f *function) logicBugs(n *syntax.BinaryExpr) {
	switch n.Op {
	case syntax.AND:
		f.operatorBug(AndOr, n, syntax.OR)
	case syntax.OR:
		f.operatorBug(AndOr, n, syntax.AND)
	default:
		return
	}
	if f.str(n.X) == f.str(n.Y) {
		return
	}
	f.replace(LostCondition, n, f.str(n.X))
	f.replace(LostCondition, n, f.str(n.Y))
}

// testBugs negates a condition that is no comparison.
func (f *function) testBugs(cond syntax.Expr) {
	switch cond.(type) {
	case *syntax.Ident, *syntax.CallExpr, *syntax.DotExpr, *syntax.IndexExpr:
		f.replace(NegatedTest, cond, "not "+f.str(cond))
	}
}

func (f *function) unaryBugs(n *syntax.UnaryExpr) {
	switch {
	case n.Op == syntax.NOT:
		f.replace(LostNot, n, f.str(n.X))
	case n.Op == syntax.MINUS:
		if v, ok := integer(n.X); ok && v == 0 {
			return
		}
		f.replace(WrongSign, n, f.str(n.X))
	}
}

func (f *function) filterBugs(n *syntax.Comprehension) {
	for i, c := range n.Clauses {
		clause, ok := c.(*syntax.IfClause)
		if !ok || i == 0 {
			continue
		}
		f.edit(MissingFilter, f.end(n.Clauses[i-1]), f.end(clause), "")
	}
}
