package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// Limits on one file.
const (
	// MaxFileBytes bounds a report, a patch or a list of predictions.
	MaxFileBytes = 64 << 20
	// maxInstances bounds how many instances one file may speak of.
	maxInstances = 1 << 20
)

// ErrNotReport is returned for JSON that is no report, list or prediction.
var ErrNotReport = errors.New("not a report")

// A Parsed file is what it says per instance. An instance of "" is the one that
// the file's folder names.
type Parsed struct {
	Instances   map[string]Verdict
	List        bool // a result list: it speaks of many runs' instances and carries no tests
	Predictions []Prediction
}

// Parse reads a report, a result list or predictions.
func Parse(doc []byte) (*Parsed, error) {
	if len(doc) > MaxFileBytes {
		return nil, fmt.Errorf("report of %d bytes, the limit is %d", len(doc), MaxFileBytes)
	}
	trimmed := bytes.TrimLeft(doc, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, errors.New("empty file")
	}
	if trimmed[0] == '[' {
		return parsePredictions(doc)
	}
	var keys map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(doc))
	if err := dec.Decode(&keys); err != nil {
		return nil, err
	}
	if dec.More() {
		return parseLines(doc)
	}
	if len(keys) > maxInstances {
		return nil, fmt.Errorf("%d keys, the limit is %d", len(keys), maxInstances)
	}
	if p := parseList(keys); p != nil {
		return p, nil
	}
	if p, err := parseFlat(doc); err != nil || p != nil {
		return p, err
	}
	if _, evaluated := keys["test_result"]; evaluated {
		return parseLines(doc) // a file of one row
	}
	return parseWrapped(keys)
}

// parseFlat reads a report without the instance key, nil where it is none.
func parseFlat(doc []byte) (*Parsed, error) {
	var b body
	if err := json.Unmarshal(doc, &b); err != nil {
		// The keys of a wrapped report are instance ids; a clash of types can
		// only come from a key of ours.
		return nil, err
	}
	if b.ModelPatch != nil && b.InstanceID != nil && !said(b.Resolved) {
		return &Parsed{Predictions: []Prediction{{*b.InstanceID, b.model(), *b.ModelPatch}}}, nil
	}
	if !b.knows() {
		return nil, nil
	}
	id := ""
	if b.InstanceID != nil {
		id = *b.InstanceID
	}
	return &Parsed{Instances: map[string]Verdict{id: b.verdict()}}, nil
}

// parseWrapped reads {"ID": report} and predictions of the same form.
func parseWrapped(keys map[string]json.RawMessage) (*Parsed, error) {
	p := &Parsed{Instances: map[string]Verdict{}}
	bare := true // no instance has more than an outcome
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		raw := keys[id]
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		var b body
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, fmt.Errorf("%.100s: %w", id, err)
		}
		switch {
		case b.knows():
			v := b.verdict()
			if b.TestsStatus != nil && v.HarnessVersion == "" {
				v.HarnessVersion = "2" // the generation that wraps
			}
			p.Instances[id] = v
			bare = bare && b.bare()
		case b.ModelPatch != nil:
			p.Predictions = append(p.Predictions, Prediction{id, b.model(), *b.ModelPatch})
		}
	}
	if len(p.Instances) == 0 && len(p.Predictions) == 0 {
		return nil, ErrNotReport
	}
	p.List = bare && len(p.Instances) > 1 // a folder's own report may say as little
	return p, nil
}

// listKeys says what it means to stand in a list. Where an instance stands in
// several, the first row of this table decides: a harness lists an unresolved
// instance as completed too, and an error before it is anything else.
var listKeys = []struct {
	names   []string
	verdict pipeline.Verdict
	reason  string
}{
	{[]string{"infra_failure_ids"}, pipeline.VerdictInfra, ReasonInfra},
	{[]string{"error_ids"}, pipeline.VerdictUnknown, ReasonEvalError}, // ended without a report: the harness or the patch, nothing says which
	{[]string{"test_errored", "install_fail", "reset_failed"}, pipeline.VerdictInfra, ReasonEvalError},
	{[]string{"test_timeout"}, pipeline.VerdictTimeout, ReasonTestTimeout},
	{[]string{"empty_patch_ids", "empty_error_patch_ids", "no_generation"}, pipeline.VerdictUnresolved, ReasonEmptyPatch},
	{[]string{"no_apply"}, pipeline.VerdictUnresolved, ReasonNotApplied},
	{[]string{"resolved_ids", "resolved"}, pipeline.VerdictResolved, ReasonResolved},
	{[]string{"unresolved_ids", "unresolved"}, pipeline.VerdictUnresolved, ReasonUnresolved},
	{[]string{"incomplete_ids"}, pipeline.VerdictUnknown, ReasonIncomplete},
	{[]string{"applied", "with_logs", "generated"}, pipeline.VerdictUnresolved, ReasonUnresolved},
}

// parseList reads a result list, nil where it is none. One of the keys that
// only lists have must be there.
func parseList(keys map[string]json.RawMessage) *Parsed {
	if !hasArray(keys, "resolved_ids") && !hasArray(keys, "resolved") {
		return nil
	}
	p := &Parsed{List: true, Instances: map[string]Verdict{}}
	version := "2"
	if hasArray(keys, "no_generation") || hasArray(keys, "with_logs") {
		version = "1"
	}
	for _, row := range listKeys {
		for _, name := range row.names {
			var ids []string
			if raw, ok := keys[name]; !ok || json.Unmarshal(raw, &ids) != nil {
				continue
			}
			for _, id := range ids {
				if _, known := p.Instances[id]; !known && len(p.Instances) < maxInstances {
					p.Instances[id] = Verdict{Verdict: row.verdict, Reason: row.reason, Harness: "swebench", HarnessVersion: version}
				}
			}
		}
	}
	return p
}

func hasArray(keys map[string]json.RawMessage, name string) bool {
	raw, ok := keys[name]
	return ok && len(raw) > 0 && raw[0] == '['
}

// ParseClaim reads what a trajectory's own file says about its success. A file
// that contradicts itself is not believed.
func ParseClaim(claims string) (Verdict, bool) {
	if v, ok := trialVerdict([]byte(claims)); ok {
		return v, true
	}
	var c claim
	if json.Unmarshal([]byte(claims), &c) != nil {
		return Verdict{}, false
	}
	resolved, agreed := c.resolved()
	if !agreed {
		return Verdict{Verdict: pipeline.VerdictTainted, Reason: ReasonContradicts}, true
	}
	b := &c.body
	if r := c.reported(); r != nil {
		b = r
	}
	if !said(b.Resolved) {
		b.Resolved = resolved
	}
	if !b.knows() {
		return Verdict{}, false
	}
	v := b.verdict()
	v.Harness, v.HarnessVersion = "", ""
	return v, true
}

// sortedIDs returns the instances of a file in order.
func (p *Parsed) sortedIDs() []string {
	var ids []string
	for id := range p.Instances {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, strings.Compare)
	return ids
}
