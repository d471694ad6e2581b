package regrade

import (
	"context"
	"errors"
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
	s := &jsonScan{text: string(doc)}
	var none, applied, resolved []string
	var cases map[string]*Report
	err := s.object(func(key string) (err error) {
		switch key {
		case "no_generation":
			none, err = s.strings()
		case "applied":
			applied, err = s.strings()
		case "resolved":
			resolved, err = s.strings()
		case "Patch Apply Success":
			cases, err = s.cases()
		default:
			err = s.skip()
		}
		return err
	})
	switch {
	case err != nil || s.end() != nil:
	case len(cases) > 0:
		return &Summary{Cases: cases}
	case applied != nil && none != nil:
		return &Summary{Applied: set(applied), Resolved: set(resolved)}
	}
	return nil
}

// cases reads {"cases": [{"LOG": {"FAIL_TO_PASS": …, "PASS_TO_PASS": …}}]}, of
// which the first counts.
func (s *jsonScan) cases() (map[string]*Report, error) {
	var all map[string]*Report
	one := func(name string) error {
		t := testLists{}
		err := s.tests(&t)
		all[name] = &Report{Listed: true, Applied: true, Resolved: len(t.F2P.Failure)+len(t.P2P.Failure) == 0, F2P: t.F2P, P2P: t.P2P}
		return err
	}
	err := s.object(func(key string) error {
		if key != "cases" {
			return s.skip()
		}
		return s.array(func() error {
			if all != nil {
				return s.skip()
			}
			all = map[string]*Report{}
			return s.object(one)
		})
	})
	return all, err
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
func (t *Tree) Summaries(ctx context.Context, workers int) ([]*Summary, error) {
	files := slices.DeleteFunc(slices.Clone(t.summaries), t.ofAttempt)
	all, errs := make([]*Summary, len(files)), make([]error, len(files))
	err := each(ctx, workers, len(files), func(i int) {
		doc, err := files[i].Read(MaxReportBytes)
		if errs[i] = err; err != nil {
			return
		}
		if s := parseSummary(doc); s != nil {
			s.Path, s.File = path.Dir(files[i].Path), path.Base(files[i].Path)
			all[i] = s
		}
	})
	return slices.DeleteFunc(all, func(s *Summary) bool { return s == nil }), errors.Join(append(errs, err)...)
}

// ofAttempt reports whether a file lies beside the log of one attempt, so that it
// speaks of no run.
func (t *Tree) ofAttempt(f *File) bool {
	i, ok := slices.BinarySearchFunc(t.Attempts, path.Dir(f.Path), func(a Attempt, dir string) int { return strings.Compare(a.Path, dir) })
	return ok && t.Attempts[i].Log != nil
}

// AgainstSummary grades the logs of a run under the rules of the old evaluation
// and compares. A log of which the summary lists no test is compared by whether
// its patch was applied, which is all that can be told without the tests.
func AgainstSummary(ctx context.Context, t *Tree, s *Summary, o AgainstOptions) ([]*Comparison, error) {
	all, err := o.summaries(ctx, t, []*Summary{s})
	return all[0], err
}

// summaries is AgainstSummary of several, which may speak of the same logs: each
// is read once.
func (o AgainstOptions) summaries(ctx context.Context, t *Tree, all []*Summary) ([][]*Comparison, error) {
	logged := t.Logged()
	found := make([][]*Comparison, len(logged)) // by log, then by summary; nil where it does not speak of the log
	err := each(ctx, o.Workers, len(logged), func(i int) {
		a := logged[i]
		log := a.unhashed(a.Instance)
		defer log.Release()
		found[i] = make([]*Comparison, len(all))
		for k, s := range all {
			if s.speaks(a) {
				found[i][k] = s.compare(ctx, a, log, o)
			}
		}
	})
	by := make([][]*Comparison, len(all))
	for _, of := range found {
		for k, c := range of {
			if c != nil {
				by[k] = append(by[k], c)
			}
		}
	}
	return by, err
}

// AgainstRuns compares with everything that the old evaluation says in the tree.
func AgainstRuns(ctx context.Context, t *Tree, o AgainstOptions) ([]RunDoc, error) {
	summaries, err := t.Summaries(ctx, o.Workers)
	if err != nil || len(summaries) == 0 {
		return nil, err
	}
	by, err := o.summaries(ctx, t, summaries)
	if err != nil {
		return nil, err
	}
	var all []RunDoc
	for i, s := range summaries {
		if doc := Summarize(by[i]); doc.Logs > 0 {
			all = append(all, RunDoc{Path: s.Path, File: s.File, Logs: doc.Logs, Agree: doc.Agree, Differ: doc.Differ})
		}
	}
	return all, nil
}

// speaks reports whether a summary says something of an attempt's log, which lies
// below its folder.
func (s *Summary) speaks(a *Attempt) bool {
	return strings.HasSuffix(a.Path, ".eval.log") && (s.Path == "." || strings.HasPrefix(a.Path, s.Path+"/")) &&
		(s.Cases[path.Base(a.Path)] != nil || s.Applied[a.Instance])
}

func (s *Summary) compare(ctx context.Context, a *Attempt, log *grade.Log, o AgainstOptions) *Comparison {
	rules := grade.SWEBench1()
	if r := s.Cases[path.Base(a.Path)]; r != nil {
		return o.compare(ctx, a, log, r, rules)
	}
	c := &Comparison{Path: a.Path, Instance: a.Instance}
	reading, err := rules.Read(ctx, log, testlog.Limits{})
	if err != nil {
		c.Err = err
		return c
	}
	c.Result = rules.GradeReading(reading, grade.Want{})
	c.Want, c.Got = appliedWord(true), appliedWord(c.Result.Answer.Graded)
	if o.Statuses {
		c.Status = grade.Statuses(reading.Book)
	}
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
