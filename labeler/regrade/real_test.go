package regrade_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/regrade"
)

func against(t testing.TB, root string) []*regrade.Comparison {
	t.Helper()
	ctx := context.Background()
	tree, err := regrade.Open(ctx, root, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	all, err := regrade.Against(ctx, tree, regrade.AgainstOptions{Statuses: true})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRealReportsAreReproduced(t *testing.T) {
	root := testpath.Real(t, "swebench-logs")
	n := 0
	rules := map[string]int{}
	for _, c := range against(t, root) {
		if !c.Agrees() {
			t.Errorf("%s: %v %s, want %s, %s: %v", c.Path, c.Err, c.Got, c.Want, c.Result.Rules.Name, c.Tests)
		}
		rules[c.Result.Rules.Name]++
		n++
		text, err := os.ReadFile(filepath.Join(root, c.Path, "expected_status.json"))
		if err != nil {
			continue
		}
		var want struct{ Status map[string]string }
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Status, c.Status); d != "" {
			t.Errorf("%s: %s", c.Path, d)
		}
	}
	if n != 176 {
		t.Errorf("%d logs have a report", n)
	}
	t.Log(rules)
}

func TestAPackedTreeIsAsItsFolder(t *testing.T) {
	for _, c := range against(t, testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz")) {
		if !c.Agrees() {
			t.Errorf("%s: %v %s, want %s, %s: %v", c.Path, c.Err, c.Got, c.Want, c.Result.Rules.Name, c.Tests)
		}
		if !strings.Contains(c.Path, c.Instance) {
			t.Errorf("%s is of %s", c.Path, c.Instance)
		}
	}
}
