package grade

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// Grade reads a parsed log under the rule set.
func (r RuleSet) Grade(l *testlog.Log, want Want) Result {
	ix := indexOf(l, r.cut)
	res := Result{Rules: r, Parser: l.Parser, StatusHash: ix.hash()}
	if len(want.FailToPass)+len(want.PassToPass) == 0 {
		res.Verdict, res.Reason = pipeline.VerdictUnknown, ReasonNoWant
		return res
	}
	res.NotPassed = make([]Test, 0, 4)
	res.F2P = res.count(ix, want.FailToPass)
	res.P2P = res.count(ix, want.PassToPass)
	res.decide(l)
	res.find(l, ix)
	return res
}

// count looks every required test up.
func (res *Result) count(ix *index, names []string) (t Tally) {
	for _, name := range names {
		rec := ix.find(name)
		verdict := absent
		test := Test{Name: name}
		if rec != nil {
			verdict = res.Rules.judge(rec.Status)
			test.Status, test.At = rec.Status, rec.StatusAt
		}
		switch verdict {
		case passes:
			t.Passed++
			continue
		case ignored:
		default:
			t.Failed++
		}
		res.NotPassed = append(res.NotPassed, test)
	}
	return t
}

func (res *Result) decide(l *testlog.Log) {
	switch {
	case l.Lost > 0:
		res.Verdict, res.Reason, res.Evidence = pipeline.VerdictInfra, ReasonTooLarge, l.Region
	case !l.Ran():
		res.Verdict = pipeline.VerdictInfra
		res.Reason, res.Evidence = silence(l)
	case res.F2P.Failed+res.P2P.Failed == 0:
		res.Verdict, res.Reason = pipeline.VerdictResolved, ReasonResolved
	default:
		res.Verdict, res.Reason = pipeline.VerdictUnresolved, ReasonMissing
		for _, t := range res.NotPassed {
			if t.Status != 0 && res.Rules.judge(t.Status) == fails {
				res.Reason = ReasonTestsFailed
				break
			}
		}
	}
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

// find lists what is odd.
func (res *Result) find(l *testlog.Log, ix *index) {
	if slices.ContainsFunc(res.NotPassed, func(t Test) bool { return t.Status == testlog.Skipped }) {
		res.Findings = append(res.Findings, FindingSkipped)
	}
	if l.Ran() {
		if l.Total == nil {
			res.Findings = append(res.Findings, FindingUnfinished)
		} else if bad := l.Total.By[testlog.Failed] + l.Total.By[testlog.Error]; bad > ix.bad {
			res.Findings = append(res.Findings, FindingTotals)
		}
	}
	if ix.quoted(res.NotPassed) {
		res.Findings = append(res.Findings, FindingOutput)
	}
}

// index finds the last record of a name.
type index struct {
	log   *testlog.Log
	whole map[string]int32
	short map[string]int32 // of names with a space, cut there
	bad   int64            // records that name a failure
}

func indexOf(l *testlog.Log, cut bool) *index {
	ix := &index{log: l, whole: make(map[string]int32, len(l.Records))}
	for i := range l.Records {
		r := &l.Records[i]
		if r.Part == testlog.Output || r.Fold > 0 {
			continue
		}
		ix.whole[r.Name] = int32(i)
		if r.Status == testlog.Failed || r.Status == testlog.Error {
			ix.bad++
		}
		if head, _, ok := strings.Cut(r.Name, " "); ok && cut {
			if ix.short == nil {
				ix.short = map[string]int32{}
			}
			ix.short[head] = int32(i)
		}
	}
	return ix
}

func (ix *index) find(name string) *testlog.Record {
	i, ok := ix.whole[name]
	if !ok {
		if i, ok = ix.short[name]; !ok {
			return nil
		}
	}
	return &ix.log.Records[i]
}

// quoted reports whether the log has, in quoted output only, a good status of a
// test that did not pass.
func (ix *index) quoted(tests []Test) bool {
	var claimed map[string]bool
	for i := range ix.log.Records {
		if r := &ix.log.Records[i]; r.Part == testlog.Output && r.Status.Good() {
			if claimed == nil {
				claimed = map[string]bool{}
			}
			claimed[r.Name] = true
		}
	}
	return len(claimed) > 0 && slices.ContainsFunc(tests, func(t Test) bool { return claimed[t.Name] })
}

// hash covers every name and its status, in the order of names.
func (ix *index) hash() string {
	names := make([]string, 0, len(ix.whole))
	for name := range ix.whole {
		names = append(names, name)
	}
	slices.Sort(names)
	buf := make([]byte, 0, 64*len(names))
	for _, name := range names {
		buf = append(buf, name...)
		buf = append(buf, 0) // no name holds it: parsers strip control bytes
		buf = append(buf, ix.log.Records[ix.whole[name]].Status.String()...)
		buf = append(buf, '\n')
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:16])
}
