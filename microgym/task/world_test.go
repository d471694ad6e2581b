package task

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/swerm/swerm/microgym/mutate"
	"github.com/swerm/swerm/microgym/program"
)

// TestWorld checks some hundred tasks over all templates and says how they are
// distributed.
func TestWorld(t *testing.T) {
	if os.Getenv("SWERM_SOAK") == "" {
		t.Skip("set SWERM_SOAK=1 to check some hundred tasks")
	}
	n := 8 * len(program.Templates())
	templates, kinds, yield := map[string]int{}, map[mutate.Kind]int{}, map[[2]bool]int{}
	trees, covers, known := map[string]int{}, 0, 0
	right, fooled := map[mutate.Kind]float64{}, map[mutate.Kind]float64{}
	fixKinds := map[FixKind]int{}
	for i, x := range sample(t, 11, n) {
		holds(t, x)
		templates[x.Template]++
		kinds[x.BugKind]++
		trees[x.BaseCommit]++
		if x.VisibleCovers {
			covers++
		}
		known += len(x.KnownFailures)
		fixes, err := x.Fixes(context.Background(), stream(1, "world", i, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fixes {
			yield[[2]bool{f.Right, f.VisiblePass}]++
			fixKinds[f.Kind]++
			if f.Right {
				right[x.BugKind] += 1 / float64(len(fixes))
			} else if f.VisiblePass {
				fooled[x.BugKind] += 1 / float64(len(fixes))
			}
		}
	}
	t.Logf("%d tasks, %d trees, visible tests see the bug in %d, a known failure in %d", n, len(trees), covers, known)
	t.Logf("fixes by (right, visible pass): %v; by kind: %v", yield, fixKinds)
	for _, k := range mutate.Kinds() {
		if kinds[k] > 0 {
			t.Logf("%-20s %4d  right %.2f  fooled %.2f", k, kinds[k], right[k]/float64(kinds[k]), fooled[k]/float64(kinds[k]))
		}
	}
	for _, tmpl := range program.Templates() {
		if templates[tmpl.Name] < 4 {
			t.Errorf("template %s gave %d tasks", tmpl.Name, templates[tmpl.Name])
		}
	}
	if most := slices.Max(slices.Collect(mapValues(kinds))); most*12 > n || len(kinds) < 40 {
		t.Errorf("%d kinds, the most frequent one has %d of %d tasks", len(kinds), most, n)
	}
	if covers*100 < 50*n || covers*100 > 60*n {
		t.Errorf("visible tests see the bug in %d of %d tasks", covers, n)
	}
	if len(trees) < n*99/100 {
		t.Errorf("%d trees in %d tasks", len(trees), n)
	}
}

func mapValues[K comparable, V any](m map[K]V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}
