package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/term"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/labeler/testlog"
)

// printGrades writes a line for each attempt and rule set, then what they
// disagree on, then the counts.
func printGrades(to io.Writer, tree *regrade.Tree, all []*regrade.Outcome, explain bool) error {
	w := bufio.NewWriter(to)
	for _, o := range all {
		if o.Err != nil {
			fmt.Fprintf(w, "%s: error: %s\n", term.Line(o.Path), term.Line(o.Err.Error()))
			continue
		}
		for i := range o.Results {
			r := &o.Results[i]
			fmt.Fprintf(w, "%s: %s (%s), %s: FAIL_TO_PASS %d/%d, PASS_TO_PASS %d/%d%s\n", term.Line(o.Path), r.Verdict, r.Reason, r.Rules.Name,
				r.F2P.Passed, r.F2P.Total(), r.P2P.Passed, r.P2P.Total(), suffix(r.Findings))
			if explain {
				explainResult(w, tree.Log(o.Path), o, r)
			}
		}
	}
	doc := regrade.NewGradeDoc(all)
	for _, path := range doc.Disagree {
		fmt.Fprintf(w, "the rule sets disagree on %s\n", term.Line(path))
	}
	for _, rules := range slices.Sorted(maps.Keys(doc.ByVerdict)) {
		fmt.Fprintf(w, "%s: %s\n", rules, counts(doc.ByVerdict[rules]))
	}
	return w.Flush()
}

func suffix(findings []string) string {
	if len(findings) == 0 {
		return ""
	}
	return "; " + strings.Join(findings, ", ")
}

func counts(by map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf("%d %s", by[name], name))
	}
	return strings.Join(parts, ", ")
}

// shownTests is how many tests are shown of a kind.
const shownTests = 20

// explainResult says what a verdict rests on.
func explainResult(w io.Writer, log *regrade.File, o *regrade.Outcome, r *grade.Result) {
	fmt.Fprintf(w, "  instance   %s\n  read as    %s %s, under %s version %s (%s)\n  log        sha256 %s, bytes %d to %d\n",
		term.Line(o.Instance), r.Parser.Name, r.Parser.Version, r.Rules.Name, r.Rules.Version, r.Rules.Follows, o.LogHash, r.Evidence.Start, r.Evidence.End)
	answer := "not resolved"
	switch {
	case !r.Answer.Graded:
		answer = "not resolved: it grades no such log"
	case r.Answer.Resolved:
		answer = "resolved"
	}
	fmt.Fprintf(w, "  harness    %s\n  verdict    %s: %s\n", answer, r.Verdict, r.Reason)
	if r.Tier != "" {
		fmt.Fprintf(w, "  tier       %s %s\n", r.Tier, r.Cause)
	}
	if r.Fault != "" {
		fmt.Fprintf(w, "  phases     %s\n", r.Fault)
	}
	for i, t := range r.NotPassed {
		if i == shownTests {
			fmt.Fprintf(w, "  … %d more\n", len(r.NotPassed)-i)
			break
		}
		if t.Status == 0 {
			fmt.Fprintf(w, "  missing    %s\n", term.Line(t.Name))
			continue
		}
		fmt.Fprintf(w, "  %-10s %s\n             byte %d: %s\n", strings.ToLower(t.Status.String()), term.Line(t.Name), t.At.Start, excerpt(log, t.At))
	}
	for _, f := range r.Details {
		fmt.Fprintf(w, "  finding    %s: %s (%s)\n", f.Name, grade.Explain(f.Name), term.Line(f.Detail))
		switch {
		case f.At != (testlog.Span{}):
			fmt.Fprintf(w, "             byte %d: %s\n", f.At.Start, excerpt(log, f.At))
		case f.File != "":
			fmt.Fprintf(w, "             %s, line %d of the patch\n", term.Line(f.File), f.Line)
		}
	}
}

// excerpt shows the line of the log that a place is in.
func excerpt(log *regrade.File, at testlog.Span) string {
	if log == nil {
		return ""
	}
	line, err := log.Line(at.Start)
	if err != nil {
		return err.Error()
	}
	return term.Line(string(testlog.Strip(line)))
}

func printAgainst(to io.Writer, doc regrade.AgainstDoc) error {
	w := bufio.NewWriter(to)
	printDifferences(w, doc.Differ)
	for _, r := range doc.Runs {
		printDifferences(w, r.Differ)
		fmt.Fprintf(w, "%s/%s: %d logs, %d agree\n", term.Line(r.Path), term.Line(r.File), r.Logs, r.Agree)
	}
	if doc.Logs > 0 || len(doc.Runs) == 0 {
		fmt.Fprintf(w, "%d logs, %d agree with their reports; by rule set: %s; by verdict: %s\n", doc.Logs, doc.Agree, counts(doc.ByRules), counts(doc.ByVerdict))
	}
	return w.Flush()
}

func printDifferences(w io.Writer, all []regrade.Difference) {
	for _, d := range all {
		fmt.Fprintf(w, "%s: the report says %s, %s says %s", term.Line(d.Path), d.Want, d.Rules, d.Got)
		if d.Error != "" {
			fmt.Fprintf(w, ": %s", term.Line(d.Error))
		}
		fmt.Fprintln(w)
		for i, t := range d.Tests {
			if i == shownTests {
				fmt.Fprintf(w, "  … %d more\n", len(d.Tests)-i)
				break
			}
			fmt.Fprintf(w, "  %s: %s, not %s\n", term.Line(t.Name), list(t.Got), list(t.Want))
		}
	}
}

// list names the list of a report that a test is in.
func list(word string) string {
	if word == "" {
		return "in no list"
	}
	return word
}
