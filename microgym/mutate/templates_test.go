package mutate_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/syntax"

	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/mutate"
	"github.com/swerm/swerm/microgym/program"
)

// programs draws members of every template: two, or ten in a soak.
func programs(t *testing.T, each func(name string, p program.Program)) {
	n := 1
	if os.Getenv("SWERM_SOAK") != "" {
		n = 8
	}
	for _, tmpl := range program.Templates() {
		for seed := range n {
			each(fmt.Sprintf("%s/%d", tmpl.Name, seed), tmpl.Build(rand.New(rand.NewPCG(uint64(seed), 77))))
		}
	}
}

// TestEveryEditOfEveryTemplate holds that each edit changes the text and
// parses, and that together the templates have a place for nearly every kind.
func TestEveryEditOfEveryTemplate(t *testing.T) {
	count := map[mutate.Kind]int{}
	options := syntax.FileOptions{Set: true, GlobalReassign: true, Recursion: true}
	programs(t, func(name string, p program.Program) {
		src := p.Files[p.Target]
		bugs, err := mutate.Bugs(p.Target, src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rewrites, err := mutate.Rewrites(p.Target, src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range slices.Concat(bugs, rewrites) {
			count[e.Kind]++
			out := e.Apply(src)
			if out == src {
				t.Errorf("%s: %s at line %d changes nothing", name, e.Kind, e.Line)
			}
			if _, err := options.Parse(p.Target, out, 0); err != nil {
				t.Errorf("%s: %s at line %d: %v\n%s", name, e.Kind, e.Line, err, e.NewLines(src))
			}
		}
		if len(bugs) < 20 || len(rewrites) < 5 {
			t.Errorf("%s: %d bugs and %d rewrites", name, len(bugs), len(rewrites))
		}
	})
	for _, k := range slices.Concat(mutate.Kinds(), mutate.RewriteKinds()) {
		if count[k] == 0 && k != mutate.ContractAugment { // the templates write x += y
			t.Errorf("no template has a place for %s", k)
		}
	}
}

// TestRewritesKeepValues runs every case of every function before and after
// each rewrite.
func TestRewritesKeepValues(t *testing.T) {
	programs(t, func(name string, p program.Program) {
		if os.Getenv("SWERM_SOAK") == "" && !strings.HasSuffix(name, "/0") {
			return
		}
		rewrites, err := mutate.Rewrites(p.Target, p.Files[p.Target])
		if err != nil {
			t.Fatal(err)
		}
		rewrites = thinned(rewrites)
		want := values(t, p, p.Files)
		files := maps.Clone(p.Files)
		for _, e := range rewrites {
			files[p.Target] = e.Apply(p.Files[p.Target])
			if got := values(t, p, files); got != want {
				t.Errorf("%s: %s at line %d: values differ\n%s\n%s", name, e.Kind, e.Line, e.OldLines(p.Files[p.Target]), e.NewLines(p.Files[p.Target]))
			}
		}
	})
}

// thinned keeps two rewrites of a kind where the test should be short.
func thinned(edits []mutate.Edit) []mutate.Edit {
	if os.Getenv("SWERM_SOAK") != "" {
		return edits
	}
	n := map[mutate.Kind]int{}
	return slices.DeleteFunc(edits, func(e mutate.Edit) bool {
		n[e.Kind]++
		return n[e.Kind] > 2 || e.Kind == mutate.AddComment
	})
}

// values is what all cases give, in one load of the tree.
func values(t *testing.T, p program.Program, files map[string]string) string {
	t.Helper()
	var loads, calls []string
	for _, fn := range p.Funcs {
		loads = append(loads, fmt.Sprintf("load(%q, %q)", fn.File, fn.Name))
		calls = append(calls, fn.Cases...)
	}
	got, err := harness.Eval(context.Background(), files, strings.Join(loads, "\n"), []string{"[" + strings.Join(calls, ", ") + "]"}, harness.Limits{})
	if err != nil || got[0].Err != "" {
		t.Fatalf("%s: %v %s\n%s", p.Target, err, got[0].Err, files[p.Target])
	}
	return got[0].Repr
}
