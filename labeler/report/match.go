package report

import (
	"fmt"
	"slices"
	"strings"
)

// An Attempt is what matching needs to know of a trajectory.
type Attempt struct {
	ID       string
	Instance string
	Sample   *int32 // the sample number that was taken off the instance id
	Run      string
	Dir      string   // folder of its file
	Patch    *string  // pipeline.PatchHash, nil without a patch
	Models   []string // ModelKeys of the policy: canonical, and as it is written
}

// A Rule says how a report was found to be about an attempt.
type Rule string

// The rules in the order in which they are tried.
const (
	RuleFolder Rule = "folder"
	RuleRun    Rule = "run"
	RulePatch  Rule = "patch"
	RuleModel  Rule = "model" // of lists alone
	RuleNone   Rule = ""
)

// A Match is the answer for one attempt: a report, or the reason why none.
type Match struct {
	Rule       Rule
	Report     *Report
	Reason     string // without a report: ReasonNoReport, ReasonAmbiguous, ReasonPatchDiffers
	Candidates []string
}

// Result is the answer for all attempts, in their order.
type Result struct {
	Matches []Match
	Orphans []*Report // reports of single instances that belong to no attempt
}

// MatchAll finds the report of every attempt. Reports of single instances come
// first; lists, which say less and know no patch, fill what they leave.
func MatchAll(attempts []Attempt, tree *Tree) Result {
	m := matcher{attempts: attempts, out: make([]Match, len(attempts))}
	for i := range m.out {
		m.out[i].Reason = ReasonNoReport
	}
	single, lists := split(tree.Reports)
	for _, reports := range [][]*Report{single, lists} {
		m.reports, m.claimed = reports, make([]bool, len(reports))
		m.pass(RuleFolder, m.byFolder, reportFolder)
		m.pass(RuleRun, m.byRun, reportRuns)
		m.pass(RulePatch, m.byPatch, reportPatch)
		switch {
		case len(reports) == 0:
		case reports[0].List:
			m.pass(RuleModel, m.byModel, reportModels)
		default:
			m.orphans()
		}
	}
	return Result{Matches: m.out, Orphans: m.orphan}
}

// split separates lists and takes out reports that a folder holds twice.
func split(all []Report) (single, lists []*Report) {
	seen := map[string]bool{}
	for i := range all {
		r := &all[i]
		if r.List {
			lists = append(lists, r)
			continue
		}
		key := strings.Join([]string{r.Dir, r.Instance, string(r.Verdict.Verdict), r.Reason, text(r.StatusHash), text(r.Patch), root(r)}, "\x00")
		if !seen[key] {
			seen[key] = true
			single = append(single, r)
		}
	}
	return single, lists
}

// root is the input a report came from: two inputs may hold equal paths.
func root(r *Report) string {
	return strings.TrimSuffix(r.Evidence[:max(0, strings.Index(r.Evidence, "/"))], "/")
}

type matcher struct {
	attempts []Attempt
	out      []Match
	reports  []*Report
	claimed  []bool
	orphan   []*Report
}

// names lists the ids that a report may use for an attempt's instance.
func (a *Attempt) names() []string {
	if a.Sample == nil {
		return []string{a.Instance}
	}
	return []string{a.Instance, fmt.Sprintf("%s_%d", a.Instance, *a.Sample)}
}

func keys(prefixes []string, names []string) []string {
	var all []string
	for _, p := range prefixes {
		for _, n := range names {
			all = append(all, p+"\x00"+n)
		}
	}
	return all
}

func (m *matcher) byFolder(a *Attempt) []string { return keys([]string{a.Dir}, a.names()) }
func (m *matcher) byRun(a *Attempt) []string {
	if a.Run == "" {
		return nil
	}
	return keys([]string{a.Run}, a.names())
}
func (m *matcher) byPatch(a *Attempt) []string {
	if a.Patch == nil {
		return nil
	}
	return keys([]string{*a.Patch}, a.names())
}

func (m *matcher) byModel(a *Attempt) []string { return keys(a.Models, a.names()) }

func reportFolder(r *Report) []string { return keys([]string{r.Dir}, []string{r.Instance}) }
func reportRuns(r *Report) []string   { return keys(r.Runs, []string{r.Instance}) }
func reportPatch(r *Report) []string {
	if r.Patch == nil {
		return nil
	}
	return keys([]string{*r.Patch}, []string{r.Instance})
}

func reportModels(r *Report) []string { return keys(r.Models, []string{r.Instance}) }

// pass applies one rule to what is left. Reports and attempts that share a key
// form a group; a group is decided as a whole, so that the order of attempts
// decides nothing.
func (m *matcher) pass(rule Rule, attemptKeys func(*Attempt) []string, reportKeys func(*Report) []string) {
	byKey := map[string][]int{}
	for i, r := range m.reports {
		if m.claimed[i] {
			continue
		}
		for _, k := range reportKeys(r) {
			byKey[k] = append(byKey[k], i)
		}
	}
	rivals := make(map[int]int, len(byKey)) // report -> attempts that it fits
	choices := map[int][]int{}              // attempt -> reports that fit it
	differs := map[int][]int{}
	for i := range m.attempts {
		if m.out[i].Report != nil {
			continue
		}
		a := &m.attempts[i]
		var found []int
		for _, k := range attemptKeys(a) {
			found = append(found, byKey[k]...)
		}
		slices.Sort(found)
		for _, j := range slices.Compact(found) {
			if p := m.reports[j].Patch; p != nil && a.Patch != nil && *p != *a.Patch {
				differs[i] = append(differs[i], j)
				continue
			}
			if rule == RuleFolder && !sameFolder(a, m.reports[j]) {
				continue
			}
			rivals[j]++
			choices[i] = append(choices[i], j)
		}
	}
	// Equal patches decide between several fits before anything is ambiguous.
	for i, js := range choices {
		if len(js) > 1 {
			if same := m.samePatch(i, js); len(same) == 1 {
				for _, j := range js {
					if j != same[0] {
						rivals[j]--
					}
				}
				choices[i] = same
			}
		}
	}
	for i := range m.attempts {
		js := choices[i]
		switch {
		case len(js) == 1 && rivals[js[0]] == 1:
			m.out[i] = Match{Rule: rule, Report: m.reports[js[0]]}
			m.claimed[js[0]] = true
		case len(js) > 0:
			m.refuse(i, ReasonAmbiguous, js)
		case len(differs[i]) > 0:
			m.refuse(i, ReasonPatchDiffers, differs[i])
		}
	}
}

// sameFolder says whether equal paths are one folder. A path that names no run,
// only the instance, is equal in any two roots: then the root must be the one
// that was imported, or carry the run's name, or the patch must be the same.
func sameFolder(a *Attempt, r *Report) bool {
	if strings.Contains(a.Dir, "/") || r.Imported || slices.Contains(r.Runs, a.Run) {
		return true
	}
	return r.Patch != nil && a.Patch != nil && *r.Patch == *a.Patch
}

func (m *matcher) samePatch(i int, js []int) []int {
	var same []int
	for _, j := range js {
		if p, q := m.reports[j].Patch, m.attempts[i].Patch; p != nil && q != nil && *p == *q {
			same = append(same, j)
		}
	}
	return same
}

// refuse records why an attempt has no report so far. A later rule may still
// find one; the first reason stays otherwise.
func (m *matcher) refuse(i int, reason string, js []int) {
	o := &m.out[i]
	if o.Reason != ReasonNoReport {
		return
	}
	o.Reason = reason
	for _, j := range js[:min(len(js), 16)] {
		o.Candidates = append(o.Candidates, m.reports[j].Evidence)
	}
}

func (m *matcher) orphans() {
	for j, r := range m.reports {
		if !m.claimed[j] {
			m.orphan = append(m.orphan, r)
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
