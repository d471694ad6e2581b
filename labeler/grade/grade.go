package grade

import (
	"slices"

	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// Grade reads a parsed log under the rule set, as if the harness read it as the
// log's parser does.
func (r RuleSet) Grade(l *testlog.Log, want Want) Result {
	return r.GradeReading(&Reading{Book: l, Own: l}, want)
}

// GradeReading grades a log that was read for the rule set.
func (r RuleSet) GradeReading(l *Reading, want Want) Result {
	ix := indexOf(l.Book, r.names)
	res := Result{Rules: r, Parser: l.Book.Parser, Evidence: l.Book.Region}
	if !l.unhashed {
		res.StatusHash = ix.hash()
	}
	var phases PhaseReport
	phased := r.phased && l.Phases != nil
	if phased {
		phases = l.Phases.check(l.Own, &want)
	}
	if want.none(r.needs) && !phased {
		res.Verdict, res.Reason = pipeline.VerdictUnknown, ReasonNoWant
		res.Answer.Graded = r.refuses == nil || l.Book.Marks == nil || !r.refuses(l)
		return res
	}
	c := r.counted(ix, want)
	res.F2P, res.P2P, res.NotPassed, res.Passed = c.F2P, c.P2P, c.NotPassed, c.Passed
	res.Completed = ix.completed
	res.Answer = r.answer(l, c)
	if phased {
		res.Fault, res.Answer.Resolved = phases.Fault, res.Answer.Resolved && phases.Valid
	}
	res.crash = l.Crash
	res.decide(l)
	res.look(l)
	return res
}

// decide makes a verdict of the answer. The harness says yes or no to any log;
// where the log shows that its question was not asked, that is no verdict.
func (res *Result) decide(l *Reading) {
	switch {
	case max(l.Book.Lost, l.Own.Lost) > 0:
		res.Verdict, res.Reason, res.Evidence = pipeline.VerdictInfra, ReasonTooLarge, l.Own.Region
	case res.interrupted(l):
	case !l.ran():
		res.Verdict, res.Tier = pipeline.VerdictInfra, TierAmbiguous
		res.Reason, res.Evidence = silence(l.Own)
		if res.Cause = l.Cause; l.Cause != "" {
			res.Tier = l.CauseTier
		}
	case res.Answer.Resolved:
		res.Verdict, res.Reason = pipeline.VerdictResolved, ReasonResolved
	default:
		res.Verdict, res.Reason = pipeline.VerdictUnresolved, res.why()
	}
}

// interrupted knows what the harness itself says about its run.
func (res *Result) interrupted(l *Reading) bool {
	if l.Book.Marks == nil {
		return false
	}
	for _, m := range []struct {
		kind    testlog.MarkKind
		verdict pipeline.Verdict
		reason  string
	}{
		{testlog.MarkApplyFailed, pipeline.VerdictUnresolved, ReasonNotApplied},
		{testlog.MarkInstallFailed, pipeline.VerdictInfra, ReasonHarness},
		{testlog.MarkResetFailed, pipeline.VerdictInfra, ReasonHarness},
		{testlog.MarkTestsErrored, pipeline.VerdictInfra, ReasonHarness},
		{testlog.MarkTimedOut, pipeline.VerdictTimeout, ReasonTimeout},
		{testlog.MarkStopped, pipeline.VerdictTimeout, ReasonTimeout},
	} {
		if at, ok := l.Book.Marks.First(m.kind); ok {
			res.Verdict, res.Reason, res.Evidence = m.verdict, m.reason, at
			return true
		}
	}
	return false
}

// ran reports whether anything shows that tests ran.
func (l *Reading) ran() bool { return l.Own.Ran() || l.Book.Ran() || l.SuiteRan }

// why says what an unresolved verdict rests on.
func (res *Result) why() string {
	if !res.Answer.Graded {
		return ReasonRefused
	}
	if res.F2P.Failed+res.P2P.Failed == 0 {
		return ReasonOther
	}
	for _, t := range res.NotPassed {
		if t.Status == testlog.Failed || t.Status == testlog.Error {
			return ReasonTestsFailed
		}
	}
	return ReasonMissing
}

// silence says why no test ran, as far as the log tells, and where it does. A
// log that says nothing shows it all over.
func silence(l *testlog.Log) (string, testlog.Span) {
	if e, ok := l.Has(testlog.UsageError); ok {
		return ReasonUsage, e.At
	}
	if l.Total != nil {
		return ReasonNoTests, l.Total.At
	}
	for _, kind := range []testlog.EventKind{testlog.InternalError, testlog.Started} {
		if e, ok := l.Has(kind); ok {
			return ReasonCrashed, e.At
		}
	}
	return ReasonDidNotRun, l.Region
}

// look lists what is odd.
func (res *Result) look(l *Reading) {
	for _, f := range inspect(res, l) {
		res.add(f)
	}
}

// add adds a finding and what follows from it.
func (res *Result) add(f Finding) {
	res.Details = append(res.Details, f)
	if i, ok := slices.BinarySearch(res.Findings, f.Name); !ok {
		res.Findings = slices.Insert(res.Findings, i, f.Name)
	}
	if res.Verdict == pipeline.VerdictResolved && taintedBy(res.Findings) != "" {
		res.Verdict, res.Reason = pipeline.VerdictTainted, ReasonForged
	}
}

// Attach adds findings about something besides the log: the patch, the
// trajectory.
func (res *Result) Attach(findings ...Finding) {
	for _, f := range findings {
		res.add(f)
	}
}
