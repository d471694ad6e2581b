package report

import (
	"encoding/json"
	"slices"

	"github.com/swerm/swerm/pipeline"
)

// trialClaim is what harnesses of trials write about one: Terminal-Bench
// (is_resolved, failure_mode, parser_results), Harbor (verifier_result,
// exception_info) and Inspect (scores).
type trialClaim struct {
	IsResolved    *flag             `json:"is_resolved"`
	FailureMode   *string           `json:"failure_mode"`
	ParserResults map[string]string `json:"parser_results"`

	Verifier *struct {
		Rewards map[string]json.RawMessage `json:"rewards"`
	} `json:"verifier_result"`
	Exception *struct {
		Type string `json:"exception_type"`
	} `json:"exception_info"`

	Scores map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"scores"`
}

// trialVerdict reads the claims of trials; false where they are of another
// kind.
func trialVerdict(claims []byte) (Verdict, bool) {
	var c trialClaim
	if json.Unmarshal(claims, &c) != nil {
		return Verdict{}, false
	}
	switch {
	case c.IsResolved != nil || c.FailureMode != nil:
		return c.terminalBench(), true
	case c.Verifier != nil || c.Exception != nil:
		return c.harbor(), true
	case len(c.Scores) > 0:
		return c.inspect(), true
	}
	return Verdict{}, false
}

// brokenAgents are failures of the agent's program, not of what the policy did.
var brokenAgents = []string{"agent_installation_failed", "unknown_agent_error"}

// terminalBench judges a trial. A run that ran out of its time may have done
// the task before; where the tests gave no answer there is none.
func (c *trialClaim) terminalBench() Verdict {
	mode := ""
	if c.FailureMode != nil {
		mode = *c.FailureMode
	}
	failed := 0
	for _, status := range c.ParserResults {
		if status == "failed" {
			failed++
		}
	}
	switch {
	case mode == "test_timeout":
		return verdictOf(pipeline.VerdictTimeout, ReasonTestTimeout)
	case yes(c.IsResolved) && failed > 0:
		return verdictOf(pipeline.VerdictTainted, ReasonContradicts)
	case yes(c.IsResolved):
		return verdictOf(pipeline.VerdictResolved, ReasonResolved)
	case slices.Contains(brokenAgents, mode):
		return verdictOf(pipeline.VerdictInfra, ReasonAgentFailed)
	case mode == "parse_error":
		return verdictOf(pipeline.VerdictInfra, ReasonEvalError)
	case !said(c.IsResolved):
		return verdictOf(pipeline.VerdictUnknown, ReasonNotSaid)
	case failed > 0:
		return verdictOf(pipeline.VerdictUnresolved, ReasonTestsFailed)
	}
	return verdictOf(pipeline.VerdictUnresolved, ReasonUnresolved)
}

// harbor judges a trial by its reward. The agent's own time limit is part of
// the task; any other exception beside a reward that is not full leaves open
// whose fault it is.
func (c *trialClaim) harbor() Verdict {
	exception := ""
	if c.Exception != nil {
		exception = c.Exception.Type
	}
	reward := c.reward()
	switch {
	case reward == rewardFull:
		return verdictOf(pipeline.VerdictResolved, ReasonResolved)
	case exception == "VerifierTimeoutError":
		return verdictOf(pipeline.VerdictTimeout, ReasonTestTimeout)
	case exception != "" && exception != "AgentTimeoutError":
		return verdictOf(pipeline.VerdictInfra, ReasonInfra)
	case reward == rewardNone:
		return verdictOf(pipeline.VerdictUnresolved, ReasonUnresolved)
	case reward == rewardPartial:
		return verdictOf(pipeline.VerdictUnknown, ReasonPartial)
	}
	return verdictOf(pipeline.VerdictUnknown, ReasonNotSaid)
}

// reward finds the one reward of a trial: the key "reward", or the only key.
func (c *trialClaim) reward() reward {
	if c.Verifier == nil {
		return rewardUnknown
	}
	if raw, ok := c.Verifier.Rewards["reward"]; ok {
		return rewardOf(raw)
	}
	if len(c.Verifier.Rewards) == 1 {
		for _, raw := range c.Verifier.Rewards {
			return rewardOf(raw)
		}
	}
	return rewardUnknown
}

// inspect judges a sample that one scorer has judged. What several scorers mean
// together is their evaluation's to say.
func (c *trialClaim) inspect() Verdict {
	if len(c.Scores) != 1 {
		return verdictOf(pipeline.VerdictUnknown, ReasonNotSaid)
	}
	for _, score := range c.Scores {
		switch rewardOf(score.Value) {
		case rewardFull:
			return verdictOf(pipeline.VerdictResolved, ReasonResolved)
		case rewardNone:
			return verdictOf(pipeline.VerdictUnresolved, ReasonUnresolved)
		case rewardPartial:
			return verdictOf(pipeline.VerdictUnknown, ReasonPartial)
		}
	}
	return verdictOf(pipeline.VerdictUnknown, ReasonNotSaid)
}

// A reward is all, nothing, something between, or not said.
type reward int

const (
	rewardUnknown reward = iota
	rewardNone
	rewardPartial
	rewardFull
)

// rewardOf reads 1, 0, true, false, and the letters that Inspect uses for
// correct, incorrect and partial. A number outside [0,1] is none of them.
func rewardOf(raw json.RawMessage) reward {
	switch string(raw) {
	case "true", `"C"`:
		return rewardFull
	case "false", `"I"`:
		return rewardNone
	case `"P"`:
		return rewardPartial
	}
	var v *float64
	switch err := json.Unmarshal(raw, &v); {
	case err != nil || v == nil || *v < 0 || *v > 1:
		return rewardUnknown
	case *v == 1:
		return rewardFull
	case *v == 0:
		return rewardNone
	}
	return rewardPartial
}

func verdictOf(v pipeline.Verdict, reason string) Verdict { return Verdict{Verdict: v, Reason: reason} }
