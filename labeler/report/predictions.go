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

// A Prediction is a patch that a run made of an instance, as harnesses take them.
type Prediction struct {
	Instance string
	Model    string // as the file writes it, "" where it does not
	Patch    string
}

// A wirePrediction is a row with a patch, or with what a harness says about one:
// OpenHands writes the rows that it has evaluated with a report.
type wirePrediction struct {
	InstanceID string          `json:"instance_id"`
	Model      string          `json:"model_name_or_path"`
	Patch      *string         `json:"model_patch"`
	Result     json.RawMessage `json:"test_result"`
}

// report reads what the harness says, nil where it says nothing.
func (p *wirePrediction) report() *body {
	var r struct {
		Report *body `json:"report"`
	}
	if json.Unmarshal(p.Result, &r) != nil || r.Report == nil || !r.Report.knows() {
		return nil // a result of another kind
	}
	return r.Report
}

func parsePredictions(doc []byte) (*Parsed, error) {
	var rows []wirePrediction
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
	var rows []wirePrediction
	dec := json.NewDecoder(bytes.NewReader(doc))
	for dec.More() {
		if len(rows) == maxInstances {
			return nil, fmt.Errorf("more than %d predictions", maxInstances)
		}
		var row wirePrediction
		if err := dec.Decode(&row); err != nil {
			return nil, fmt.Errorf("prediction %d: %w", len(rows), err)
		}
		rows = append(rows, row)
	}
	return predictions(rows)
}

func predictions(rows []wirePrediction) (*Parsed, error) {
	p := &Parsed{Instances: map[string]Verdict{}}
	for i := range rows {
		row := &rows[i]
		if row.InstanceID == "" {
			continue
		}
		if row.Patch != nil {
			p.Predictions = append(p.Predictions, Prediction{row.InstanceID, row.Model, *row.Patch})
		}
		if b := row.report(); b != nil {
			p.Instances[row.InstanceID] = b.verdict()
		}
	}
	if len(p.Predictions) == 0 && len(p.Instances) == 0 {
		return nil, ErrNotReport
	}
	return p, nil
}

// A predicted patch is what is remembered of a prediction.
type predicted struct {
	model string // ModelKey
	hash  string // pipeline.PatchHash
}

// predict remembers the predictions of a folder.
func (c *collector) predict(dir string, all []Prediction) {
	if len(all) > 0 && c.predicted[dir] == nil {
		c.predicted[dir] = map[string][]predicted{}
	}
	for _, p := range all {
		one := predicted{ModelKey(p.Model), pipeline.PatchHash(p.Patch)}
		if have := c.predicted[dir][p.Instance]; !slices.Contains(have, one) {
			c.predicted[dir][p.Instance] = append(have, one)
		}
	}
}

// foretold gives a report the patch that was predicted in its folder or the one
// above, and the model that predicted it. Of predictions that differ, those of the
// report's own model count; where they still differ, nothing is known.
func (c *collector) foretold(r *Report, dirs ...string) {
	for _, dir := range dirs {
		all := c.predicted[dir][r.Instance]
		if mine := slices.DeleteFunc(slices.Clone(all), func(p predicted) bool { return !slices.Contains(r.Models, p.model) }); len(mine) > 0 {
			all = mine
		}
		if len(all) == 0 {
			continue
		}
		if hash := all[0].hash; !slices.ContainsFunc(all, func(p predicted) bool { return p.hash != hash }) {
			r.Patch = &hash
		}
		if model := all[0].model; model != "" && !slices.ContainsFunc(all, func(p predicted) bool { return p.model != model }) {
			r.Models = []string{model}
		}
		return
	}
}

// ModelKey is one for the spellings of a model in names of files and in
// predictions: without its vendor and its router, in lower case.
func ModelKey(model string) string {
	model = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(model), "__", "/"))
	return model[strings.LastIndexByte(model, '/')+1:]
}

// stemModels lists the models that a list's name, `MODEL.RUN.json`, may mean. A dot
// before a digit is one of a version and parts nothing.
func stemModels(name string) []string {
	stem := strings.TrimSuffix(strings.TrimSuffix(name, ".jsonl"), ".json")
	models := []string{ModelKey(stem)}
	for i := range stem {
		if stem[i] == '.' && i+1 < len(stem) && (stem[i+1] < '0' || stem[i+1] > '9') {
			models = append(models, ModelKey(stem[:i]))
		}
	}
	return models
}
