package mutate

import (
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// symmetric lists functions whose arguments may change places unseen.
var symmetric = []string{"min", "max", "zip"}

// methods lists methods and what they are taken for.
var methods = [][]string{
	{"startswith", "endswith"}, {"endswith", "startswith"}, {"upper", "lower"}, {"lower", "upper"},
	{"lstrip", "rstrip"}, {"rstrip", "lstrip"}, {"strip", "lstrip", "rstrip"}, {"find", "rfind"},
	{"rfind", "find"}, {"partition", "rpartition"}, {"rpartition", "partition"},
	{"removeprefix", "removesuffix"}, {"removesuffix", "removeprefix"}, {"keys", "values"},
	{"values", "keys"}, {"index", "rindex"}, {"rindex", "index"}, {"append", "extend"}, {"extend", "append"},
	{"title", "capitalize"}, {"capitalize", "title"}, {"isdigit", "isalnum"}, {"isalnum", "isalpha"},
	{"isalpha", "isalnum"}, {"isupper", "islower"}, {"islower", "isupper"}, {"union", "intersection"},
	{"intersection", "union"}, {"items", "keys"}, {"split", "rsplit"}, {"rsplit", "split"},
}

// callBugs proposes what can go wrong with a call.
func (f *function) callBugs(n *syntax.CallExpr) {
	_, fn := called(n)
	switch fn {
	case "range":
		f.rangeBugs(n)
		return
	case "sorted":
		f.sortBugs(n)
	case "min", "max":
		f.replace(MinMax, n.Fn, map[string]string{"min": "max", "max": "min"}[fn])
	case "any", "all":
		f.replace(AnyAll, n.Fn, map[string]string{"any": "all", "all": "any"}[fn])
	case ".get":
		f.fallbackBugs(n)
	}
	f.methodBugs(n)
	f.lostCallBugs(n, fn)
	if !strings.HasPrefix(fn, ".") || f.source.def(fn) != nil {
		f.argumentBugs(n, fn)
	} else if len(n.Args) == 2 && fn == ".replace" {
		f.argumentBugs(n, fn)
	}
}

// methodBugs calls another method. split without a limit is rsplit.
func (f *function) methodBugs(n *syntax.CallExpr) {
	dot, ok := n.Fn.(*syntax.DotExpr)
	if !ok || strings.HasSuffix(dot.Name.Name, "split") && len(n.Args) < 2 {
		return
	}
	for _, row := range methods {
		if row[0] == dot.Name.Name {
			for _, m := range row[1:] {
				f.replace(WrongMethod, dot.Name, m)
			}
		}
	}
}

func (f *function) lostCallBugs(n *syntax.CallExpr, fn string) {
	dot, method := n.Fn.(*syntax.DotExpr)
	switch {
	case len(n.Args) == 1 && positional(n.Args[0]) && slices.Contains([]string{"list", "dict"}, fn) && atomic(n.Args[0]):
		f.replace(MissingCopy, n, f.str(n.Args[0]))
	case len(n.Args) == 1 && positional(n.Args[0]) && atomic(n.Args[0]) &&
		slices.Contains([]string{"abs", "sorted", "reversed", "int", "str", "set"}, fn):
		f.replace(LostCall, n, f.str(n.Args[0]))
	case method && len(n.Args) == 0 && slices.Contains([]string{"strip", "lower", "upper", "lstrip", "rstrip", "title"}, dot.Name.Name):
		f.replace(LostCall, n, f.str(dot.X))
	}
}

func (f *function) argumentBugs(n *syntax.CallExpr, fn string) {
	for i := 0; i+1 < len(n.Args); i++ {
		if positional(n.Args[i]) && positional(n.Args[i+1]) && !slices.Contains(symmetric, fn) {
			f.swapText(SwappedArguments, n.Args[i], n.Args[i+1])
		}
	}
	last := len(n.Args) - 1
	if last < 1 || fn == "sorted" || fn == "struct" {
		return
	}
	callee := f.source.def(fn)
	for i, a := range n.Args {
		named := !positional(a)
		if b, ok := a.(*syntax.BinaryExpr); named && (!ok || i == 0 || callee != nil && !optional(callee, name(b.X))) {
			continue
		}
		if !named && (i != last || callee == nil || !optionalAt(callee, i)) {
			continue
		}
		f.edit(MissingArgument, f.end(n.Args[i-1]), f.end(a), "")
	}
}

// optional says whether a parameter has a default.
func optional(d *syntax.DefStmt, param string) bool {
	return slices.ContainsFunc(d.Params, func(p syntax.Expr) bool {
		b, ok := p.(*syntax.BinaryExpr)
		return ok && name(b.X) == param
	})
}

func optionalAt(d *syntax.DefStmt, i int) bool {
	if i >= len(d.Params) {
		return false
	}
	_, ok := d.Params[i].(*syntax.BinaryExpr)
	return ok
}

func (f *function) sortBugs(n *syntax.CallExpr) {
	if len(n.Args) == 0 || !positional(n.Args[0]) {
		return
	}
	for i, a := range n.Args[1:] {
		if k := keyword(n, "key"); k == a {
			f.edit(SortKey, f.end(n.Args[i]), f.end(a), "")
			f.keyFunctionBugs(k.Y)
		}
	}
	rev := keyword(n, "reverse")
	switch {
	case rev == nil:
		f.edit(SortOrder, f.end(n.Args[len(n.Args)-1]), f.end(n.Args[len(n.Args)-1]), ", reverse=True")
	case f.str(rev.Y) == "True":
		f.replace(SortOrder, rev.Y, "False")
	case f.str(rev.Y) == "False":
		f.replace(SortOrder, rev.Y, "True")
	default:
		f.replace(SortOrder, rev.Y, "not ("+f.str(rev.Y)+")")
	}
}

// keyFunctionBugs sorts by the parts of a key in another order, or by the
// first part only.
func (f *function) keyFunctionBugs(key syntax.Expr) {
	l, ok := key.(*syntax.LambdaExpr)
	if !ok {
		return
	}
	body := l.Body
	if p, ok := body.(*syntax.ParenExpr); ok {
		body = p.X
	}
	t, ok := body.(*syntax.TupleExpr)
	if !ok || len(t.List) < 2 {
		return
	}
	f.swapText(SortKey, t.List[0], t.List[1])
	f.replace(SortKey, l.Body, f.str(t.List[0]))
}

// fallbackBugs spoils what d.get returns for an unknown key.
func (f *function) fallbackBugs(n *syntax.CallExpr) {
	if len(n.Args) != 2 {
		return
	}
	f.edit(WrongFallback, f.end(n.Args[0]), f.end(n.Args[1]), "")
	if l, ok := n.Args[1].(*syntax.Literal); ok {
		if v, ok := integer(l); ok {
			f.numberBugs(WrongFallback, l, v)
		}
	}
}
