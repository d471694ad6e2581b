package task

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"go.starlark.net/syntax"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/program"
)

const (
	// maxFuncCases bounds the calls of one function that are evaluated: a test
	// file holds a dozen.
	maxFuncCases = 11
	// maxCaseBytes bounds a call with its value, so that a test is one line.
	maxCaseBytes = 110
	// searchSteps bounds some calls together of a program that is being tried:
	// right ones take up to two thousand steps each, most of them a tenth of
	// it, and what loops without end should end soon.
	searchSteps = 20_000
)

// A call is one case of a function and the value that the right program gives.
type call struct {
	fn   *program.Func
	rank int // place among the function's cases: ordinary ones first
	expr string
	want string
}

// calls draws cases of every function and evaluates them with the right code.
func calls(ctx context.Context, r *rand.Rand, p *program.Program) ([]call, error) {
	var all []call
	for i := range p.Funcs {
		fn := &p.Funcs[i]
		for _, rank := range chosenRanks(r, len(fn.Cases)) {
			all = append(all, call{fn: fn, rank: rank, expr: fn.Cases[rank]})
		}
	}
	values, err := evaluate(ctx, p.Files, all)
	if err != nil {
		return nil, err
	}
	kept := all[:0]
	for i, c := range all {
		c.want = values[i].Repr
		if values[i].Err == "" && testable(c) {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// chosenRanks draws which of n cases are used: the first ones, that anybody
// would try, and some of the others.
func chosenRanks(r *rand.Rand, n int) []int {
	const always = 5
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i
	}
	if n > maxFuncCases {
		rest := ranks[always:]
		r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		ranks = ranks[:maxFuncCases]
		slices.Sort(ranks)
	}
	return ranks
}

// testable says whether a test can be written for a value: its text has to be
// an expression again. What slips through fails with the right code too, and
// the draft is refused.
func testable(c call) bool {
	return len(c.expr)+len(c.want) <= maxCaseBytes && !strings.ContainsAny(c.expr+c.want, "\n") && c.want != "nan" &&
		!strings.Contains(c.want, "<function") && !strings.Contains(c.want, "<built") &&
		!strings.Contains(c.want, "+inf") && !strings.Contains(c.want, "-inf")
}

// evaluate gives the value of every call in a tree. All calls share a load of
// the tree, which costs more than they do; where one of them fails, those of
// each function do, and where it is among them each call gets its own. A
// program whose calls disturb each other could so be misjudged here, and is
// found out when its tests are run.
func evaluate(ctx context.Context, files map[string]string, all []call) ([]harness.Value, error) {
	out, err := together(ctx, files, all)
	if err != nil || out != nil && (len(out) == 0 || !runsAway(out[0])) {
		return out, err
	}
	var fns []*program.Func
	for _, c := range all {
		if !slices.Contains(fns, c.fn) {
			fns = append(fns, c.fn)
		}
	}
	out = make([]harness.Value, len(all))
	for _, fn := range fns {
		var at []int
		var mine []call
		for i, c := range all {
			if c.fn == fn {
				at, mine = append(at, i), append(mine, c)
			}
		}
		values, err := together(ctx, files, mine)
		if err == nil && values == nil {
			values, err = apart(ctx, files, mine)
		}
		if err != nil {
			return nil, err
		}
		for k, v := range values {
			out[at[k]] = v
		}
	}
	return out, nil
}

// together evaluates calls in one load. It is nil where one of them fails.
// What is evaluated is a function of the preamble: the text is the same for
// every tree, so that the harness compiles it once.
func together(ctx context.Context, files map[string]string, all []call) ([]harness.Value, error) {
	if len(all) == 0 {
		return []harness.Value{}, nil
	}
	var b strings.Builder
	b.WriteString(loads(functions(all)))
	b.WriteString("def values_(): return [")
	for _, c := range all {
		b.WriteString("repr(" + c.expr + "), ")
	}
	b.WriteString("]\n")
	got, err := harness.Eval(ctx, files, b.String(), []string{"values_()"}, harness.Limits{Steps: searchSteps})
	if err != nil {
		return nil, err
	}
	if runsAway(got[0]) {
		return slices.Repeat(got, len(all)), nil
	}
	reprs, ok := stringList(got[0].Repr)
	if got[0].Err != "" || !ok || len(reprs) != len(all) {
		return nil, nil
	}
	values := make([]harness.Value, len(all))
	for i, r := range reprs {
		values[i].Repr = r
	}
	return values, nil
}

// apart evaluates each call in a load of its own.
func apart(ctx context.Context, files map[string]string, all []call) ([]harness.Value, error) {
	exprs := make([]string, len(all))
	for i, c := range all {
		exprs[i] = c.expr
	}
	return harness.Eval(ctx, files, loads(functions(all)), exprs, harness.Limits{Steps: searchSteps})
}

func functions(all []call) []*program.Func {
	fns := make([]*program.Func, len(all))
	for i, c := range all {
		fns[i] = c.fn
	}
	return fns
}

// runsAway says whether an expression ended because it took too long.
func runsAway(v harness.Value) bool { return strings.HasPrefix(v.Err, "LimitExceeded") }

// stringList reads the repr of a list of strings.
func stringList(repr string) ([]string, bool) {
	e, err := new(syntax.FileOptions).ParseExpr("list", repr, 0)
	if err != nil {
		return nil, false
	}
	list, ok := e.(*syntax.ListExpr)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list.List))
	for i, x := range list.List {
		l, ok := x.(*syntax.Literal)
		if !ok || l.Token != syntax.STRING {
			return nil, false
		}
		out[i] = l.Value.(string)
	}
	return out, true
}

// loads writes the load statements of some functions, a line for each file.
func loads(fns []*program.Func) string {
	names := map[string][]string{}
	for _, fn := range fns {
		if !slices.Contains(names[fn.File], fn.Name) {
			names[fn.File] = append(names[fn.File], fn.Name)
		}
	}
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[file])
		fmt.Fprintf(&b, "load(%q, %s)\n", file, `"`+strings.Join(names[file], `", "`)+`"`)
	}
	return b.String()
}

// reaching lists the calls whose functions come to the named one, directly or
// by others: no other call can see an edit of it. A name in the text of a
// function counts as a use.
func reaching(files map[string]string, all []call, name string) []int {
	bodies := map[string]string{}
	for p, src := range files {
		for i, part := range strings.Split("\n"+src, "\ndef ") {
			if fn, _, ok := strings.Cut(part, "("); ok && i > 0 {
				bodies[fn+" "+p] = part
			}
		}
	}
	reached := map[string]bool{name: true}
	for grown := true; grown; {
		grown = false
		for key, body := range bodies {
			fn, _, _ := strings.Cut(key, " ")
			if !reached[fn] && mentionsAny(body, reached) {
				reached[fn], grown = true, true
			}
		}
	}
	var out []int
	for i, c := range all {
		if reached[c.fn.Name] {
			out = append(out, i)
		}
	}
	return out
}

func mentionsAny(body string, names map[string]bool) bool {
	word := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	for w := range strings.FieldsFuncSeq(body, word) {
		if names[w] {
			return true
		}
	}
	return false
}
