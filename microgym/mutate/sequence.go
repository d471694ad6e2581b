package mutate

import (
	"strconv"

	"go.starlark.net/syntax"
)

// rangeBugs moves the ends of range(…).
func (f *function) rangeBugs(n *syntax.CallExpr) {
	for _, a := range n.Args {
		if !positional(a) {
			return
		}
	}
	switch len(n.Args) {
	case 1:
		f.edit(RangeStart, f.start(n.Args[0]), f.start(n.Args[0]), "1, ")
		f.minusOne(RangeEnd, n.Args[0])
		f.plusOne(RangeEnd, n.Args[0])
	case 2, 3:
		f.plusOne(RangeStart, n.Args[0])
		if v, ok := integer(n.Args[0]); !ok || v > 0 {
			f.minusOne(RangeStart, n.Args[0])
		}
		f.minusOne(RangeEnd, n.Args[1])
		f.plusOne(RangeEnd, n.Args[1])
	}
}

func (f *function) indexBugs(n *syntax.IndexExpr) {
	if isString(n.Y) {
		return // stringBugs
	}
	if v, ok := integer(n.Y); ok {
		f.replace(WrongIndex, n.Y, strconv.FormatInt(v+1, 10))
		if v == 0 {
			f.replace(WrongIndex, n.Y, "-1")
		} else {
			f.replace(WrongIndex, n.Y, strconv.FormatInt(v-1, 10))
		}
		return
	}
	switch y := n.Y.(type) {
	case *syntax.UnaryExpr:
		if v, ok := integer(y.X); ok && y.Op == syntax.MINUS {
			f.replace(WrongIndex, y, "0")
			f.replace(WrongIndex, y, "-"+strconv.FormatInt(v+1, 10))
		}
	case *syntax.BinaryExpr:
		if v, ok := integer(y.Y); ok && v == 1 && (y.Op == syntax.PLUS || y.Op == syntax.MINUS) {
			f.replace(WrongIndex, y, f.str(y.X))
		}
	case *syntax.Ident:
		if f.counts(y.Name) {
			f.replace(WrongIndex, y, y.Name+" - 1")
		}
	}
}

// counts says whether a name is the number of a loop over range or enumerate,
// and so an index rather than a key.
func (f *function) counts(local string) bool {
	for _, s := range f.steps {
		loop, ok := s.stmt.(*syntax.ForStmt)
		if !ok {
			continue
		}
		_, fn := called(loop.X)
		if fn == "range" && name(loop.Vars) == local {
			return true
		}
		if t, ok := loop.Vars.(*syntax.TupleExpr); ok && fn == "enumerate" && name(t.List[0]) == local {
			return true
		}
	}
	return false
}

func (f *function) sliceBugs(n *syntax.SliceExpr) {
	if n.Lo == nil && n.Hi == nil {
		if n.Step == nil {
			f.replace(MissingCopy, n, f.str(n.X))
		} else {
			f.replace(LostCall, n, f.str(n.X))
		}
		return
	}
	after := f.offset(n.Lbrack) + 1
	switch {
	case n.Lo == nil && n.Step == nil:
		f.edit(WrongSlice, after, after, "1")
	case n.Lo != nil:
		f.plusOne(WrongSlice, n.Lo)
		if v, ok := integer(n.Lo); ok && v == 1 {
			f.replace(WrongSlice, n.Lo, "")
		} else if !ok {
			f.minusOne(WrongSlice, n.Lo)
		}
	}
	if n.Hi == nil {
		return
	}
	if u, ok := n.Hi.(*syntax.UnaryExpr); ok && u.Op == syntax.MINUS {
		if v, ok := integer(u.X); ok {
			f.replace(WrongSlice, n.Hi, "-"+strconv.FormatInt(v+1, 10))
		}
		f.replace(WrongSlice, n.Hi, "")
		return
	}
	f.minusOne(WrongSlice, n.Hi)
	f.plusOne(WrongSlice, n.Hi)
}

// maxKeys bounds the keys and separators that one may be taken for.
const maxKeys = 3

// stringBugs proposes another key, or another separator.
func (f *function) stringBugs(p *point, n *syntax.Literal) {
	if len(n.Raw) < 2 || n.Raw[0] != '"' && n.Raw[0] != '\'' || len(n.Raw) >= 6 && n.Raw[1] == n.Raw[0] {
		return
	}
	switch up := f.parent(p).(type) {
	case nil:
		if p.role == preset {
			f.separatorBugs(WrongDefault, n)
		}
	case *syntax.IndexExpr:
		if up.Y == n {
			f.keyBugs(n)
		}
	case *syntax.BinaryExpr:
		if (up.Op == syntax.IN || up.Op == syntax.NOT_IN) && up.X == n {
			f.keyBugs(n)
		}
		if up.Op == syntax.PLUS {
			f.separatorBugs(WrongSeparator, n)
		}
	case *syntax.DotExpr:
		if up.Name.Name == "join" {
			f.separatorBugs(WrongSeparator, n)
		}
	case *syntax.CallExpr:
		_, fn := called(up)
		if len(up.Args) == 0 || up.Args[0] != n {
			return
		}
		switch fn {
		case ".get", ".pop", ".setdefault":
			f.keyBugs(n)
		case ".split", ".rsplit", ".partition", ".rpartition", ".strip", ".rstrip", ".lstrip":
			f.separatorBugs(WrongSeparator, n)
		}
	}
}

// keyBugs takes a key for another of the file.
func (f *function) keyBugs(n *syntax.Literal) {
	made := 0
	for _, key := range f.keys() {
		if key != n.Raw && made < maxKeys {
			f.replace(WrongKey, n, key)
			made++
		}
	}
}

// keys lists the strings of the file that index something or are keys of a
// literal, in the order of the text.
func (f *function) keys() []string {
	if f.keyTexts != nil {
		return f.keyTexts
	}
	f.keyTexts = []string{}
	add := func(e syntax.Expr) {
		if l, ok := e.(*syntax.Literal); ok && l.Token == syntax.STRING && simple(l.Raw) {
			for _, k := range f.keyTexts {
				if k == l.Raw {
					return
				}
			}
			f.keyTexts = append(f.keyTexts, l.Raw)
		}
	}
	syntax.Walk(f.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.IndexExpr:
			add(n.Y)
		case *syntax.DictEntry:
			add(n.Key)
		case *syntax.CallExpr:
			if _, fn := called(n); (fn == ".get" || fn == ".pop") && len(n.Args) > 0 {
				add(n.Args[0])
			}
		}
		return true
	})
	return f.keyTexts
}

// separators lists short strings and what they are taken for.
var separators = [][]string{
	{"", " "}, {" ", ""}, {", ", ","}, {",", ", "}, {"; ", ";"}, {";", ","}, {"-", ""}, {"_", "-"},
	{":", ""}, {": ", ":"}, {"/", ""}, {"\\n", " "}, {"|", ","}, {" | ", "|"}, {".", ""}, {"=", ":"}, {"+", "-"},
}

func (f *function) separatorBugs(k Kind, n *syntax.Literal) {
	quote := n.Raw[:1]
	raw := n.Raw[1 : len(n.Raw)-1]
	call := f.splits(n)
	for _, row := range separators {
		if row[0] != raw {
			continue
		}
		if row[1] == "" && call { // split("") is an error, not a wrong answer
			continue
		}
		f.replace(k, n, quote+row[1]+quote)
	}
}

// splits says whether a literal is what a split splits at.
func (f *function) splits(n *syntax.Literal) bool {
	for i := range f.points {
		c, fn := called(f.points[i].expr)
		if c != nil && len(c.Args) > 0 && c.Args[0] == n {
			return fn == ".split" || fn == ".rsplit" || fn == ".partition" || fn == ".rpartition"
		}
	}
	return false
}
