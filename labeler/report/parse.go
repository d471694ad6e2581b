package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	Instances map[string]Verdict
	List      bool              // a result list: it speaks of many runs' instances and carries no tests
	Patches   map[string]string // predictions: instance -> patch
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
		return &Parsed{Patches: map[string]string{*b.InstanceID: *b.ModelPatch}}, nil
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
	p := &Parsed{Instances: map[string]Verdict{}, Patches: map[string]string{}}
	for id, raw := range keys {
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
		case b.ModelPatch != nil:
			p.Patches[id] = *b.ModelPatch
		}
	}
	if len(p.Instances) == 0 && len(p.Patches) == 0 {
		return nil, ErrNotReport
	}
	return p, nil
}

// A prediction is a row with a patch, or with what a harness says about one:
// OpenHands writes the rows that it has evaluated with a report.
type prediction struct {
	InstanceID string          `json:"instance_id"`
	Patch      *string         `json:"model_patch"`
	Result     json.RawMessage `json:"test_result"`
}

// report reads what the harness says, nil where it says nothing.
func (p *prediction) report() *body {
	var r struct {
		Report *body `json:"report"`
	}
	if json.Unmarshal(p.Result, &r) != nil || r.Report == nil || !r.Report.knows() {
		return nil // a result of another kind
	}
	return r.Report
}

func parsePredictions(doc []byte) (*Parsed, error) {
	var rows []prediction
	if err := json.Unmarshal(doc, &rows); err != nil {
		var clash *json.UnmarshalTypeError
		if errors.As(err, &clash) {
			return nil, ErrNotReport
		}
		return nil, err
	}
	return predictions(rows)
}

func parseLines(doc []byte) (*Parsed, error) {
	var rows []prediction
	dec := json.NewDecoder(bytes.NewReader(doc))
	for dec.More() {
		if len(rows) == maxInstances {
			return nil, fmt.Errorf("more than %d predictions", maxInstances)
		}
		var row prediction
		if err := dec.Decode(&row); err != nil {
			return nil, fmt.Errorf("prediction %d: %w", len(rows), err)
		}
		rows = append(rows, row)
	}
	return predictions(rows)
}

func predictions(rows []prediction) (*Parsed, error) {
	p := &Parsed{Instances: map[string]Verdict{}, Patches: map[string]string{}}
	for i := range rows {
		row := &rows[i]
		if row.InstanceID == "" {
			continue
		}
		if row.Patch != nil {
			p.Patches[row.InstanceID] = *row.Patch
		}
		if b := row.report(); b != nil {
			p.Instances[row.InstanceID] = b.verdict()
		}
	}
	if len(p.Patches) == 0 && len(p.Instances) == 0 {
		return nil, ErrNotReport
	}
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
	{[]string{"error_ids", "test_errored", "install_fail", "reset_failed"}, pipeline.VerdictInfra, ReasonEvalError},
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
