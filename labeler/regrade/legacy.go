package regrade

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
)

// A Summary is what the old evaluation of 2024 wrote about a whole run: the tests
// of each log whose patch was applied (summary.json), and lists of instances by
// what became of them (report.json).
type Summary struct {
	Path     string             // of the run's folder
	File     string             // its name
	Cases    map[string]*Report // by file name of the log
	Applied  map[string]bool    // by instance; nil where no list says
	Resolved map[string]bool
}

// parseSummary reads a summary.json or a report.json of a whole run, nil for
// what is neither.
func parseSummary(doc []byte) *Summary {
	var w struct {
		NoGeneration []string `json:"no_generation"`
		Applied      []string `json:"applied"`
		Resolved     []string `json:"resolved"`
		Success      struct {
			Cases []map[string]struct {
				F2P lists `json:"FAIL_TO_PASS"`
				P2P lists `json:"PASS_TO_PASS"`
			} `json:"cases"`
		} `json:"Patch Apply Success"`
	}
	if json.Unmarshal(doc, &w) != nil {
		return nil
	}
	switch {
	case len(w.Success.Cases) > 0:
		s := &Summary{Cases: map[string]*Report{}}
		for name, c := range w.Success.Cases[0] {
			s.Cases[name] = &Report{Listed: true, Applied: true, Resolved: len(c.F2P.Failure)+len(c.P2P.Failure) == 0,
				F2P: grade.Lists(c.F2P), P2P: grade.Lists(c.P2P)}
		}
		return s
	case w.Applied != nil && w.NoGeneration != nil:
		return &Summary{Applied: set(w.Applied), Resolved: set(w.Resolved)}
	}
	return nil
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, n := range names {
		all[n] = true
	}
	return all
}

// Summaries reads what the old evaluation says of whole runs in the tree. A file
// that says nothing of the kind is left out.
func (t *Tree) Summaries() ([]*Summary, error) {
	var all []*Summary
	for _, f := range t.summaries {
		doc, err := f.Read(MaxReportBytes)
		if err != nil {
			return nil, err
		}
		if s := parseSummary(doc); s != nil {
			s.Path, s.File = path.Dir(f.Path), path.Base(f.Path)
			all = append(all, s)
		}
	}
	return all, nil
}

// AgainstSummary grades the logs of a run under the rules of the old evaluation
// and compares. A log of which the summary lists no test is compared by whether
// its patch was applied, which is all that can be told without the tests.
func AgainstSummary(ctx context.Context, t *Tree, s *Summary, workers int) ([]*Comparison, error) {
	var logs []*Attempt
	for i := range t.Attempts {
		a := &t.Attempts[i]
		if strings.HasSuffix(a.Path, ".eval.log") && a.Log != nil && (strings.HasPrefix(a.Path, s.Path+"/") || s.Path == ".") && s.speaks(a) {
			logs = append(logs, a)
		}
	}
	done := make([]*Comparison, len(logs))
	err := each(ctx, workers, len(logs), func(i int) { done[i] = s.compare(ctx, logs[i]) })
	return done, err
}

// AgainstRuns compares with everything that the old evaluation says in the tree.
func AgainstRuns(ctx context.Context, t *Tree, workers int) ([]RunDoc, error) {
	summaries, err := t.Summaries()
	if err != nil {
		return nil, err
	}
	var all []RunDoc
	for _, s := range summaries {
		c, err := AgainstSummary(ctx, t, s, workers)
		if err != nil {
			return nil, err
		}
		if doc := Summarize(c); doc.Logs > 0 {
			all = append(all, RunDoc{Path: s.Path, File: s.File, Logs: doc.Logs, Agree: doc.Agree, Differ: doc.Differ})
		}
	}
	return all, nil
}

func (s *Summary) speaks(a *Attempt) bool {
	return s.Cases[path.Base(a.Path)] != nil || s.Applied[a.Instance]
}

func (s *Summary) compare(ctx context.Context, a *Attempt) *Comparison {
	if r := s.Cases[path.Base(a.Path)]; r != nil {
		return compare(ctx, a, r, grade.SWEBench1())
	}
	c := &Comparison{Path: a.Path, Instance: a.Instance}
	rules := grade.SWEBench1()
	log := &grade.Log{Open: a.Log.Open, Repo: RepoOf(a.Instance)}
	reading, err := rules.Read(ctx, log, testlog.Limits{})
	if err != nil {
		c.Err = err
		return c
	}
	c.Result = rules.GradeReading(reading, grade.Want{})
	c.Want, c.Got = appliedWord(true), appliedWord(c.Result.Answer.Graded)
	c.Status = grade.Statuses(reading.Book)
	return c
}

func appliedWord(applied bool) string {
	if applied {
		return "applied"
	}
	return "not applied"
}

// isSummary knows the names of files that may speak of a whole run.
func isSummary(name string) bool {
	return slices.Contains([]string{"summary.json", "report.json", "results.json"}, name)
}
