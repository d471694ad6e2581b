package proptest

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSameCases: a run draws what the run before it drew, lengths at edges and beside
// them among it.
func TestSameCases(t *testing.T) {
	if asked()[flagSeed] || asked()[flagChecks] || testing.Short() {
		t.Skip("other cases were asked for")
	}
	t.Setenv("SWERM_SOAK", "")
	draw := func(cost int) (all []int) {
		Check(t, cost, func(t *rapid.T) { all = append(all, Length(200).Draw(t, "n")) })
		return all
	}
	first, second, fewer := draw(1), draw(1), draw(4)
	if !slices.Equal(first, second) || len(first) != checks {
		t.Errorf("%d cases differ from %d of another run", len(first), len(second))
	}
	if len(fewer) != checks/4 {
		t.Errorf("%d cases of a costly law", len(fewer))
	}
	for _, near := range []int{15, 16, 17} {
		if !slices.ContainsFunc(first, func(n int) bool { return n%16 == near%16 && n > 1 }) {
			t.Errorf("no length like %d", near)
		}
	}
	if slices.Min(first) < 1 || slices.Max(first) > 200 {
		t.Error("lengths outside of 1 to 200")
	}
}
