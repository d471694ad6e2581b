package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
)

// A RuleSet decides what statuses mean. Version rises whenever a log would get
// another result.
type RuleSet struct {
	Name    string
	Version string

	judge func(testlog.Status) outcome // of a test that the log mentions
	cut   bool                         // names end at the first space
}

// outcome is what a status is worth.
type outcome uint8

const (
	fails outcome = iota
	passes
	ignored // counts neither way
	absent  // as if the log did not mention it
)

// SWEBench2 is the rule set of SWE-bench 2.x to 4.x.
func SWEBench2() RuleSet {
	return RuleSet{Name: "swebench-2", Version: "1", cut: true, judge: func(s testlog.Status) outcome {
		switch s {
		case testlog.Passed, testlog.XFail:
			return passes
		case testlog.Skipped:
			return ignored
		case testlog.XPass:
			return absent
		}
		return fails
	}}
}

// RuleSets lists every rule set there is.
func RuleSets() []RuleSet { return []RuleSet{SWEBench2()} }

// Find returns the rule set of a name.
func Find(name string) (RuleSet, error) {
	all := RuleSets()
	if i := slices.IndexFunc(all, func(r RuleSet) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, r := range all {
		known = append(known, r.Name)
	}
	return RuleSet{}, fmt.Errorf("grade: no rule set is named %q; there are: %s", name, strings.Join(known, ", "))
}
