package mutate

import (
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// arms are the lines of an if statement's two sides.
type arms struct {
	head, yes   [2]int // offsets of "if …:\n" and of the lines below
	middle, non [2]int // of "else:\n" and of its lines
}

// arms finds them. It is false for an elif and for anything not laid out as
// whole lines.
func (f *function) arms(s *step, n *syntax.IfStmt) (a arms, ok bool) {
	start, end, own := f.ownLines(n)
	if !own || f.isElif(s, n) || !simple(f.str(n.Cond)) || strings.Contains(f.text[start:end], `"""`) {
		return a, false // a text over several lines cannot be indented
	}
	yes := f.lineEnd(f.end(n.Cond))
	if f.lineStart(f.start(n.True[0])) < yes {
		return a, false // one line, or comments between
	}
	a = arms{head: [2]int{start, yes}, yes: [2]int{yes, end}}
	if len(n.False) == 0 {
		return a, true
	}
	at := f.lineStart(f.offset(n.ElsePos))
	if !strings.HasPrefix(f.text[f.offset(n.ElsePos):], "else") || f.lineStart(f.start(n.False[0])) < f.lineEnd(at) {
		return a, false
	}
	a.yes[1] = at
	a.middle = [2]int{at, f.lineEnd(at)}
	a.non = [2]int{f.lineEnd(at), end}
	return a, true
}

func (f *function) rewriteIf(s *step, n *syntax.IfStmt) {
	a, ok := f.arms(s, n)
	if !ok {
		return
	}
	cut := func(r [2]int) string { return f.text[r[0]:r[1]] }
	in := f.indent(n)
	if len(n.False) > 0 {
		f.edit(FlipIf, a.head[0], a.non[1], in+"if "+f.negate(n.Cond)+":\n"+cut(a.non)+cut(a.middle)+cut(a.yes))
	} else {
		f.addElse(s, n)
		f.splitAnd(n, a)
	}
	if !constant(n.Cond) {
		fresh := f.fresh("matches", "applies", "is_so", "check")
		f.edit(NameTest, a.head[0], a.head[1], in+fresh+" = "+f.str(n.Cond)+"\n"+in+"if "+fresh+":\n")
	}
}

// negate writes the opposite of a condition.
func (f *function) negate(cond syntax.Expr) string {
	switch n := cond.(type) {
	case *syntax.UnaryExpr:
		if n.Op == syntax.NOT {
			return f.str(n.X)
		}
	case *syntax.BinaryExpr:
		if op, ok := other(n.Op, negations); ok {
			start, end := f.operator(n)
			return f.text[f.start(n):start] + op.String() + f.text[end:f.end(n)]
		}
		return "not (" + f.str(n) + ")"
	}
	if atomic(cond) {
		return "not " + f.str(cond)
	}
	return "not (" + f.str(cond) + ")"
}

// addElse puts the one statement that follows a returning if under else.
func (f *function) addElse(s *step, n *syntax.IfStmt) {
	if s.index+2 != len(s.block) || !leaves(n.True) {
		return
	}
	next := s.block[s.index+1]
	if _, ok := next.(*syntax.ReturnStmt); !ok {
		return
	}
	start, end, ok := f.ownLines(next)
	if !ok || f.lineEnd(f.end(n)) != start {
		return
	}
	f.edit(AddElse, start, end, f.indent(n)+"else:\n"+shift(f.text[start:end], 1))
}

// leaves says whether a block ends in return, break or continue.
func leaves(block []syntax.Stmt) bool {
	switch n := block[len(block)-1].(type) {
	case *syntax.ReturnStmt:
		return true
	case *syntax.BranchStmt:
		return n.Token != syntax.PASS
	}
	return false
}

func (f *function) splitAnd(n *syntax.IfStmt, a arms) {
	b, ok := n.Cond.(*syntax.BinaryExpr)
	if !ok || b.Op != syntax.AND {
		return
	}
	in := f.indent(n)
	f.edit(SplitAnd, a.head[0], a.yes[1], in+"if "+f.str(b.X)+":\n"+in+unit+"if "+f.str(b.Y)+":\n"+
		shift(f.text[a.yes[0]:a.yes[1]], 1))
}

// nicknames lists other names that a local may go by; the first that is free
// is taken. Any other local gets a suffix.
var nicknames = [][]string{
	{"total", "running", "acc"}, {"result", "out", "collected"}, {"out", "result", "collected"},
	{"i", "pos", "idx"}, {"n", "size", "num"}, {"x", "item", "elem"}, {"count", "tally", "seen_so_far"},
	{"best", "top", "winner"}, {"key", "label", "k"}, {"value", "val", "entry"}, {"seen", "known", "visited"},
	{"current", "cur", "now"}, {"last", "prev", "latest"}, {"rest", "remaining", "left_over"}, {"row", "record", "line_item"},
}

// renames gives each local another name, all over its function. Parameters
// keep theirs: a caller may say them.
func (f *function) renames() {
	for _, b := range f.names[f.params:] {
		if f.hidden[b.name] || slices.Contains(f.constants, b.name) || strings.HasPrefix(b.name, "_") {
			continue
		}
		to := []string{b.name + "_so_far", b.name + "_now", b.name + "_here"}
		for _, row := range nicknames {
			if row[0] == b.name {
				to = row[1:]
			}
		}
		f.rename(b.name, f.fresh(to...))
	}
}

func (f *function) rename(local, to string) {
	var at []int
	for _, id := range f.idents {
		if id.Name == local {
			at = append(at, f.start(id))
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	if len(at) == 0 {
		return
	}
	var b strings.Builder
	from := at[0]
	for _, p := range at {
		b.WriteString(f.text[from:p])
		b.WriteString(to)
		from = p + len(local)
	}
	f.edit(RenameLocal, at[0], from, b.String())
}
