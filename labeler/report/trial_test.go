package report

import (
	"testing"

	"github.com/swerm/swerm/pipeline"
)

func TestClaimsOfTrials(t *testing.T) {
	for claim, want := range map[string]Verdict{
		`{"is_resolved":true,"failure_mode":"unset","parser_results":{"a":"passed"}}`:                          {Verdict: pipeline.VerdictResolved, Reason: ReasonResolved},
		`{"is_resolved":true,"failure_mode":"agent_timeout"}`:                                                  {Verdict: pipeline.VerdictResolved, Reason: ReasonResolved},
		`{"is_resolved":true,"parser_results":{"a":"failed"}}`:                                                 {Verdict: pipeline.VerdictTainted, Reason: ReasonContradicts},
		`{"is_resolved":false,"failure_mode":"unset","parser_results":{"a":"failed"}}`:                         {Verdict: pipeline.VerdictUnresolved, Reason: ReasonTestsFailed},
		`{"is_resolved":null,"failure_mode":"test_timeout","parser_results":null}`:                             {Verdict: pipeline.VerdictTimeout, Reason: ReasonTestTimeout},
		`{"is_resolved":null,"failure_mode":"parse_error"}`:                                                    {Verdict: pipeline.VerdictInfra, Reason: ReasonEvalError},
		`{"is_resolved":false,"failure_mode":"agent_installation_failed"}`:                                     {Verdict: pipeline.VerdictInfra, Reason: ReasonAgentFailed},
		`{"is_resolved":null,"failure_mode":"agent_timeout"}`:                                                  {Verdict: pipeline.VerdictUnknown, Reason: ReasonNotSaid},
		`{"verifier_result":{"rewards":{"reward":1.0}},"exception_info":null}`:                                 {Verdict: pipeline.VerdictResolved, Reason: ReasonResolved},
		`{"verifier_result":{"rewards":{"pass":0}}}`:                                                           {Verdict: pipeline.VerdictUnresolved, Reason: ReasonUnresolved},
		`{"verifier_result":{"rewards":{"reward":0.5,"f2p":1}}}`:                                               {Verdict: pipeline.VerdictUnknown, Reason: ReasonPartial},
		`{"verifier_result":{"rewards":{"f2p":1,"p2p":1}}}`:                                                    {Verdict: pipeline.VerdictUnknown, Reason: ReasonNotSaid},
		`{"verifier_result":{"rewards":{"reward":0}},"exception_info":{"exception_type":"X"}}`:                 {Verdict: pipeline.VerdictInfra, Reason: ReasonInfra},
		`{"verifier_result":{"rewards":{"reward":0}},"exception_info":{"exception_type":"AgentTimeoutError"}}`: {Verdict: pipeline.VerdictUnresolved, Reason: ReasonUnresolved},
		`{"exception_info":{"exception_type":"VerifierTimeoutError"}}`:                                         {Verdict: pipeline.VerdictTimeout, Reason: ReasonTestTimeout},
		`{"scores":{"match":{"value":"C"}}}`:                                                                   {Verdict: pipeline.VerdictResolved, Reason: ReasonResolved},
		`{"scores":{"match":{"value":0}}}`:                                                                     {Verdict: pipeline.VerdictUnresolved, Reason: ReasonUnresolved},
		`{"scores":{"match":{"value":"P"}}}`:                                                                   {Verdict: pipeline.VerdictUnknown, Reason: ReasonPartial},
		`{"scores":{"match":{"value":-3}}}`:                                                                    {Verdict: pipeline.VerdictUnknown, Reason: ReasonNotSaid},
		`{"scores":{"match":{"value":"C"},"style":{"value":"I"}}}`:                                             {Verdict: pipeline.VerdictUnknown, Reason: ReasonNotSaid},
		`{"scores":{"match":{"value":{"a":1}}}}`:                                                               {Verdict: pipeline.VerdictUnknown, Reason: ReasonNotSaid},
	} {
		got, ok := ParseClaim(claim)
		if !ok || got.Verdict != want.Verdict || got.Reason != want.Reason {
			t.Errorf("%s: %s, %s, want %s, %s", claim, got.Verdict, got.Reason, want.Verdict, want.Reason)
		}
	}
	for _, claim := range []string{`{}`, `{"success":true}`, `{"scores":{}}`, `{"is_resolved":[]}`} {
		if v, ok := ParseClaim(claim); ok {
			t.Errorf("%s: %s", claim, v.Verdict)
		}
	}
}
