package mutate

import (
	"slices"

	"go.starlark.net/syntax"
)

// maxNames bounds the names that one name may be taken for.
const maxNames = 4

func (f *function) nameBugs(p *point, n *syntax.Ident) {
	at := f.start(n)
	switch n.Name {
	case "True", "False":
		f.flagBugs(p, n)
		return
	case "None":
		return
	}
	if c, ok := f.parent(p).(*syntax.CallExpr); ok && c.Fn == n {
		f.functionBugs(c, n)
		return
	}
	if slices.Contains(f.constants, n.Name) {
		for _, c := range f.constants {
			if c != n.Name {
				f.replace(WrongConstant, n, c)
			}
		}
	}
	if p.role == preset {
		return
	}
	names := slices.Clone(p.scoped)
	known := slices.Contains(names, n.Name)
	for _, b := range f.names {
		if b.from <= at {
			names = append(names, b.name)
			known = known || b.name == n.Name
		}
	}
	if !known {
		return // a builtin or a name of the module
	}
	made := 0
	for i := len(names) - 1; i >= 0 && made < maxNames; i-- {
		if names[i] != n.Name && !slices.Contains(names[i+1:], names[i]) {
			f.replace(WrongVariable, n, names[i])
			made++
		}
	}
}

func (f *function) flagBugs(p *point, n *syntax.Ident) {
	kind, text := FlippedFlag, "True"
	if n.Name == "True" {
		text = "False"
	}
	if p.role == preset {
		kind = WrongDefault
	}
	if c, ok := f.parent(p).(*syntax.CallExpr); ok {
		if rev := keyword(c, "reverse"); rev != nil && rev.Y == n {
			return // sortBugs
		}
	}
	f.replace(kind, n, text)
}

// functionBugs calls a sibling of the file that takes as many arguments.
func (f *function) functionBugs(c *syntax.CallExpr, n *syntax.Ident) {
	callee := f.source.def(n.Name)
	if callee == nil || slices.ContainsFunc(c.Args, func(a syntax.Expr) bool { return !positional(a) }) {
		return
	}
	made := 0
	for _, d := range f.defs {
		if d != callee && d != f.def && made < maxNames && takes(d, len(c.Args)) {
			f.replace(WrongFunction, n, d.Name.Name)
			made++
		}
	}
}

// takes says whether a function can be called with n positional arguments.
func takes(d *syntax.DefStmt, n int) bool {
	least, most := 0, 0
	for _, p := range d.Params {
		switch p.(type) {
		case *syntax.Ident:
			least++
			most++
		case *syntax.BinaryExpr:
			most++
		default:
			return false
		}
	}
	return least <= n && n <= most
}

// resultBugs swaps two results, and spoils what a guard returns.
func (f *function) resultBugs(n *syntax.ReturnStmt) {
	if t, ok := n.Result.(*syntax.TupleExpr); ok {
		for i := 0; i+1 < len(t.List); i++ {
			f.swapText(SwappedResults, t.List[i], t.List[i+1])
		}
	}
}

// emptyValues lists what a guard returns and what it returns by mistake.
var emptyValues = [][]string{
	{"[]", "None"}, {"{}", "None"}, {"0", "None", "1"}, {"None", "0"}, {`""`, "None", `" "`},
	{"True", "False"}, {"False", "True"}, {"1", "0"}, {"-1", "0", "None"}, {"()", "None"},
}

func (f *function) emptyValueBugs(e syntax.Expr) {
	was := f.str(e)
	for _, row := range emptyValues {
		if row[0] == was {
			for _, text := range row[1:] {
				f.replace(EmptyValue, e, text)
			}
		}
	}
}
