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
		"step_limit", "cost_limit", "max_steps", "max_iterations", "per_instance_cost_limit", "per_instance_call_limit":
		return true
	}
	return false
}

// Field reads the value of a key that is a sampling parameter and reports
// whether it was one.
func (p *Sampling) Field(s *jsonscan.Scanner, key string) bool {
	if !IsSampling(key) {
		return false
	}
	switch s.Kind() {
	case jsonscan.Number, jsonscan.Bool, jsonscan.String:
	default:
		return false
	}
	name := strings.Clone(key)
	at := s.Mark()
	s.Skip()
	raw := s.Since(at)
	if len(raw) > maxSamplingBytes || !validValue(raw) {
		return true
	}
	if p.fields == nil {
		p.fields = map[string]json.RawMessage{}
	}
	if _, known := p.fields[name]; !known {
		p.fields[name] = append(json.RawMessage(nil), raw...)
	}
	return true
}

// JSON returns an object with sorted keys, nil where nothing is known.
func (p *Sampling) JSON() *string {
	r := Rest{fields: p.fields}
	return r.JSON()
}
