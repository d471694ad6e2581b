package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// The closed vocabulary of Label.Reason as this package uses it.
const (
	ReasonResolved     = "resolved"
	ReasonTestsFailed  = "tests_failed"
	ReasonUnresolved   = "unresolved" // the report says so and not why
	ReasonEmptyPatch   = "empty_patch"
	ReasonNotApplied   = "patch_not_applied"
	ReasonInfra        = "infra_failure"
	ReasonEvalError    = "eval_error"
	ReasonTestTimeout  = "test_timeout"
	ReasonContradicts  = "report_contradicts_itself"
	ReasonClaimDiffers = "claim_contradicts_report"
	ReasonNoReport     = "no_report"
	ReasonAmbiguous    = "ambiguous_report"
	ReasonPatchDiffers = "patch_differs"
	ReasonMalformed    = "malformed_report"
	ReasonNotSaid      = "report_without_verdict"
	ReasonIncomplete   = "incomplete" // listed as not submitted or not finished
	ReasonPartial      = "partial_reward"
	ReasonAgentFailed  = "agent_failed" // it did not start, or broke down
)

// Findings: remarks that do not change a verdict.
const (
	FindingAppliedFalse = "applied_flag_false_beside_resolved"
	FindingAllPass      = "unresolved_although_no_listed_test_fails"
)

// A Verdict is what one report says about one instance.
type Verdict struct {
	Verdict  pipeline.Verdict
	Reason   string
	Findings []string

	F2PPass, F2PTotal *int32
	P2PPass, P2PTotal *int32
	StatusHash        *string

	Harness, HarnessVersion string
}

// body is the part of a report that concerns one instance. Pointers tell
// absent from false.
type body struct {
	InstanceID  *string `json:"instance_id"`
	Model       *string `json:"model_name_or_path"`
	PatchIsNone *flag   `json:"patch_is_None"`
	PatchExists *flag   `json:"patch_exists"`
	Applied     *flag   `json:"patch_successfully_applied"`
	Resolved    *flag   `json:"resolved"`
	Infra       *flag   `json:"infra_failure"`
	InfraReason *string `json:"infra_failure_reason"`
	EmptyGen    *flag   `json:"empty_generation"`
	FailedApply *flag   `json:"failed_apply_patch"`
	ErrorEval   *flag   `json:"error_eval"`
	TestTimeout *flag   `json:"test_timeout"`
	TestErrored *flag   `json:"test_errored"`
	TestsStatus status  `json:"tests_status"`
	ModelPatch  *string `json:"model_patch"`
}

type status map[string]struct {
	Success []string `json:"success"`
	Failure []string `json:"failure"`
}

// A flag is a boolean as harnesses write it: true, 1 or "true". Anything that is
// neither yes nor no (null, -1) is not said.
type flag struct{ set, value bool }

// UnmarshalJSON reads the spellings.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true", "True", "1", "1.0":
		*f = flag{true, true}
	case "false", "False", "0", "0.0":
		*f = flag{true, false}
	case "null", "-1", "-1.0", "":
	default:
		return fmt.Errorf("%.40s is neither true nor false", b)
	}
	return nil
}

func said(f *flag) bool { return f != nil && f.set }
func yes(f *flag) bool  { return said(f) && f.value }
func no(f *flag) bool   { return said(f) && !f.value }

// knows reports whether the body says anything that a report says.
func (b *body) knows() bool {
	return said(b.Resolved) || said(b.PatchExists) || said(b.PatchIsNone) || said(b.Applied) ||
		said(b.Infra) || b.TestsStatus != nil || said(b.ErrorEval) || said(b.EmptyGen)
}

// bare reports whether a body has an outcome and nothing that leads to it, as
// tables of outcomes have ({"cost": 0.1, "resolved": true}).
func (b *body) bare() bool {
	return said(b.Resolved) && b.TestsStatus == nil && !said(b.PatchIsNone) && !said(b.PatchExists) && !said(b.Applied) && !said(b.Infra) &&
		!said(b.ErrorEval) && !said(b.EmptyGen) && !said(b.FailedApply) && !said(b.TestTimeout)
}

func (b *body) model() string { return text(b.Model) }

// verdict judges a body. The order of the cases is the order of belief: what
// failed on the harness's side decides before what it says about the patch.
func (b *body) verdict() Verdict {
	v := Verdict{Harness: "swebench"}
	if b.Model != nil && b.TestsStatus != nil {
		v.Harness = "swesmith"
	}
	if said(b.Infra) {
		v.HarnessVersion = "5" // the flag came with that generation
	}
	b.count(&v)
	empty := yes(b.PatchIsNone) || no(b.PatchExists) || yes(b.EmptyGen)
	failed := len(b.TestsStatus["FAIL_TO_PASS"].Failure) + len(b.TestsStatus["PASS_TO_PASS"].Failure)
	switch {
	case yes(b.Infra):
		v.Verdict, v.Reason = pipeline.VerdictInfra, ReasonInfra
	case yes(b.ErrorEval), yes(b.TestErrored):
		v.Verdict, v.Reason = pipeline.VerdictInfra, ReasonEvalError
	case yes(b.Resolved) && (failed > 0 || empty || yes(b.FailedApply) || yes(b.TestTimeout)):
		v.Verdict, v.Reason = pipeline.VerdictTainted, ReasonContradicts
	case yes(b.Resolved):
		v.Verdict, v.Reason = pipeline.VerdictResolved, ReasonResolved
		if no(b.Applied) {
			v.Findings = append(v.Findings, FindingAppliedFalse)
		}
	case empty:
		v.Verdict, v.Reason = pipeline.VerdictUnresolved, ReasonEmptyPatch
	case yes(b.TestTimeout):
		v.Verdict, v.Reason = pipeline.VerdictTimeout, ReasonTestTimeout
	case yes(b.FailedApply), no(b.Applied) && no(b.Resolved) && b.TestsStatus == nil:
		v.Verdict, v.Reason = pipeline.VerdictUnresolved, ReasonNotApplied
	case !said(b.Resolved):
		v.Verdict, v.Reason = pipeline.VerdictUnknown, ReasonNotSaid
	case failed > 0:
		v.Verdict, v.Reason = pipeline.VerdictUnresolved, ReasonTestsFailed
	default:
		v.Verdict, v.Reason = pipeline.VerdictUnresolved, ReasonUnresolved
		if v.F2PTotal != nil && *v.F2PTotal > 0 {
			v.Findings = append(v.Findings, FindingAllPass)
		}
	}
	return v
}

// count fills test counts and the hash of the status map.
func (b *body) count(v *Verdict) {
	if b.TestsStatus == nil {
		return
	}
	var lines []string
	for _, s := range b.TestsStatus {
		for _, t := range s.Success {
			lines = append(lines, t+"\x00PASSED")
		}
		for _, t := range s.Failure {
			lines = append(lines, t+"\x00FAILED")
		}
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range slices.Compact(lines) {
		fmt.Fprintf(h, "%d:%s\n", len(l), l)
	}
	sum := hex.EncodeToString(h.Sum(nil)[:16])
	v.StatusHash = &sum
	set := func(key string) (pass, total *int32) {
		s, ok := b.TestsStatus[key]
		if !ok {
			return nil, nil
		}
		p, t := int32(len(s.Success)), int32(len(s.Success)+len(s.Failure))
		return &p, &t
	}
	v.F2PPass, v.F2PTotal = set("FAIL_TO_PASS")
	v.P2PPass, v.P2PTotal = set("PASS_TO_PASS")
}
