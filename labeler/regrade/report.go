package regrade

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/swerm/swerm/labeler/grade"
)

// A Report is what a harness wrote about one attempt.
type Report struct {
	Instance string
	Resolved bool
	Applied  bool // the harness's flag; false beside results means nothing
	Listed   bool // tests are listed
	F2P, P2P grade.Lists

	shape  shape
	phases *grade.Phases // of Multi-SWE-bench: the runs before the fix
}

// shape tells harnesses apart whose reports look alike.
type shape uint8

const (
	shapeOpen  shape = iota // several generations write this
	shapeInfra              // infra_failure: SWE-bench 5.x
	shapeSmith              // results, and a flag that says the patch was not applied
	shapeLive               // lists without tests_status around them
	shapeMulti              // valid, and a run of the tests for each phase
)

// ErrNoReport is returned for JSON that is no report on one attempt.
var ErrNoReport = errors.New("no report on one attempt")

// ParseReport reads a report.json: {"ID": {…}}, or the inner part alone. Of a key
// that stands twice the last counts, as in Python. The error wraps ErrNoReport
// for JSON that is something else.
func ParseReport(doc []byte) (*Report, error) {
	s := &jsonScan{text: string(doc)}
	r, err := s.reportByID()
	if r != nil || err != nil {
		return r, err
	}
	*s = jsonScan{text: s.text}
	w := wire{}
	if err := s.wire(&w); err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	return w.report()
}

// reportByID reads a document of one key, whose value is a report; nil where the
// document is not of that form.
func (s *jsonScan) reportByID() (*Report, error) {
	w, keys, inner := wire{}, 0, error(nil)
	err := s.object(func(key string) error {
		if keys++; keys > 1 || s.peek() != '{' || slices.Contains(wireKeys, key) {
			return errOtherForm
		}
		inner = s.wire(&w)
		w.Instance = key
		return inner
	})
	switch {
	case err == errOtherForm || err == nil && keys == 0:
		return nil, nil
	case errors.Is(inner, ErrNoReport):
		return nil, fmt.Errorf("%.100s: %w", w.Instance, inner)
	case err != nil:
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	return w.report()
}

var errOtherForm = errors.New("a document of another form")

// wire is a report as far as it matters.
type wire struct {
	Instance string
	Resolved *bool
	Infra    *bool
	Applied  bool
	Tests    *testLists
	F2P, P2P *grade.Lists // of SWE-bench-Live, without tests_status around them
	phases   phaseReport  // of Multi-SWE-bench
}

// testLists are the lists of a report.
type testLists struct{ F2P, P2P grade.Lists }

// Keys that harnesses write.
const (
	keyF2P = "FAIL_TO_PASS"
	keyP2P = "PASS_TO_PASS"
)

var wireKeys = []string{"instance_id", "resolved", "infra_failure", "patch_successfully_applied", "tests_status", keyF2P, keyP2P}

// wire reads a report.
func (s *jsonScan) wire(w *wire) error {
	return s.object(func(key string) (err error) {
		switch key {
		case "instance_id":
			if w.Instance = ""; !s.null() {
				w.Instance, err = s.string()
			}
		case "resolved":
			w.Resolved, err = s.boolean()
		case "infra_failure":
			w.Infra, err = s.boolean()
		case "patch_successfully_applied":
			var applied *bool
			applied, err = s.boolean()
			w.Applied = applied != nil && *applied
		case "tests_status":
			if w.Tests = nil; !s.null() {
				w.Tests = &testLists{}
				err = s.tests(w.Tests)
			}
		case keyF2P:
			w.F2P, err = s.anyLists()
		case keyP2P:
			w.P2P, err = s.anyLists()
		default:
			if slices.Contains(phaseKeys, key) {
				return s.phase(&w.phases, key)
			}
			err = s.skip()
		}
		return err
	})
}

// tests reads {"FAIL_TO_PASS": {…}, "PASS_TO_PASS": {…}, …}.
func (s *jsonScan) tests(t *testLists) error {
	return s.object(func(key string) error {
		switch key {
		case keyF2P:
			return s.lists(&t.F2P)
		case keyP2P:
			return s.lists(&t.P2P)
		}
		return s.skip()
	})
}

// lists reads {"success": […], "failure": […], …}.
func (s *jsonScan) lists(l *grade.Lists) error {
	*l = grade.Lists{}
	if s.null() {
		return nil
	}
	return s.object(func(key string) (err error) {
		switch key {
		case "success":
			l.Success, err = s.strings()
		case "failure":
			l.Failure, err = s.strings()
		default:
			err = s.skip()
		}
		return err
	})
}

// anyLists is lists of what may be no object: tasks have lists of names under the
// same keys. It is nil then.
func (s *jsonScan) anyLists() (*grade.Lists, error) {
	if s.peek() != '{' {
		return nil, s.skip()
	}
	l := &grade.Lists{}
	return l, s.lists(l)
}

func (w *wire) report() (*Report, error) {
	switch {
	case w.Resolved == nil && w.phases.Valid != nil && w.phases.Org != "":
		return w.phases.report(), nil
	case w.Resolved == nil:
		return nil, ErrNoReport
	}
	r := &Report{Instance: w.Instance, Resolved: *w.Resolved, Applied: w.Applied}
	switch {
	case w.Tests != nil:
		r.Listed = true
		r.F2P, r.P2P = w.Tests.F2P, w.Tests.P2P
		if !w.Applied {
			r.shape = shapeSmith
		}
	case w.F2P != nil && w.P2P != nil:
		r.Listed, r.shape = true, shapeLive
		r.F2P, r.P2P = *w.F2P, *w.P2P
	}
	if w.Infra != nil {
		r.shape = shapeInfra
	}
	return r, nil
}

// Want returns the tests that the report lists, which are those required as far
// as the harness counted them.
func (r *Report) Want() grade.Want {
	return grade.Want{FailToPass: slices.Concat(r.F2P.Success, r.F2P.Failure), PassToPass: slices.Concat(r.P2P.Success, r.P2P.Failure)}
}

// Candidates returns the rule sets that may have made the report, the likeliest
// first.
func (r *Report) Candidates() []grade.RuleSet {
	switch r.shape {
	case shapeInfra:
		return []grade.RuleSet{grade.SWEBench5()}
	case shapeSmith:
		return []grade.RuleSet{grade.SWESmith()}
	case shapeLive:
		return []grade.RuleSet{grade.SWEBenchLive()}
	case shapeMulti:
		return []grade.RuleSet{grade.MultiSWEBench()}
	}
	return []grade.RuleSet{grade.SWEBench5(), grade.SWEBench2(), grade.SWEBench1()}
}

// instanceForms are how instances name their repository: owner__name-12 of
// SWE-bench, owner__name.1a2b3c4d.what of SWE-smith.
var instanceForms = []*regexp.Regexp{
	regexp.MustCompile(`^(.+?)__(.+)\.[0-9a-f]{8}\.`),
	regexp.MustCompile(`^(?:instance_)?(.+?)__(.+)-[0-9]+$`),
	regexp.MustCompile(`^instance_(.+?)__(.+?)-[0-9a-f]{40}`), // of SWE-bench Pro
}

// RepoOf returns the repository that an instance's id names, "" where it names
// none.
func RepoOf(instance string) string {
	for _, form := range instanceForms {
		if m := form.FindStringSubmatch(instance); m != nil {
			return m[1] + "/" + m[2]
		}
	}
	return ""
}
