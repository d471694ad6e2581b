package chat

import (
	"encoding/json"
	"strings"

	"github.com/swerm/swerm/sources/jsonscan"
)

// maxSamplingBytes bounds one parameter: numbers, booleans and short words.
const maxSamplingBytes = 64

// Sampling collects the parameters that shape a policy's output. Configurations
// have carried credentials, so that only a closed list of keys is kept.
type Sampling struct {
	fields map[string]json.RawMessage
}

// IsSampling lists the keys.
func IsSampling(key string) bool {
	switch key {
	case "temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "max_completion_tokens", "max_input_tokens", "max_output_tokens",
		"presence_penalty", "frequency_penalty", "repetition_penalty", "reasoning_effort", "verbosity", "parallel_tool_calls",
		"extended_thinking_budget", "step_limit", "cost_limit", "max_steps", "max_iterations", "max_budget_per_task",
		"per_instance_cost_limit", "per_instance_call_limit", "message_limit", "token_limit", "time_limit":
		return true
	}
	return false
}

// Keep reads the next value if key is a parameter and the value is a number, a
// boolean or a short string; the first value of a key counts. It reports whether
// key is a parameter.
func (p *Sampling) Keep(s *jsonscan.Scanner, key string) bool {
	if !IsSampling(key) {
		return false
	}
	switch s.Kind() {
	case jsonscan.Number, jsonscan.Bool, jsonscan.String:
	default:
		return true
	}
	name := strings.Clone(key)
	raw := s.Raw()
	if _, known := p.fields[name]; known || len(raw) > maxSamplingBytes || !validValue(raw) {
		return true
	}
	if p.fields == nil {
		p.fields = map[string]json.RawMessage{}
	}
	p.fields[name] = append(json.RawMessage(nil), raw...)
	return true
}

// JSON returns an object with sorted keys, nil where nothing is known.
func (p *Sampling) JSON() *string {
	r := Rest{fields: p.fields}
	return r.JSON()
}
