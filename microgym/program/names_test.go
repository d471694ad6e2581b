package program

import (
	"testing"

	"go.starlark.net/syntax"
)

// TestNoNameIsHidden holds that no function binds a name that its module
// already gives to a function: it would still run, but no person writes it.
func TestNoNameIsHidden(t *testing.T) {
	for _, tm := range Templates() {
		for seed := range uint64(soaked()) {
			for path, src := range drawn(tm, seed).Files {
				if hidden := hides(t, path, src); hidden != "" {
					t.Errorf("%s: seed %d: %s: %s", tm.Name, seed, path, hidden)
				}
			}
		}
	}
}

// hides describes a name bound twice, or is empty.
func hides(t *testing.T, path, src string) string {
	f, err := dialect.Parse(path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	globals := map[string]bool{}
	for _, stmt := range f.Stmts {
		switch stmt := stmt.(type) {
		case *syntax.LoadStmt:
			for _, name := range stmt.To {
				globals[name.Name] = true
			}
		case *syntax.DefStmt:
			globals[stmt.Name.Name] = true
		}
	}
	for _, stmt := range f.Stmts {
		def, ok := stmt.(*syntax.DefStmt)
		if !ok {
			continue
		}
		for name := range bound(def) {
			if globals[name] {
				return def.Name.Name + " hides " + name
			}
		}
	}
	return ""
}

// bound is every name that a function binds: parameters, targets of
// assignments and of loops.
func bound(def *syntax.DefStmt) map[string]bool {
	names := map[string]bool{}
	var bind func(e syntax.Expr)
	bind = func(e syntax.Expr) {
		switch e := e.(type) {
		case *syntax.Ident:
			names[e.Name] = true
		case *syntax.TupleExpr:
			for _, x := range e.List {
				bind(x)
			}
		case *syntax.BinaryExpr:
			bind(e.X)
		case *syntax.UnaryExpr:
			bind(e.X)
		}
	}
	for _, p := range def.Params {
		bind(p)
	}
	syntax.Walk(def, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			if _, index := n.LHS.(*syntax.IndexExpr); !index {
				bind(n.LHS)
			}
		case *syntax.ForStmt:
			bind(n.Vars)
		case *syntax.ForClause:
			bind(n.Vars)
		}
		return true
	})
	return names
}
