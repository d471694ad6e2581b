package mixer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/pipeline"
)

func splitConfig() *SplitConfig {
	return &SplitConfig{By: ByTask, Method: MethodHash, Fractions: Fractions{0.8, 0.1, 0.1}}
}

// repos is a pool in which ten tasks share a repository.
func repos(tasks, attempts int) []pipeline.Selection {
	rows := wide(tasks, attempts)
	for i := range rows {
		var t int
		fmt.Sscanf(rows[i].TaskID, "task-%d", &t)
		repo := fmt.Sprint("repo-", t/10)
		rows[i].Repo = &repo
		rows[i].Split = ""
	}
	return rows
}

func mustAssign(t *testing.T, rows []pipeline.Selection, c *SplitConfig) *SplitReport {
	t.Helper()
	report, err := Assign(rows, c)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSplitSharesAndWholeGroups(t *testing.T) {
	for _, by := range []string{ByTask, ByRepo} {
		for _, method := range []string{MethodHash, MethodExact} {
			t.Run(by+"/"+method, func(t *testing.T) {
				rows := repos(3000, 4)
				c := splitConfig()
				c.By, c.Method = by, method
				report := mustAssign(t, rows, c)
				in := map[string]string{}
				for _, r := range rows {
					key := r.TaskID
					if by == ByRepo {
						key = *r.Repo
					}
					if s, ok := in[key]; ok && s != r.Split {
						t.Fatalf("%s lies in %s and %s", key, s, r.Split)
					}
					in[key] = r.Split
				}
				slack := 0.06 // of 300 repositories by hash
				if method == MethodExact {
					slack = 40.0 / float64(len(rows)) // one group
				} else if by == ByTask {
					slack = 0.02
				}
				var sum int64
				for _, s := range report.Splits {
					sum += s.Rows
					if math.Abs(s.Share-s.Fraction) > slack {
						t.Errorf("%s: share %v, asked %v", s.Split, s.Share, s.Fraction)
					}
				}
				if sum != int64(len(rows)) {
					t.Errorf("%d rows in splits, %d in all", sum, len(rows))
				}
			})
		}
	}
}

func TestHashSplitIsStable(t *testing.T) {
	rows := repos(400, 3)
	c := splitConfig()
	c.By = ByRepo
	mustAssign(t, rows, c)
	want := map[string]string{}
	for _, r := range rows {
		want[r.TrajectoryID] = r.Split
	}
	// Another order, and half of the pool gone: nobody moves.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	half := rows[:len(rows)/2]
	mustAssign(t, half, c)
	for _, r := range half {
		if want[r.TrajectoryID] != r.Split {
			t.Fatalf("%s moved from %s to %s", r.TaskID, want[r.TrajectoryID], r.Split)
		}
	}
	c.Seed = 9
	moved := 0
	mustAssign(t, rows, c)
	for _, r := range rows {
		if want[r.TrajectoryID] != r.Split {
			moved++
		}
	}
	if moved == 0 {
		t.Error("the seed moves nobody")
	}
}

// One row of a task knows the repository and another does not: both follow it.
func TestTaskFollowsItsRepository(t *testing.T) {
	rows := repos(200, 4)
	for i := range rows {
		if i%2 == 0 {
			rows[i].Repo = nil
		}
	}
	c := splitConfig()
	c.By = ByRepo
	c.Fractions = Fractions{0.5, 0.25, 0.25}
	mustAssign(t, rows, c) // asserts that no task and no repository is divided
	task := map[string]string{}
	for _, r := range rows {
		if s, ok := task[r.TaskID]; ok && s != r.Split {
			t.Fatalf("%s lies in %s and %s", r.TaskID, s, r.Split)
		}
		task[r.TaskID] = r.Split
	}
}

func TestHoldOut(t *testing.T) {
	rows := repos(100, 5)
	c := splitConfig()
	c.HoldOut = []HoldOut{
		{Split: pipeline.SplitTest, Tasks: []string{"task-7", "task-1*"}},
		{Split: pipeline.SplitDev, Repos: []string{"repo-1"}, Sources: []string{"swe-sm*th"}},
	}
	report := mustAssign(t, rows, c)
	var held [3]int64
	for _, r := range rows {
		switch {
		case r.TaskID == "task-7" || strings.HasPrefix(r.TaskID, "task-1"):
			held[2]++
			if r.Split != pipeline.SplitTest {
				t.Errorf("%s is in %s", r.TaskID, r.Split)
			}
		case *r.Repo == "repo-1" || r.Source == "swe-smith":
			held[1]++
			if r.Split != pipeline.SplitDev {
				t.Errorf("%s of %s is in %s", r.TaskID, r.Source, r.Split)
			}
		}
	}
	for i, s := range report.Splits {
		if s.HeldOut != held[i] {
			t.Errorf("%s: %d held out, want %d", s.Split, s.HeldOut, held[i])
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abc", true}, {"a*c", "ab", false}, {"*", "", true},
		{"a*a", "a", false}, {"*b*", "abc", true}, {"*a*b*", "ba", false}, {"a**c", "ac", true}, {"microgym/*-1", "microgym/x/y-1", true},
	} {
		p := pattern{parts: strings.Split(c.pattern, "*")}
		if got := p.match(c.s); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.s, got)
		}
	}
}

func TestSplitConfigListsEveryFault(t *testing.T) {
	c := &SplitConfig{By: "row", Method: "dice", Fractions: Fractions{0.8, 0.1, math.NaN()},
		HoldOut: []HoldOut{{Split: "holdout"}, {Split: "test", Tasks: []string{""}}}}
	err := c.Validate()
	for _, want := range []string{`by: "row"`, `method: "dice"`, "fractions.test: NaN", "sum to NaN", `hold_out[0].split: "holdout"`, "hold_out[0]: 0 patterns", `pattern ""`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing from:\n%v", want, err)
		}
	}
}

// All in one split, or none in dev, are plain requests.
func TestSplitOfNoWidth(t *testing.T) {
	for _, f := range []Fractions{{1, 0, 0}, {0, 0, 1}, {0.5, 0, 0.5}} {
		for _, method := range []string{MethodHash, MethodExact} {
			rows := repos(100, 2)
			c := splitConfig()
			c.Fractions, c.Method = f, method
			report := mustAssign(t, rows, c)
			for i, s := range report.Splits {
				if (f.list()[i] == 0) != (s.Rows == 0) {
					t.Errorf("%v by %s: %+v", f, method, s)
				}
			}
		}
	}
	if report, err := Assign(nil, splitConfig()); err != nil || report.Rows != 0 {
		t.Errorf("no rows: %+v, %v", report, err)
	}
}

func TestSplitReportGolden(t *testing.T) {
	rows := repos(20, 2)
	c := splitConfig()
	c.By, c.Method, c.Fractions = ByRepo, MethodExact, Fractions{0.5, 0, 0.5}
	report := mustAssign(t, rows, c)
	for i := range report.Splits {
		report.Splits[i].Verdicts = nil
	}
	want := &SplitReport{By: ByRepo, Method: MethodExact, Rows: 40, Groups: 2, Splits: []SplitFigure{
		{Split: "train", Fraction: 0.5, Share: 0.5, Rows: 20, Groups: 1, Tasks: 10},
		{Split: "dev"},
		{Split: "test", Fraction: 0.5, Share: 0.5, Rows: 20, Groups: 1, Tasks: 10}}}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
}
