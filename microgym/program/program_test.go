package program

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

const (
	seeds    = 20
	maxLines = 60 // source lines of a whole program: what a model can read cheaply
	minCases = 10
	minFuncs = 3
)

// drawn builds a template's program for a seed, as the world does.
func drawn(t Template, seed uint64) Program {
	h := fnv.New64a()
	h.Write([]byte(t.Name))
	return t.Build(rand.New(rand.NewPCG(seed, h.Sum64())))
}

// tree loads modules of a program with go.starlark.net alone, so that what
// holds here holds without the harness's own builtins.
type tree struct {
	files  map[string]string
	loaded map[string]starlark.StringDict
	seen   map[string][]string
}

var dialect = &syntax.FileOptions{Set: true, Recursion: true, GlobalReassign: true}

const maxSteps = 25_000 // a case: some 0.3 ms, since tasks run hundreds of them

func (tr *tree) load(path string) (starlark.StringDict, error) {
	if globals, ok := tr.loaded[path]; ok {
		return globals, nil
	}
	src, ok := tr.files[path]
	if !ok {
		return nil, fmt.Errorf("no file %s", path)
	}
	th := &starlark.Thread{Load: func(_ *starlark.Thread, p string) (starlark.StringDict, error) { return tr.load(p) }}
	th.SetMaxExecutionSteps(maxSteps)
	globals, err := starlark.ExecFileOptions(dialect, th, path, src, builtins)
	if err == nil {
		tr.loaded[path] = globals
	}
	return globals, err
}

var builtins = starlark.StringDict{
	"math":   math.Module,
	"struct": starlark.NewBuiltin("struct", starlarkstruct.Make),
}

// answers evaluates every case of a function: its value, or an error.
func (tr *tree) answers(f Func) ([]string, []error) {
	globals, err := tr.load(f.File)
	if err != nil {
		return nil, []error{err}
	}
	out, errs := make([]string, len(f.Cases)), make([]error, len(f.Cases))
	// One parse for all is cheaper; a function that fails or takes long is
	// looked at case by case.
	if all, err := eval("["+strings.Join(f.Cases, ", ")+"]", globals); err == nil {
		for i := range out {
			out[i] = all.(*starlark.List).Index(i).String()
		}
		return out, errs
	}
	for i, c := range f.Cases {
		v, err := eval(c, globals)
		if errs[i] = err; err == nil {
			out[i] = v.String()
		}
	}
	return out, errs
}

func eval(expr string, env starlark.StringDict) (starlark.Value, error) {
	th := &starlark.Thread{}
	th.SetMaxExecutionSteps(maxSteps)
	return starlark.EvalOptions(dialect, th, "case", expr, env)
}

func newTree(files map[string]string) *tree {
	return &tree{files: files, loaded: map[string]starlark.StringDict{}, seen: map[string][]string{}}
}

// soaked is how many seeds to try: more when a long check was asked for.
func soaked() int {
	if os.Getenv("SWERM_SOAK") != "" {
		return 500
	}
	return seeds
}

func TestEveryTemplateHolds(t *testing.T) {
	for _, tm := range Templates() {
		t.Run(tm.Name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(soaked()) {
				p := drawn(tm, seed)
				if problems := faults(p); len(problems) > 0 {
					t.Fatalf("seed %d:\n%s\n%s", seed, strings.Join(problems, "\n"), source(p))
				}
			}
		})
	}
}

// faults lists what is wrong with a program.
func faults(p Program) []string {
	var out []string
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if n := len(p.Files); n < 2 || n > 4 {
		bad("%d modules, want 2 to 4", n)
	}
	if n := len(p.Funcs); n < minFuncs {
		bad("%d functions, want %d", n, minFuncs)
	}
	if _, ok := p.Files[p.Target]; !ok {
		bad("target %q is no file", p.Target)
	}
	lines, calls := 0, 0
	for path, src := range p.Files {
		if !strings.HasPrefix(path, p.Package+"/") || !strings.HasSuffix(path, ".star") {
			bad("path %q", path)
		}
		lines += strings.Count(src, "\n")
		calls += strings.Count(src, `load("`)
		out = append(out, fileFaults(path, src)...)
	}
	if lines > maxLines {
		bad("%d lines, want at most %d", lines, maxLines)
	}
	if calls == 0 {
		bad("no module loads another")
	}
	tr := newTree(p.Files)
	for _, f := range p.Funcs {
		out = append(out, funcFaults(tr, f)...)
	}
	return out
}

var tooWide = regexp.MustCompile(`(?m)^.{101,}$`)

func fileFaults(path, src string) []string {
	var out []string
	if !strings.HasSuffix(src, "\n") || strings.Contains(src, "\n\n\n") || strings.Contains(src, "\t") ||
		strings.Contains(src, " \n") || strings.Contains(src, "$") || strings.Contains(src, "  #") {
		out = append(out, path+": untidy text")
	}
	if line := tooWide.FindString(src); line != "" {
		out = append(out, path+": a line too wide: "+line)
	}
	f, err := dialect.Parse(path, src, 0)
	if err != nil {
		return append(out, err.Error())
	}
	for _, stmt := range f.Stmts {
		if def, ok := stmt.(*syntax.DefStmt); ok && !documented(def) {
			out = append(out, path+": "+def.Name.Name+" has no docstring")
		}
	}
	return out
}

func documented(def *syntax.DefStmt) bool {
	first, ok := def.Body[0].(*syntax.ExprStmt)
	if !ok {
		return false
	}
	lit, ok := first.X.(*syntax.Literal)
	return ok && lit.Token == syntax.STRING && len(def.Body) > 1
}

func funcFaults(tr *tree, f Func) []string {
	var out []string
	if len(f.Cases) < minCases {
		out = append(out, fmt.Sprintf("%s: %d cases, want %d", f.Name, len(f.Cases), minCases))
	}
	if len(strings.Fields(f.Summary)) < 4 || strings.HasSuffix(f.Summary, ".") {
		out = append(out, f.Name+": summary "+f.Summary)
	}
	values, errs := tr.answers(f)
	for i, err := range errs {
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %s: %v", f.Name, f.Cases[min(i, len(f.Cases)-1)], err))
		}
	}
	if len(out) == 0 {
		text := "[" + strings.Join(values, ", ") + "]"
		if back, err := eval(text, nil); err != nil || back.String() != text {
			out = append(out, fmt.Sprintf("%s: %s does not read back", f.Name, text))
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(values)))) < 2 {
		out = append(out, f.Name+": every case has the same answer")
	}
	for _, c := range f.Cases {
		if !strings.HasPrefix(c, f.Name+"(") || strings.Contains(c, "$") {
			out = append(out, f.Name+": case "+c)
		}
	}
	return out
}

func source(p Program) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(p.Files)) {
		fmt.Fprintf(&b, "# %s\n%s", path, p.Files[path])
	}
	return b.String()
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, tm := range Templates() {
		if seen[tm.Name] || !snake.MatchString(tm.Name) || tm.Domain == "" {
			t.Errorf("template %q of %q: taken or no snake case", tm.Name, tm.Domain)
		}
		seen[tm.Name] = true
	}
}

func TestSeedsGiveOtherPrograms(t *testing.T) {
	for _, tm := range Templates() {
		texts := map[string]bool{}
		for seed := range uint64(seeds) {
			p := drawn(tm, seed)
			texts[source(p)] = true
			if again := drawn(tm, seed); fmt.Sprint(again) != fmt.Sprint(p) {
				t.Fatalf("%s: seed %d gives two programs", tm.Name, seed)
			}
		}
		if len(texts) < seeds-1 {
			t.Errorf("%s: %d texts from %d seeds", tm.Name, len(texts), seeds)
		}
	}
}

// TestCasesSeeBugs plants small bugs in the target, one at a time, and holds
// that the cases notice most of them. With -v it lists what goes unseen.
func TestCasesSeeBugs(t *testing.T) {
	for _, tm := range Templates() {
		for seed := range uint64(soaked()) / seeds {
			seesBugs(t, tm, drawn(tm, seed))
		}
	}
}

func seesBugs(t *testing.T, tm Template, p Program) {
	const least = 0.7 // some edits change nothing a caller could see
	want := newTree(p.Files)
	planted, split, unseen := 0, 0, []string(nil)
	for _, bug := range smallBugs(p.Files[p.Target]) {
		files := maps.Clone(p.Files)
		files[p.Target] = bug.src
		same, differ := compare(p, want, newTree(files))
		planted++
		if same && differ {
			split++
		}
		if !differ {
			unseen = append(unseen, bug.name)
		}
	}
	t.Logf("%s: %d of %d bugs seen in %s; unseen:\n  %s", tm.Name, split, planted, p.Target, strings.Join(unseen, "\n  "))
	if planted < 8 || float64(split) < least*float64(planted) {
		t.Errorf("%s: the cases tell %d of %d small bugs in %s from correct", tm.Name, split, planted, p.Target)
	}
}

// compare says whether two trees agree on some case and differ on some; it
// looks no further once both are known.
func compare(p Program, a, b *tree) (same, differ bool) {
	for _, f := range p.Funcs {
		want, got := a.known(f), b.known(f)
		for i := range want {
			if got[i] == want[i] {
				same = true
			} else {
				differ = true
			}
		}
		if same && differ {
			break
		}
	}
	return same, differ
}

// known is answers with "error" for a case that fails, computed once.
func (tr *tree) known(f Func) []string {
	if values, ok := tr.seen[f.Name]; ok {
		return values
	}
	values, errs := tr.answers(f)
	if values == nil {
		values, errs = make([]string, len(f.Cases)), slices.Repeat(errs[:1], len(f.Cases))
	}
	for i := range values {
		if errs[i] != nil {
			values[i] = "error"
		}
	}
	tr.seen[f.Name] = values
	return values
}

type smallBug struct{ name, src string }

var (
	stringOrDoc = regexp.MustCompile(`(?s)""".*?"""|"[^"\n]*"`)
	operator    = regexp.MustCompile(`<=|>=|==|!=| < | > | \+ | - | and | or |\b\d+\b|, reverse=True|\bnot `)
)

// smallBugs edits one operator or constant at a time outside of strings.
func smallBugs(src string) []smallBug {
	code := stringOrDoc.ReplaceAllStringFunc(src, func(s string) string { return strings.Repeat("_", len(s)) })
	var out []smallBug
	for _, at := range operator.FindAllStringIndex(code, -1) {
		old := code[at[0]:at[1]]
		line := src[:at[1]]
		line = strings.TrimSpace(line[strings.LastIndex(line, "\n")+1:] + strings.SplitN(src[at[1]:], "\n", 2)[0])
		for _, repl := range replacements(old) {
			out = append(out, smallBug{fmt.Sprintf("%s -> %s: %s", old, repl, line), src[:at[0]] + repl + src[at[1]:]})
		}
	}
	return out
}

func replacements(old string) []string {
	swap := map[string]string{"<=": "<", ">=": ">", "==": "!=", "!=": "==", " < ": " <= ", " > ": " >= ",
		" + ": " - ", " - ": " + ", " and ": " or ", " or ": " and ", ", reverse=True": "", "not ": ""}
	if repl, ok := swap[old]; ok {
		return []string{repl}
	}
	return []string{old + " + 1"}
}

func TestTargetIsNotTheWholeProgram(t *testing.T) {
	for _, tm := range Templates() {
		p, inTarget := drawn(tm, 1), 0
		for _, f := range p.Funcs {
			if f.File == p.Target {
				inTarget++
			}
		}
		if inTarget == 0 || len(p.Files) < 2 {
			t.Errorf("%s: %d public functions in %s", tm.Name, inTarget, p.Target)
		}
	}
}

// TestShow prints the program named by SWERM_TEMPLATE with its answers, for
// whoever writes one.
func TestShow(t *testing.T) {
	name := os.Getenv("SWERM_TEMPLATE")
	if name == "" {
		t.Skip("set SWERM_TEMPLATE to a template's name to read one of its programs")
	}
	for _, tm := range Templates() {
		if tm.Name != name && tm.Domain != name {
			continue
		}
		p := drawn(tm, 3)
		fmt.Printf("== %s\n%s", tm.Name, source(p))
		for _, f := range p.Funcs {
			values, errs := newTree(p.Files).answers(f)
			fmt.Printf("-- %s: %s\n", f.Name, f.Summary)
			for i, v := range values {
				fmt.Printf("   %s = %s %v\n", f.Cases[i], v, errs[i])
			}
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	all := Templates()
	n := 0
	for _, tm := range all {
		n += len(source(drawn(tm, 1)))
	}
	b.SetBytes(int64(n))
	for b.Loop() {
		for _, tm := range all {
			drawn(tm, 1)
		}
	}
}
