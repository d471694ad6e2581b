// Package proptest runs laws over random cases, with pgregory.net/rapid: a case
// that breaks a law is made as small as it goes, and printed with what was drawn
// for it and with the seed that draws it again.
//
// Under `go test` the cases are the same in every run; SWERM_SOAK=1, as `make
// soak` sets it, draws new ones, and many more of them. The flags of rapid
// (-rapid.seed, -rapid.checks) and its variables of the environment come before
// both.
package proptest

import (
	"flag"
	"os"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

const (
	flagSeed, flagChecks, flagNoFile = "rapid.seed", "rapid.checks", "rapid.nofailfile"

	checks, soakChecks = 100, 3000
)

// asked is what rapid was told by whoever runs the tests.
var asked = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for name, fallback := range map[string]string{flagSeed: "0", flagChecks: strconv.Itoa(checks), flagNoFile: "false"} {
		all[name] = flag.Lookup(name).Value.String() != fallback
	}
	return all
})

// Check fails t with the smallest case found that breaks the law. Of a law whose
// cases cost so many times what cheap ones do, as many times fewer are tried.
// Failures are printed, not kept in files beside the tests.
func Check(t *testing.T, cost int, law func(t *rapid.T)) {
	t.Helper()
	given := asked()
	set := func(name string, value int) {
		if !given[name] {
			was := flag.Lookup(name).Value.String()
			t.Cleanup(func() { tell(t, name, was) })
			tell(t, name, strconv.Itoa(value))
		}
	}
	set(flagNoFile, 1)
	if os.Getenv("SWERM_SOAK") == "1" {
		set(flagChecks, max(1, soakChecks/cost))
	} else {
		set(flagChecks, max(1, checks/cost))
		set(flagSeed, 1)
	}
	rapid.Check(t, law)
}

func tell(t *testing.T, name, value string) {
	t.Helper()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// edges are what lengths are cut at in the code that laws are about: lanes, rows of
// strips, panels, stripes and blocks.
var edges = []int{4, 6, 8, 12, 16, 32, 48, 64, 96}

// Length draws from 1 to most, every other time a multiple of what code cuts
// lengths at, or a neighbour of one.
func Length(most int) *rapid.Generator[int] {
	return rapid.Custom(func(t *rapid.T) int {
		if !rapid.Bool().Draw(t, "at an edge") {
			return rapid.IntRange(1, most).Draw(t, "any")
		}
		edge := rapid.SampledFrom(edges).Draw(t, "edge")
		times := rapid.IntRange(1, max(1, most/edge)).Draw(t, "times")
		return min(most, max(1, edge*times+rapid.IntRange(-1, 1).Draw(t, "beside")))
	})
}
