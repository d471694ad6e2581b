package report

import (
	"regexp"
	"strings"
)

// A claim is what a trajectory's own file says about its success, under the keys
// that public sets use. resolved, target and verified are results
// of tests; so is a reward of exactly 1 or 0: any other value (sets write -1
// where their tests could not run) says nothing. A verifier's answer counts
// where nothing else is said, since it was made from what the others say.
type claim struct {
	body
	Report *body `json:"report"`
	Old    *body `json:"fine_grained_report"` // OpenHands of 2024

	Target      outcome `json:"target"`
	Verified    outcome `json:"verified"`
	Reward      outcome `json:"reward"`
	Rewards     outcome `json:"rewards"`
	FinalReward outcome `json:"final_reward"`
	Verdict     *string `json:"verdict"`
}

// An outcome is a flag that may be anything: what is neither yes nor no is not
// said, and no error.
type outcome struct{ flag }

// UnmarshalJSON reads the spellings of a flag.
func (o *outcome) UnmarshalJSON(b []byte) error {
	if o.flag.UnmarshalJSON(b) != nil {
		o.flag = flag{}
	}
	return nil
}

// reported is what a harness says in the file, nil where it says nothing.
func (c *claim) reported() *body {
	if c.Report != nil {
		return c.Report
	}
	return c.Old
}

// resolved joins all that is said; agreed is false where it contradicts itself.
func (c *claim) resolved() (all *flag, agreed bool) {
	flags := []*flag{c.Resolved, &c.Target.flag, &c.Verified.flag, &c.Reward.flag, &c.Rewards.flag, &c.FinalReward.flag}
	if r := c.reported(); r != nil {
		flags = append(flags, r.Resolved)
	}
	for _, f := range flags {
		switch {
		case !said(f):
		case all == nil:
			all = f
		case all.value != f.value:
			return nil, false
		}
	}
	if all == nil && c.Verdict != nil {
		all = answer(*c.Verdict)
	}
	return all, true
}

var answers = regexp.MustCompile(`(?i)\b(?:yes|no)\b`)

// answer reads the one YES or NO of a verifier's text, nil where it has none or
// both.
func answer(text string) *flag {
	var f *flag
	for _, word := range answers.FindAllString(text, -1) {
		yes := strings.EqualFold(word, "yes")
		if f != nil && f.value != yes {
			return nil
		}
		f = &flag{set: true, value: yes}
	}
	return f
}
