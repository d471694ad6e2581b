package mutate

import (
	"strings"

	"go.starlark.net/syntax"
)

// branchBugs takes branches away and swaps them.
func (f *function) branchBugs(s *step, n *syntax.IfStmt) {
	if len(n.False) > 0 {
		f.swapArms(n)
	}
	if f.isElif(s, n) {
		f.lostElif(n)
		return
	}
	if len(n.False) > 0 {
		if next, ok := n.False[0].(*syntax.IfStmt); ok && f.text[f.start(next)] == 'e' && !f.definesAll(n.True) { // if … elif: the elif leads
			start, end := f.start(n), f.start(next)
			if f.lineStart(start)+len(f.indent(n)) == start && simple(f.indent(n)) {
				f.edit(MissingBranch, start, end+len("el"), "")
			}
		}
		return
	}
	start, end, ok := f.ownLines(n)
	if !ok || len(s.block) < 2 {
		return
	}
	if guard := f.guard(s, n); guard != nil {
		f.edit(EmptyInput, start, end, "")
		f.emptyValueBugs(guard)
		return
	}
	if !f.definesAll(n.True) {
		f.edit(MissingBranch, start, end, "")
	}
}

// isElif says whether an if statement is written as elif: then it is alone in
// its block and begins with that word.
func (f *function) isElif(s *step, n *syntax.IfStmt) bool {
	return len(s.block) == 1 && strings.HasPrefix(f.text[f.start(n):], "elif")
}

// lostElif takes away the lines of one elif.
func (f *function) lostElif(n *syntax.IfStmt) {
	start := f.lineStart(f.start(n))
	end := f.lineEnd(f.end(n.True[len(n.True)-1]))
	if n.ElsePos.IsValid() && len(n.False) > 0 {
		end = f.lineStart(f.offset(n.ElsePos))
	}
	if f.definesAll(n.True) || end <= start || f.text[end-1] != '\n' {
		return
	}
	f.edit(MissingBranch, start, end, "")
}

// definesAll says whether a block binds a name that nothing else binds: taking
// it away would leave a name without meaning, which does not load.
func (f *function) definesAll(block []syntax.Stmt) bool {
	here := map[string]int{}
	for _, stmt := range block {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			if a, ok := n.(*syntax.AssignStmt); ok {
				here[name(a.LHS)]++
			}
			if l, ok := n.(*syntax.ForStmt); ok {
				syntax.Walk(l.Vars, func(n syntax.Node) bool {
					if id, ok := n.(*syntax.Ident); ok {
						here[id.Name]++
					}
					return true
				})
			}
			return true
		})
	}
	for id, n := range here {
		if id != "" && f.writes[id] == n {
			return true
		}
	}
	return false
}

// guard is what an early "if there is nothing: return …" returns, or nil.
func (f *function) guard(s *step, n *syntax.IfStmt) syntax.Expr {
	if s.depth > 0 || s.index > 2 || len(n.True) != 1 {
		return nil
	}
	ret, ok := n.True[0].(*syntax.ReturnStmt)
	if !ok || ret.Result == nil {
		return nil
	}
	return ret.Result
}

// swapArms exchanges the two sides of if/else, each one line.
func (f *function) swapArms(n *syntax.IfStmt) {
	if len(n.True) != 1 || len(n.False) != 1 {
		return
	}
	if _, ok := n.False[0].(*syntax.IfStmt); ok {
		return
	}
	if simple(f.str(n.True[0])) && simple(f.str(n.False[0])) {
		f.swapText(SwappedBranches, n.True[0], n.False[0])
	}
}

// loopBugs returns from inside a loop what should be returned after it.
func (f *function) loopBugs(s *step, n *syntax.ForStmt) {
	f.resetBugs(s, n)
	if s.index+1 >= len(s.block) {
		return
	}
	ret, ok := s.block[s.index+1].(*syntax.ReturnStmt)
	if !ok || ret.Result == nil {
		return
	}
	start, end, ok := f.ownLines(ret)
	if !ok || strings.TrimSpace(f.text[f.lineEnd(f.end(n)):start]) != "" {
		return
	}
	f.edit(EarlyReturn, start, end, shift(f.text[start:end], 1))
}

// resetBugs moves the start value of a loop, on the line before it, inside.
func (f *function) resetBugs(s *step, n *syntax.ForStmt) {
	if s.index == 0 {
		return
	}
	before, ok := s.block[s.index-1].(*syntax.AssignStmt)
	if !ok || before.Op != syntax.EQ || name(before.LHS) == "" || !f.updates(n, name(before.LHS)) {
		return
	}
	start, mid, ok := f.ownLines(before)
	head := f.lineStart(f.start(n))
	body := f.lineStart(f.start(n.Body[0]))
	if !ok || mid != head || body <= head {
		return
	}
	f.edit(ResetInLoop, start, body, f.text[head:body]+shift(f.text[start:mid], 1))
}

// updates says whether a loop changes a name, by assignment or by a method.
func (f *function) updates(n *syntax.ForStmt, local string) bool {
	found := false
	for _, stmt := range n.Body {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.AssignStmt:
				x := n.LHS
				if i, ok := x.(*syntax.IndexExpr); ok {
					x = i.X
				}
				found = found || name(x) == local
			case *syntax.CallExpr:
				if dot, ok := n.Fn.(*syntax.DotExpr); ok {
					found = found || name(dot.X) == local
				}
			}
			return true
		})
	}
	return found
}

func (f *function) jumpBugs(s *step, n *syntax.BranchStmt) {
	swap := map[syntax.Token]string{syntax.BREAK: "continue", syntax.CONTINUE: "break"}
	text, ok := swap[n.Token]
	if !ok {
		return
	}
	f.replace(BreakContinue, n, text)
	if len(s.block) == 1 {
		f.replace(LostBreak, n, "pass")
		return
	}
	if start, end, ok := f.ownLines(n); ok {
		f.edit(LostBreak, start, end, "")
	}
}
