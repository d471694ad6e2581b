package regrade_test

import (
	"context"
	"testing"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/regrade"
)

func TestLegacySummariesAreReproduced(t *testing.T) {
	ctx := context.Background()
	tree, err := regrade.Open(ctx, testpath.Real(t, "swebench-logs", "legacy-2024"), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	summaries, err := tree.Summaries(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	byTests, byApplied := 0, 0
	for _, s := range summaries {
		all, err := regrade.AgainstSummary(ctx, tree, s, regrade.AgainstOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if !c.Agrees() {
				t.Errorf("%s: %v %s, want %s: %v", c.Path, c.Err, c.Got, c.Want, c.Tests)
			}
			if s.Cases != nil {
				byTests++
			} else {
				byApplied++
			}
		}
	}
	t.Logf("%d summaries, %d logs by their tests, %d by whether the patch was applied", len(summaries), byTests, byApplied)
	if byTests != 91 {
		t.Errorf("%d logs have tests in a summary", byTests)
	}
}
