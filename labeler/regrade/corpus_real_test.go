package regrade_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/regrade"
)

var update = flag.Bool("update", false, "rewrite the table of docs/grading.md")

// group is a part of the real corpus: logs under a prefix of their path.
type group struct {
	name     string
	all      []*regrade.Comparison
	findings map[string]int // on logs that the harness resolved
}

// corpus grades every real log that has a report or a summary.
func corpus(t *testing.T) []*group {
	ctx := context.Background()
	byName := map[string]*group{}
	add := func(name string, c *regrade.Comparison) {
		g := byName[name]
		if g == nil {
			g = &group{name: name, findings: map[string]int{}}
			byName[name] = g
		}
		g.all = append(g.all, c)
		if c.Want == "resolved" {
			for _, f := range c.Result.Findings {
				g.findings[f]++
			}
		}
	}
	for _, root := range []string{"swebench-logs", "packed/mini-deepseek-chat.tar.xz"} {
		tree, err := regrade.Open(ctx, testpath.Real(t, filepath.FromSlash(root)), archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := regrade.Against(ctx, tree, regrade.AgainstOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			parts := strings.Split(c.Path, "/")
			add(root+"/"+strings.Join(parts[:len(parts)-1], "/"), c)
		}
		summaries, err := tree.Summaries(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range summaries {
			all, err := regrade.AgainstSummary(ctx, tree, s, regrade.AgainstOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				add(root+"/"+s.Path+" ("+s.File+")", c)
			}
		}
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var groups []*group
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		groups = append(groups, byName[name])
	}
	return groups
}

func (g *group) row() string {
	agree, rules, verdicts := 0, map[string]int{}, map[string]int{}
	for _, c := range g.all {
		if c.Agrees() {
			agree++
		}
		rules[c.Result.Rules.Name]++
		verdicts[string(c.Result.Verdict)]++
	}
	return fmt.Sprintf("| %s | %d | %d | %s | %s | %s |\n", g.name, len(g.all), agree, tally(rules), tally(verdicts), tally(g.findings))
}

func tally(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%d %s", m[k], k))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

// TestCorpusTable holds the table of docs/grading.md against the real logs.
func TestCorpusTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("| logs of | logs | reports reproduced | by rule set | our verdicts | findings where the harness resolved |\n|---|---|---|---|---|---|\n")
	for _, g := range corpus(t) {
		table.WriteString(g.row())
		for _, c := range g.all {
			if !c.Agrees() {
				t.Errorf("%s: %v %s, want %s: %v", c.Path, c.Err, c.Got, c.Want, c.Tests)
			}
		}
	}
	file := filepath.Join(testpath.Root(), "docs", "grading.md")
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- corpus -->\n", "<!-- /corpus -->\n"
	a, b := bytes.Index(doc, []byte(from)), bytes.Index(doc, []byte(to))
	if a < 0 || b < a {
		t.Fatalf("%s has no place for the table", file)
	}
	a += len(from)
	if *update {
		doc = slices.Concat(doc[:a], []byte(table.String()), doc[b:])
		if err := os.WriteFile(file, doc, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(doc[a:b]) != table.String() {
		t.Errorf("the table of %s is not fresh: run `go test ./labeler/regrade -run TestCorpusTable -update`; it is\n%s", file, table.String())
	}
}
