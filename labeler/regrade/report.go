package regrade

import (
	"encoding/json"
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

	shape shape
}

// shape tells harnesses apart whose reports look alike.
type shape uint8

const (
	shapeOpen  shape = iota // several generations write this
	shapeInfra              // infra_failure: SWE-bench 5.x
	shapeSmith              // results, and a flag that says the patch was not applied
	shapeLive               // lists without tests_status around them
)

// ErrNoReport is returned for JSON that is no report on one attempt.
var ErrNoReport = errors.New("no report on one attempt")

type lists struct {
	Success []string `json:"success"`
	Failure []string `json:"failure"`
}

type wire struct {
	Instance string `json:"instance_id"`
	Resolved *bool  `json:"resolved"`
	Applied  bool   `json:"patch_successfully_applied"`
	Exists   *bool  `json:"patch_exists"`
	Infra    *bool  `json:"infra_failure"`
	Tests    *struct {
		F2P lists `json:"FAIL_TO_PASS"`
		P2P lists `json:"PASS_TO_PASS"`
	} `json:"tests_status"`
	F2P json.RawMessage `json:"FAIL_TO_PASS"`
	P2P json.RawMessage `json:"PASS_TO_PASS"`
}

// ParseReport reads a report.json: {"ID": {…}}, or the inner part alone.
func ParseReport(doc []byte) (*Report, error) {
	var w wire
	flat := json.Unmarshal(doc, &w) == nil && w.Resolved != nil
	if !flat {
		var byID map[string]json.RawMessage
		if err := json.Unmarshal(doc, &byID); err != nil {
			return nil, err
		}
		if len(byID) != 1 {
			return nil, ErrNoReport
		}
		for id, inner := range byID {
			w = wire{}
			if err := json.Unmarshal(inner, &w); err != nil || w.Resolved == nil {
				return nil, fmt.Errorf("%.100s: %w", id, ErrNoReport)
			}
			w.Instance = id
		}
	}
	return w.report()
}

func (w *wire) report() (*Report, error) {
	r := &Report{Instance: w.Instance, Resolved: *w.Resolved, Applied: w.Applied}
	switch {
	case w.Tests != nil:
		r.Listed = true
		r.F2P, r.P2P = grade.Lists(w.Tests.F2P), grade.Lists(w.Tests.P2P)
		if !w.Applied {
			r.shape = shapeSmith
		}
	case len(w.F2P) > 0 && len(w.P2P) > 0:
		var f2p, p2p lists
		if err := errors.Join(json.Unmarshal(w.F2P, &f2p), json.Unmarshal(w.P2P, &p2p)); err != nil {
			return nil, err
		}
		r.Listed, r.shape = true, shapeLive
		r.F2P, r.P2P = grade.Lists(f2p), grade.Lists(p2p)
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
