package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/program"
)

const (
	// maxFuncCases bounds the calls of one function that are evaluated: a test
	// file holds a dozen.
	maxFuncCases = 12
	// maxCaseBytes bounds a call with its value, so that a test is one line.
	maxCaseBytes = 110
	// searchSteps bounds a call of a mutated program: right ones take up to
	// some thousand steps, and what loops without end should end soon.
	searchSteps = 50_000
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

// evaluate gives the value of every call in a tree.
func evaluate(ctx context.Context, files map[string]string, all []call) ([]harness.Value, error) {
	exprs := make([]string, len(all))
	var fns []*program.Func
	for i, c := range all {
		exprs[i] = c.expr
		if !slices.Contains(fns, c.fn) {
			fns = append(fns, c.fn)
		}
	}
	return harness.Eval(ctx, files, loads(fns), exprs, harness.Limits{Steps: searchSteps})
}

// loads writes the load statements of some functions, a line for each file.
func loads(fns []*program.Func) string {
	var b strings.Builder
	var done []string
	for _, fn := range fns {
		if slices.Contains(done, fn.File) {
			continue
		}
		done = append(done, fn.File)
		var names []string
		for _, other := range fns {
			if other.File == fn.File && !slices.Contains(names, other.Name) {
				names = append(names, other.Name)
			}
		}
		slices.Sort(names)
		fmt.Fprintf(&b, "load(%q, %s)\n", fn.File, `"`+strings.Join(names, `", "`)+`"`)
	}
	return b.String()
}
