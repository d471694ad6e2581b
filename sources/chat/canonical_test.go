package chat_test

import (
	"testing"

	"github.com/swerm/swerm/sources/chat"
	"github.com/swerm/swerm/sources/jsonscan"
)

func TestEqualValuesHaveOneForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"b": [1.0, "<x>"], "a": null}`: `{"a":null,"b":[1.0,"<x>"]}`,
		` 12345678901234567890 `:         `12345678901234567890`,
		`{"n": NaN}`:                     `"{\"n\": NaN}"`,
	} {
		if got := string(chat.Canonical([]byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestSamplingLeavesCredentials(t *testing.T) {
	var p chat.Sampling
	s := jsonscan.New([]byte(`{"temperature": 0.5, "api_key": "secret", "top_p": null, "seed": {"x": 1}, "reasoning_effort": "high"}`))
	for key := range s.Fields() {
		p.Keep(s, key)
	}
	if got := chat.OrEmpty(p.JSON()); got != `{"reasoning_effort":"high","temperature":0.5}` || s.Err() != nil {
		t.Error(got, s.Err())
	}
}
