package regrade

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/pipeline"
)

// AgainstDoc is what a comparison with reports says.
type AgainstDoc struct {
	Logs      int            `json:"logs"`
	Agree     int            `json:"agree"`
	Differ    []Difference   `json:"differ"`
	ByVerdict map[string]int `json:"by_verdict"`
	ByRules   map[string]int `json:"by_rules"`

	// Of the old evaluation, whose reports speak of whole runs.
	Runs []RunDoc `json:"runs,omitempty"`
}

// RunDoc is a run of the old evaluation.
type RunDoc struct {
	Path   string       `json:"path"`
	File   string       `json:"file"`
	Logs   int          `json:"logs"`
	Agree  int          `json:"agree"`
	Differ []Difference `json:"differ"`
}

// A Difference is a log whose report is not reproduced.
type Difference struct {
	Path  string     `json:"path"`
	Want  string     `json:"want"`
	Got   string     `json:"got"`
	Tests []TestDiff `json:"tests"`
	Rules string     `json:"rules,omitempty"`
	Error string     `json:"error,omitempty"`
}

// Summarize counts comparisons.
func Summarize(all []*Comparison) AgainstDoc {
	doc := AgainstDoc{Differ: []Difference{}, ByVerdict: map[string]int{}, ByRules: map[string]int{}}
	for _, c := range all {
		doc.Logs++
		if c.Err == nil {
			doc.ByVerdict[string(c.Result.Verdict)]++
			doc.ByRules[c.Result.Rules.Name]++
		}
		if c.Agrees() {
			doc.Agree++
			continue
		}
		d := Difference{Path: c.Path, Want: c.Want, Got: c.Got, Tests: c.Tests, Rules: c.Result.Rules.Name}
		if d.Tests == nil {
			d.Tests = []TestDiff{}
		}
		if c.Err != nil {
			d.Error = c.Err.Error()
		}
		doc.Differ = append(doc.Differ, d)
	}
	return doc
}

// WriteStatus writes DIR/<folder>/status.json for every log that was read: what
// the harness of its rule set reads from it.
func WriteStatus(dir string, all []*Comparison) error {
	for _, c := range all {
		if c.Err != nil {
			continue
		}
		doc := struct {
			Instance string            `json:"instance_id"`
			Parser   string            `json:"parser"`
			Rules    string            `json:"rules"`
			Status   map[string]string `json:"status"`
		}{c.Instance, c.Result.Parser.Name, c.Result.Rules.Name, c.Status}
		if err := writeJSON(filepath.Join(dir, filepath.FromSlash(c.Path), "status.json"), doc); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes a document, so that it is there whole or not at all.
func writeJSON(file string, doc any) error {
	text, err := json.MarshalIndent(doc, "", "    ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".swerm-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// ResultDoc is one result as JSON.
type ResultDoc struct {
	Rules      string          `json:"rules"`
	Version    string          `json:"rules_version"`
	Parser     string          `json:"parser"`
	ParserVer  string          `json:"parser_version"`
	Verdict    string          `json:"verdict"`
	Reason     string          `json:"reason"`
	Tier       string          `json:"tier,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	Fault      string          `json:"phase_fault,omitempty"`
	Harness    bool            `json:"harness_resolved"`
	Applied    bool            `json:"harness_applied"`
	F2P        TallyDoc        `json:"fail_to_pass"`
	P2P        TallyDoc        `json:"pass_to_pass"`
	Failing    []string        `json:"failing"`
	Missing    []string        `json:"missing"`
	Evidence   [2]int64        `json:"evidence"`
	StatusHash string          `json:"status_hash"`
	Findings   []grade.Finding `json:"findings"`
}

// TallyDoc counts required tests.
type TallyDoc struct {
	Passed int32 `json:"passed"`
	Total  int32 `json:"total"`
}

// NewResultDoc writes a result down.
func NewResultDoc(r *grade.Result) ResultDoc {
	doc := ResultDoc{Rules: r.Rules.Name, Version: r.Rules.Version, Parser: r.Parser.Name, ParserVer: r.Parser.Version,
		Verdict: string(r.Verdict), Reason: r.Reason, Tier: string(r.Tier), Cause: r.Cause, Fault: r.Fault,
		Harness: r.Answer.Resolved, Applied: r.Answer.Graded,
		F2P: TallyDoc{r.F2P.Passed, r.F2P.Total()}, P2P: TallyDoc{r.P2P.Passed, r.P2P.Total()},
		Failing: []string{}, Missing: []string{}, Evidence: [2]int64{r.Evidence.Start, r.Evidence.End},
		StatusHash: r.StatusHash, Findings: r.Details}
	if doc.Findings == nil {
		doc.Findings = []grade.Finding{}
	}
	for _, t := range r.NotPassed {
		if t.Status == 0 {
			doc.Missing = append(doc.Missing, t.Name)
		} else {
			doc.Failing = append(doc.Failing, t.Name)
		}
	}
	return doc
}

// GradeDoc is what grading says of all attempts.
type GradeDoc struct {
	Attempts  []AttemptDoc              `json:"attempts"`
	ByVerdict map[string]map[string]int `json:"by_verdict"` // rule set, verdict
	Disagree  []string                  `json:"disagree"`   // paths of which the rule sets think differently
}

// AttemptDoc is one attempt.
type AttemptDoc struct {
	Path     string      `json:"path"`
	Instance string      `json:"instance_id"`
	LogHash  string      `json:"log_sha256,omitempty"`
	Results  []ResultDoc `json:"results"`
	Error    string      `json:"error,omitempty"`
}

// NewGradeDoc writes outcomes down.
func NewGradeDoc(all []*Outcome) GradeDoc {
	doc := GradeDoc{Attempts: []AttemptDoc{}, ByVerdict: map[string]map[string]int{}, Disagree: []string{}}
	for _, o := range all {
		a := AttemptDoc{Path: o.Path, Instance: o.Instance, LogHash: o.LogHash, Results: []ResultDoc{}}
		if o.Err != nil {
			a.Error = o.Err.Error()
		}
		verdicts := map[pipeline.Verdict]bool{}
		for i := range o.Results {
			r := &o.Results[i]
			a.Results = append(a.Results, NewResultDoc(r))
			verdicts[r.Verdict] = true
			if doc.ByVerdict[r.Rules.Name] == nil {
				doc.ByVerdict[r.Rules.Name] = map[string]int{}
			}
			doc.ByVerdict[r.Rules.Name][string(r.Verdict)]++
		}
		if len(verdicts) > 1 {
			doc.Disagree = append(doc.Disagree, o.Path)
		}
		doc.Attempts = append(doc.Attempts, a)
	}
	return doc
}

// WriteReports writes OUT/<folder>/report.json as the harness of the first rule
// set writes it, with the verdict beside it, and the summary of the run,
// OUT/summary.json, in the form of schema version 2.
func WriteReports(out string, all []*Outcome) error {
	for _, o := range all {
		if len(o.Results) == 0 {
			continue
		}
		if err := writeJSON(filepath.Join(out, filepath.FromSlash(o.Path), "report.json"), reportDoc(o)); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(out, "summary.json"), summaryDoc(all))
}

func reportDoc(o *Outcome) map[string]any {
	r := &o.Results[0]
	doc := map[string]any{
		"patch_is_None": false, "patch_exists": true, "patch_successfully_applied": r.Answer.Graded,
		"resolved": r.Answer.Resolved, "infra_failure": r.Tier == grade.TierEnvironment,
		"swerm": NewResultDoc(r),
	}
	if r.Cause != "" {
		doc["infra_failure_reason"] = r.Cause
	}
	if none := (grade.Lists{Success: []string{}, Failure: []string{}}); r.Answer.Graded {
		doc["tests_status"] = map[string]grade.Lists{"FAIL_TO_PASS": r.Answer.F2P, "PASS_TO_PASS": r.Answer.P2P, "FAIL_TO_FAIL": none, "PASS_TO_FAIL": none}
	}
	return map[string]any{o.Instance: doc}
}

// summaryDoc lists instances as the harness does: what is not resolved is
// unresolved or an error, and why that may be the environment's is said beside.
func summaryDoc(all []*Outcome) map[string]any {
	ids := map[string][]string{}
	reasons := map[string]string{}
	for _, name := range []string{"completed", "resolved", "unresolved", "error", "infra_failure", "ambiguous_failure", "submitted", "incomplete", "empty_patch"} {
		ids[name] = []string{}
	}
	for _, o := range all {
		add := func(names ...string) {
			for _, n := range names {
				ids[n] = append(ids[n], o.Instance)
			}
		}
		if add("submitted"); len(o.Results) == 0 {
			add("error")
			continue
		}
		r := &o.Results[0]
		switch {
		case r.Answer.Resolved:
			add("completed", "resolved")
		default:
			add("completed", "unresolved")
		}
		switch {
		case r.Cause == "":
		case r.Tier == grade.TierEnvironment:
			add("infra_failure")
			reasons[o.Instance] = r.Cause
		default:
			add("ambiguous_failure")
			reasons[o.Instance] = r.Cause
		}
	}
	doc := map[string]any{"schema_version": 2, "total_instances": len(all), "failure_reasons": reasons}
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		slices.Sort(ids[name])
		doc[name+"_ids"] = ids[name]
		if name != "incomplete" {
			doc[name+"_instances"] = len(ids[name])
		}
	}
	return doc
}
