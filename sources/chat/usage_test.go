package chat

import (
	"testing"

	"github.com/swerm/swerm/pipeline"
)

func TestClock(t *testing.T) {
	var c Clock
	if c.Seconds() != nil {
		t.Error("no stamps are a time")
	}
	for _, s := range []string{"2025-01-01T00:00:10.5Z", "yesterday", "2025-01-01T00:00:00+00:00", "2025-01-01T00:00:04.250000"} {
		c.See(s)
	}
	if got := c.Seconds(); got == nil || *got != 10.5 {
		t.Errorf("%v", got)
	}
	if _, ok := Stamp("2025-06-14 10:00:00"); !ok {
		t.Error("a stamp without T is none")
	}
}

func TestTally(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	var sum Tally
	var u pipeline.Usage
	if sum.Fill(&u); u.PromptTokens != nil || u.CostUSD != nil || u.APICalls != nil {
		t.Error("nothing was reported and something is known")
	}
	sum.Tokens(n(5), n(2))
	sum.Tokens(n(7), nil)
	sum.Tokens(n(-1), n(1))
	sum.Tokens(n(1), n(1))
	cost := 0.25
	sum.Cost(&cost)
	sum.Cost(nil)
	known := int64(9)
	u.CompletionTokens = &known
	sum.Fill(&u)
	if *u.PromptTokens != 6 || *u.CompletionTokens != 9 || *u.APICalls != 2 || *u.CostUSD != 0.25 {
		t.Errorf("%+v", u)
	}
}
