package labeler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/labeler/report"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// reportsVersion rises whenever equal inputs would give other labels.
const reportsVersion = 2

// Names of the rule sets that labels of this stage carry.
const (
	RulesReport = "report"
	RulesClaim  = "claim"
	RulesNone   = "none" // no evidence was found
)

// ReportsConfig are the options of the stage "label_reports".
type ReportsConfig struct {
	// NoClaims leaves out what trajectories claim about themselves.
	NoClaims bool `json:"no_claims,omitempty" yaml:"no_claims,omitempty"`
}

// Validate finds nothing to object to: every value is meaningful.
func (c *ReportsConfig) Validate() error { return nil }

// ReportsStage returns the stage "label_reports".
func ReportsStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "label_reports",
		Version: reportsVersion,
		Doc:     "take verdicts from report files and from the trajectories' own claims",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories},
			{Name: "reports", Kind: pipeline.KindRaw, Optional: true, Many: true},
		},
		Output:    pipeline.KindLabels,
		NewConfig: func() pipeline.Config { return &ReportsConfig{} },
		Run:       labelReports,
	}
}

// ReportsResult is what the verb prints. All but Seconds also stands beside the
// labels, in matching.json.
type ReportsResult struct {
	Labels    int64                      `json:"labels"`
	ByVerdict map[pipeline.Verdict]int64 `json:"by_verdict"`
	ByReason  map[string]int64           `json:"by_reason"`
	ByRule    map[string]int64           `json:"by_rule"` // folder, run, patch, model, claim, none
	Reports   int64                      `json:"reports"`
	Orphans   []Orphan                   `json:"orphans"`
	Ambiguous []Unmatched                `json:"ambiguous"`
	Differing []Unmatched                `json:"patch_differs"`
	Malformed []report.Malformed         `json:"malformed"`
	Seconds   float64                    `json:"seconds,omitempty"`
}

// An Orphan is a report that belongs to no trajectory.
type Orphan struct {
	Evidence string           `json:"evidence"`
	Instance string           `json:"instance_id"`
	Verdict  pipeline.Verdict `json:"verdict"`
}

// An Unmatched trajectory has reports that cannot be believed to be about it.
type Unmatched struct {
	TrajectoryID string   `json:"trajectory_id"`
	Instance     string   `json:"instance_id"`
	Candidates   []string `json:"candidates"`
}

func labelReports(ctx context.Context, t *pipeline.Task) error {
	start := time.Now()
	res, err := labelAll(ctx, t)
	if err != nil {
		return fmt.Errorf("label_reports: %w", err)
	}
	res.Seconds = time.Since(start).Seconds()
	t.Result = res
	return nil
}

func labelAll(ctx context.Context, t *pipeline.Task) (*ReportsResult, error) {
	cfg, ok := t.Config.(*ReportsConfig)
	if !ok {
		return nil, fmt.Errorf("config is %T", t.Config)
	}
	in, ok := t.Input("dataset")
	if !ok {
		return nil, errors.New("no dataset given")
	}
	d, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	attempts, claims, err := readAttempts(ctx, d, cfg)
	if err != nil {
		return nil, err
	}
	var roots []report.Source
	for _, in := range t.All("reports") {
		root, err := sourceOf(ctx, in, d.Manifest.Parents)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	tree, err := report.Read(ctx, roots, archive.Limits{})
	if err != nil {
		return nil, err
	}
	return writeLabels(ctx, t, attempts, claims, tree)
}

// unknownPolicy is what trajectories say where nothing tells who acted.
const unknownPolicy = "unknown"

// readAttempts reads the few columns that matching needs.
func readAttempts(ctx context.Context, d *dataset.Dataset, cfg *ReportsConfig) ([]report.Attempt, map[int]string, error) {
	var all []report.Attempt
	claims := map[int]string{}
	columns := []string{"trajectory_id", "instance_id", "run", "rollout", "policy", "policy_raw", "patch", "claims", "origin"}
	for l, err := range dataset.Read[pipeline.Trajectory](ctx, d, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return nil, nil, err
		}
		v := l.Value
		a := report.Attempt{ID: v.ID, Instance: deref(v.InstanceID), Sample: v.Rollout, Run: deref(v.Run), Dir: path.Dir(v.Origin.URI)}
		for _, name := range []string{v.Policy, deref(v.PolicyRaw)} {
			if key := report.ModelKey(name); key != "" && key != unknownPolicy {
				a.Models = append(a.Models, key)
			}
		}
		if v.Patch != nil {
			hash := pipeline.PatchHash(*v.Patch)
			a.Patch = &hash
		}
		if v.Claims != nil && !cfg.NoClaims {
			claims[len(all)] = *v.Claims
		}
		all = append(all, a)
	}
	return all, claims, nil
}

func writeLabels(ctx context.Context, t *pipeline.Task, attempts []report.Attempt, claims map[int]string, tree *report.Tree) (*ReportsResult, error) {
	w, err := dataset.Create[pipeline.Label](ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return nil, err
	}
	defer w.Abort() // does nothing once the labels are published
	res := newResult(tree)
	found := report.MatchAll(attempts, tree)
	for i := range attempts {
		l, rule := labelOf(&attempts[i], &found.Matches[i], claims[i])
		res.count(&l, rule, &attempts[i], &found.Matches[i])
		if err := w.Add(&l, dataset.Cursor{Row: int64(i)}); err != nil {
			return nil, err
		}
	}
	for _, r := range found.Orphans {
		res.Orphans = append(res.Orphans, Orphan{Evidence: r.Evidence, Instance: r.Instance, Verdict: r.Verdict.Verdict})
	}
	w.Expect(int64(len(attempts)))
	side, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := w.Attach("matching.json", append(side, '\n')); err != nil {
		return nil, err
	}
	if _, err := w.Close(ctx); err != nil {
		return nil, err
	}
	return res, nil
}

// labelOf joins a match and a claim into one label. Where both speak and
// disagree, neither is believed.
func labelOf(a *report.Attempt, m *report.Match, claims string) (l pipeline.Label, rule string) {
	l = pipeline.Label{TrajectoryID: a.ID, PatchHash: a.Patch, Verdict: pipeline.VerdictUnknown, Reason: m.Reason, Rules: RulesNone, RulesVersion: fmt.Sprint(reportsVersion)}
	var claim report.Verdict
	claimed := false
	if claims != "" {
		claim, claimed = report.ParseClaim(claims)
	}
	switch {
	case m.Report != nil:
		fill(&l, &m.Report.Verdict)
		l.Rules, rule = RulesReport, string(m.Rule)
		l.EvidenceKey = &m.Report.Evidence
		if claimed && contradict(claim.Verdict, l.Verdict) {
			l.Verdict, l.Reason, l.PassRate = pipeline.VerdictUnknown, report.ReasonClaimDiffers, nil
		}
	case claimed:
		fill(&l, &claim)
		l.Rules, rule = RulesClaim, RulesClaim
	default:
		rule = RulesNone
	}
	return l, rule
}

func contradict(a, b pipeline.Verdict) bool {
	x, ok1 := a.Target()
	y, ok2 := b.Target()
	return ok1 && ok2 && x != y
}

func fill(l *pipeline.Label, v *report.Verdict) {
	l.Verdict, l.Reason, l.Findings = v.Verdict, v.Reason, v.Findings
	l.F2PPass, l.F2PTotal, l.P2PPass, l.P2PTotal = v.F2PPass, v.F2PTotal, v.P2PPass, v.P2PTotal
	l.StatusHash, l.Harness, l.HarnessVersion = v.StatusHash, v.Harness, v.HarnessVersion
	if y, ok := v.Verdict.Target(); ok {
		one := int32(1)
		l.PassRate, l.Runs = &y, &one
	}
}

func newResult(tree *report.Tree) *ReportsResult {
	r := &ReportsResult{ByVerdict: map[pipeline.Verdict]int64{}, ByReason: map[string]int64{}, ByRule: map[string]int64{},
		Reports: int64(len(tree.Reports)), Orphans: []Orphan{}, Ambiguous: []Unmatched{}, Differing: []Unmatched{}, Malformed: tree.Malformed}
	if r.Malformed == nil {
		r.Malformed = []report.Malformed{}
	}
	for _, v := range pipeline.Verdicts() {
		r.ByVerdict[v] = 0
	}
	return r
}

func (r *ReportsResult) count(l *pipeline.Label, rule string, a *report.Attempt, m *report.Match) {
	r.Labels++
	r.ByVerdict[l.Verdict]++
	r.ByReason[l.Reason]++
	r.ByRule[rule]++
	if m.Report != nil || len(m.Candidates) == 0 {
		return
	}
	u := Unmatched{TrajectoryID: a.ID, Instance: a.Instance, Candidates: m.Candidates}
	switch m.Reason {
	case report.ReasonAmbiguous:
		r.Ambiguous = append(r.Ambiguous, u)
	case report.ReasonPatchDiffers:
		r.Differing = append(r.Differing, u)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
