package mutate

import (
	"slices"
	"strconv"

	"go.starlark.net/syntax"
)

func (f *function) arithmeticBugs(n *syntax.BinaryExpr) {
	switch n.Op {
	case syntax.PLUS:
		if !text(n.X) && !text(n.Y) {
			f.operatorBug(WrongOperator, n, syntax.MINUS)
		}
	case syntax.MINUS:
		f.operatorBug(WrongOperator, n, syntax.PLUS)
	case syntax.STAR:
		if !text(n.X) && !text(n.Y) {
			f.operatorBug(WrongOperator, n, syntax.PLUS)
		}
	case syntax.SLASHSLASH:
		f.operatorBug(WrongOperator, n, syntax.PERCENT)
		f.operatorBug(FloatDivision, n, syntax.SLASH)
	case syntax.SLASH:
		f.operatorBug(FloatDivision, n, syntax.SLASHSLASH)
	case syntax.PERCENT:
		if !text(n.X) {
			f.operatorBug(WrongOperator, n, syntax.SLASHSLASH)
		}
	default:
		return
	}
	if n.Op != syntax.PLUS && n.Op != syntax.STAR && atomic(n.X) && atomic(n.Y) && !text(n.X) {
		f.swapText(SwappedOperands, n.X, n.Y)
	}
	if n.Op == syntax.PLUS || n.Op == syntax.MINUS {
		if v, ok := integer(n.Y); ok && v == 0 {
			return
		}
		f.edit(LostTerm, f.end(n.X), f.end(n.Y), "")
	}
}

// text says whether an expression is a string at first sight.
func text(e syntax.Expr) bool {
	switch n := e.(type) {
	case *syntax.Literal:
		return n.Token == syntax.STRING
	case *syntax.BinaryExpr:
		return n.Op == syntax.PLUS && (text(n.X) || text(n.Y))
	case *syntax.ParenExpr:
		return text(n.X)
	}
	_, fn := called(e)
	return slices.Contains([]string{"str", ".join", ".strip", ".lower", ".upper", ".replace", ".format"}, fn)
}

// parenBugs drops parentheses that hold a weaker operator than stands around
// them. Where the outer one is of the same strength on the left side, nothing
// would change.
func (f *function) parenBugs(p *point, n *syntax.ParenExpr) {
	inner, ok := n.X.(*syntax.BinaryExpr)
	if !ok {
		return
	}
	around := f.parent(p)
	if u, ok := around.(*syntax.UnaryExpr); ok && u.Op == syntax.NOT && logic(inner.Op) {
		f.replace(LostParentheses, n, f.str(inner))
		return
	}
	outer, ok := around.(*syntax.BinaryExpr)
	if !ok {
		return
	}
	in, out := strength(inner.Op), strength(outer.Op)
	if in == strength(syntax.EQL) {
		return // two comparisons in a row do not parse
	}
	same := in == out && outer.Y == n && (outer.Op == syntax.MINUS || outer.Op == syntax.SLASHSLASH || outer.Op == syntax.PERCENT)
	if in < out || same {
		f.replace(LostParentheses, n, f.str(inner))
	}
}

func logic(op syntax.Token) bool { return op == syntax.AND || op == syntax.OR }

// strength is the binding power of a binary operator.
func strength(op syntax.Token) int {
	switch op {
	case syntax.OR:
		return 1
	case syntax.AND:
		return 2
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE, syntax.IN, syntax.NOT_IN:
		return 3
	case syntax.PLUS, syntax.MINUS:
		return 8
	case syntax.STAR, syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT:
		return 9
	}
	return 5
}

// confused lists constants of units, each followed by those that people write
// in their place.
var confused = [][]int64{
	{60, 100, 24}, {24, 12, 60}, {7, 5}, {12, 10, 24}, {100, 1000, 10}, {1000, 1024, 100},
	{1024, 1000}, {3600, 60, 86400}, {86400, 3600}, {365, 360, 366}, {366, 365}, {1440, 60}, {52, 48},
	{16, 12}, {14, 12}, {36, 12}, {5280, 1760}, {1760, 5280}, {10, 100}, {90, 60}, {180, 360}, {360, 180},
}

func (f *function) literalBugs(p *point, n *syntax.Literal) {
	if n.Token == syntax.STRING {
		f.stringBugs(p, n)
		return
	}
	v, ok := integer(n)
	if !ok {
		return
	}
	for _, row := range confused {
		if row[0] == v {
			for _, w := range row[1:] {
				f.replace(WrongUnit, n, strconv.FormatInt(w, 10))
			}
		}
	}
	if p.role == preset {
		f.numberBugs(WrongDefault, n, v)
		if v > 1 {
			f.replace(WrongDefault, n, strconv.FormatInt(v*2, 10))
		}
		return
	}
	switch f.parent(p).(type) {
	case *syntax.BinaryExpr, *syntax.CondExpr:
		f.numberBugs(OffByOne, n, v)
	case nil:
		if p.stmt >= 0 {
			if _, ok := f.steps[p.stmt].stmt.(*syntax.AssignStmt); !ok {
				f.numberBugs(OffByOne, n, v) // a bare result
			}
		}
	}
}

func (f *function) numberBugs(k Kind, n *syntax.Literal, v int64) {
	f.replace(k, n, strconv.FormatInt(v+1, 10))
	if v > 0 {
		f.replace(k, n, strconv.FormatInt(v-1, 10))
	}
}

// minusOne proposes e - 1, or takes away the + 1 that is there; plusOne the
// same upwards.
func (f *function) minusOne(k Kind, e syntax.Expr) { f.step(k, e, syntax.PLUS, syntax.MINUS) }
func (f *function) plusOne(k Kind, e syntax.Expr)  { f.step(k, e, syntax.MINUS, syntax.PLUS) }

func (f *function) step(k Kind, e syntax.Expr, undo, do syntax.Token) {
	if v, ok := integer(e); ok {
		if do == syntax.MINUS {
			v -= 2
		}
		f.replace(k, e, strconv.FormatInt(v+1, 10))
		return
	}
	if b, ok := e.(*syntax.BinaryExpr); ok {
		if v, one := integer(b.Y); one && v == 1 && b.Op == undo {
			f.replace(k, e, f.str(b.X))
			return
		}
		if strength(b.Op) < strength(syntax.PLUS) {
			return
		}
	}
	if _, ok := e.(*syntax.CondExpr); ok {
		return
	}
	if _, ok := e.(*syntax.LambdaExpr); ok {
		return
	}
	f.replace(k, e, f.str(e)+" "+do.String()+" 1")
}
