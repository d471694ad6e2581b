package regrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// A Comparison holds a log against the report beside it.
type Comparison struct {
	Path     string
	Instance string
	Result   grade.Result      // of the rule set that comes nearest to the report
	Status   map[string]string // the log as the harness of that rule set reads it, where that is asked for
	Want     string            // the report's answer
	Got      string            // ours
	Tests    []TestDiff        // required tests that differ
	Err      error             // the log or the report could not be read
}

// Agrees reports whether the report is reproduced: resolved, and every list.
func (c *Comparison) Agrees() bool { return c.Err == nil && c.Want == c.Got && len(c.Tests) == 0 }

// A TestDiff is a required test that the report has in another list.
type TestDiff struct {
	Name string `json:"name"`
	Want string `json:"want"` // success, failure, or "" for neither
	Got  string `json:"got"`
}

// AgainstOptions say how logs are held against reports.
type AgainstOptions struct {
	Workers  int
	Statuses bool // keep [Comparison.Status], a map of all that a log says
}

// Against grades every attempt that has a log and a report, by the tests that
// the report lists, and compares.
func Against(ctx context.Context, t *Tree, o AgainstOptions) ([]*Comparison, error) {
	logged := t.Logged()
	all := make([]*Comparison, len(logged))
	err := each(ctx, o.Workers, len(logged), func(i int) { all[i] = o.attempt(ctx, logged[i]) })
	return slices.DeleteFunc(all, func(c *Comparison) bool { return c == nil }), err
}

// attempt compares one; nil where it has no report, or one of another kind, on
// many attempts.
func (o AgainstOptions) attempt(ctx context.Context, a *Attempt) *Comparison {
	r, err := a.report()
	switch {
	case errors.Is(err, ErrNoReport):
		return nil
	case err != nil:
		return &Comparison{Path: a.Path, Instance: a.Instance, Err: err}
	}
	instance := a.Instance
	if r.Instance != "" {
		instance = r.Instance
	}
	log := a.unhashed(instance)
	defer log.Release()
	c := o.compare(ctx, a, log, r, r.Candidates()...)
	c.Instance = instance
	patch, err := a.patch()
	if err != nil {
		c.Err = err
	}
	c.Result.AttachPatch(patch)
	return c
}

// unhashed is the log of an attempt at an instance, for results of which nobody
// sees the hashes.
func (a *Attempt) unhashed(instance string) *grade.Log {
	return &grade.Log{Open: a.Log.Open, Repo: RepoOf(instance), Unhashed: true}
}

// compare grades a log under each candidate and keeps the one that comes nearest.
func (o AgainstOptions) compare(ctx context.Context, a *Attempt, log *grade.Log, r *Report, candidates ...grade.RuleSet) *Comparison {
	best, found := &Comparison{Path: a.Path, Instance: a.Instance}, false
	for i, parser := range parsersFor(log.Repo) {
		read := log
		if i > 0 {
			read = log.As(parser)
		}
		for _, rules := range candidates {
			c, err := o.under(ctx, a, rules, read, r)
			switch {
			case noParser(err):
				continue // another parser may know it
			case err != nil:
				best.Err = fmt.Errorf("%s: %w", a.Log.Path, err)
				return best
			case !found || c.nearer(best):
				found, best = true, c
			}
			if best.Agrees() && best.Result.Completed == 0 {
				break
			}
		}
		if found && best.Agrees() {
			break
		}
	}
	return best
}

// parsersFor lists the parsers that are tried, "" for the one that repository and
// content tell. Where the repository tells none, content may mislead: a suite may
// print what another framework prints, or have ended before it printed anything.
func parsersFor(repo string) []string {
	if _, ok := testlog.ForRepo(repo); ok {
		return []string{""}
	}
	return []string{"", testlog.Pytest().Name, testlog.Unittest().Name}
}

// under grades the log of a comparison under one rule set and compares.
func (o AgainstOptions) under(ctx context.Context, a *Attempt, rules grade.RuleSet, log *grade.Log, r *Report) (*Comparison, error) {
	reading, err := rules.Read(ctx, log, testlog.Limits{})
	if err != nil {
		return nil, err
	}
	if reading.Phases = r.phases; rules.ComparesPhases() && reading.Phases == nil {
		if reading.Phases, err = a.phases(ctx, reading.Own.Parser, testlog.Limits{}); err != nil {
			return nil, err
		}
	}
	next := &Comparison{Path: a.Path, Instance: a.Instance, Result: rules.GradeReading(reading, r.Want())}
	next.hold(r)
	if o.Statuses {
		next.Status = grade.Statuses(reading.Book)
	}
	return next, nil
}

// nearer reports whether c comes nearer to the report. Of two that reproduce it,
// that is the one that finds more tests by their whole names: a harness that cut
// names is the one that made a list of cut names.
func (c *Comparison) nearer(best *Comparison) bool {
	if c.Agrees() != best.Agrees() {
		return c.Agrees()
	}
	if len(c.Tests) != len(best.Tests) {
		return len(c.Tests) < len(best.Tests)
	}
	return c.Result.Completed < best.Result.Completed
}

// hold compares the answer with the report.
func (c *Comparison) hold(r *Report) {
	a := c.Result.Answer
	if r.shape == shapeMulti && !r.Listed {
		a.F2P, a.P2P = grade.Lists{}, grade.Lists{} // which are ours alone
	}
	c.Want, c.Got, c.Tests = answerWord(r.Resolved), answerWord(a.Resolved), nil
	if sameLists(r.F2P, a.F2P) && sameLists(r.P2P, a.P2P) {
		return
	}
	want, got := map[string]string{}, map[string]string{}
	for _, l := range []struct {
		kind      string
		want, got grade.Lists
	}{{"f", r.F2P, a.F2P}, {"p", r.P2P, a.P2P}} {
		for word, names := range map[string][2][]string{"success": {l.want.Success, l.got.Success}, "failure": {l.want.Failure, l.got.Failure}} {
			for _, n := range names[0] {
				want[l.kind+n] = word
			}
			for _, n := range names[1] {
				got[l.kind+n] = word
			}
		}
	}
	for key, w := range want {
		if got[key] != w {
			c.Tests = append(c.Tests, TestDiff{key[1:], w, got[key]})
		}
	}
	for key, g := range got {
		if _, ok := want[key]; !ok {
			c.Tests = append(c.Tests, TestDiff{key[1:], "", g})
		}
	}
	slices.SortFunc(c.Tests, func(a, b TestDiff) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return strings.Compare(a.Want, b.Want)
	})
}

// sameLists reports whether lists are the same to the order.
func sameLists(a, b grade.Lists) bool {
	return slices.Equal(a.Success, b.Success) && slices.Equal(a.Failure, b.Failure)
}

func answerWord(resolved bool) string {
	if resolved {
		return string(pipeline.VerdictResolved)
	}
	return string(pipeline.VerdictUnresolved)
}
