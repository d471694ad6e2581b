package mutate

import "go.starlark.net/syntax"

// Bugs lists every bug that one edit can put into the file, in the order of
// the text.
func Bugs(path, src string) ([]Edit, error) {
	s, err := parse(path, src)
	if err != nil {
		return nil, err
	}
	for _, d := range s.defs {
		f := s.function(d)
		for i := range f.points {
			f.exprBugs(&f.points[i])
		}
		for i := range f.steps {
			f.stmtBugs(&f.steps[i])
		}
	}
	return sortEdits(s.text, s.edits, Kinds()), nil
}

// exprBugs proposes what can go wrong with one expression.
func (f *function) exprBugs(p *point) {
	switch n := p.expr.(type) {
	case *syntax.BinaryExpr:
		f.comparisonBugs(n)
		f.logicBugs(n)
		f.arithmeticBugs(n)
	case *syntax.UnaryExpr:
		f.unaryBugs(n)
	case *syntax.ParenExpr:
		f.parenBugs(p, n)
	case *syntax.Literal:
		f.literalBugs(p, n)
	case *syntax.Ident:
		f.nameBugs(p, n)
	case *syntax.IndexExpr:
		f.indexBugs(n)
	case *syntax.SliceExpr:
		f.sliceBugs(n)
	case *syntax.CondExpr:
		f.swapText(SwappedBranches, n.True, n.False)
	case *syntax.Comprehension:
		f.filterBugs(n)
	case *syntax.CallExpr:
		f.callBugs(n)
	}
	if p.role == test {
		f.testBugs(p.expr)
	}
}

// stmtBugs proposes what can go wrong with one statement.
func (f *function) stmtBugs(s *step) {
	switch n := s.stmt.(type) {
	case *syntax.IfStmt:
		f.branchBugs(s, n)
	case *syntax.ForStmt:
		f.loopBugs(s, n)
	case *syntax.BranchStmt:
		f.jumpBugs(s, n)
	case *syntax.ReturnStmt:
		f.resultBugs(n)
	case *syntax.AssignStmt:
		f.assignBugs(n)
	}
	f.orderBugs(s)
	f.removalBugs(s)
}

// swapText proposes that two nodes change places, a before b in the text.
func (f *function) swapText(k Kind, a, b syntax.Node) {
	left, right := f.str(a), f.str(b)
	start, between, end := f.start(a), f.end(a), f.end(b)
	f.edit(k, start, end, right+f.text[between:f.start(b)]+left)
}
