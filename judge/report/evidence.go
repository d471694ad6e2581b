package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ErrOther is returned when a checkpoint, view or tokens do not belong to the
// evaluation: their figures would be of another model or other rows.
var ErrOther = errors.New("does not belong to the evaluation")

// Ports of the stage.
const (
	portEvaluation = "evaluation"
	portCheckpoint = "checkpoint"
	portMixture    = "mixture"
	portTokens     = "tokens"
)

// evidence is all that a report shows. What an absent input would have told is nil.
type evidence struct {
	title  string
	key    pipeline.Key // of the report itself
	inputs []dataset.Parent

	ev       judge.Evaluation
	config   judge.EvalConfig // of the evaluation
	curves   *judge.Curves
	manifest dataset.Manifest // of the evaluation

	model    *model
	training *training
	view     *view
	mixture  *mixture
	lengths  *lengths
}

// model is the checkpoint's own word on itself.
type model struct {
	manifest dataset.Manifest
	card     contract.Checkpoint
	network  moe.Config
	summary  summary
}

// summary is the part of a checkpoint's summary.json that is shown.
type summary struct {
	Steps          int64 `json:"steps"`
	CheckpointStep int64 `json:"checkpoint_step"`
	StoppedEarly   bool  `json:"stopped_early"`
	SkippedSteps   int64 `json:"skipped_steps"`
	Parameters     int64 `json:"parameters"`
	Tokens         int64 `json:"tokens"`
}

func gather(ctx context.Context, t *pipeline.Task) (*evidence, error) {
	cfg := t.Config.(*Config)
	e := &evidence{title: cfg.Title, key: t.Key}
	for _, in := range t.Inputs {
		e.inputs = append(e.inputs, dataset.Parent{Port: in.Port, Key: in.Key, Kind: in.Kind})
	}
	for _, step := range []struct {
		port string
		read func(context.Context, pipeline.Input) error
	}{
		{portEvaluation, e.readEvaluation},
		{portCheckpoint, e.readCheckpoint},
		{portMixture, e.readView},
		{portTokens, e.readTokens},
	} {
		in, ok := t.Input(step.port)
		if !ok {
			continue
		}
		if err := step.read(ctx, in); err != nil {
			return nil, fmt.Errorf("%s: %w", step.port, err)
		}
	}
	return e, nil
}

func (e *evidence) readEvaluation(ctx context.Context, in pipeline.Input) error {
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindReport)
	if err != nil {
		return err
	}
	if !d.Has(judge.EvaluationFile) {
		return fmt.Errorf("%s: no evaluation: it was written by stage %q", in.URI, d.Manifest.Stage)
	}
	if err := readJSON(ctx, d, judge.EvaluationFile, &e.ev); err != nil {
		return err
	}
	if err := checkEvaluation(&e.ev); err != nil {
		return fmt.Errorf("%s/%s: %w", in.URI, judge.EvaluationFile, err)
	}
	e.manifest = d.Manifest
	if err := json.Unmarshal(d.Manifest.Config, &e.config); err != nil {
		return fmt.Errorf("%s: config of the manifest: %w", in.URI, err)
	}
	if !d.Has(judge.CurvesFile) {
		return nil // an older evaluation
	}
	e.curves = &judge.Curves{}
	if err := readJSON(ctx, d, judge.CurvesFile, e.curves); err != nil {
		return err
	}
	if err := checkCurves(e.curves); err != nil {
		return fmt.Errorf("%s/%s: %w", in.URI, judge.CurvesFile, err)
	}
	return nil
}

func (e *evidence) readCheckpoint(ctx context.Context, in pipeline.Input) error {
	d, err := dataset.OpenArtifact(ctx, in.URI)
	if err != nil {
		return err
	}
	card, err := contract.LoadCheckpoint(d.Path(""))
	if err != nil {
		return err
	}
	m := &model{manifest: d.Manifest, card: *card}
	if by := e.ev.ScoredBy; by != nil && by.Checkpoint != d.Manifest.Key && string(by.Checkpoint) != card.Lineage["task"] {
		return fmt.Errorf("%s: checkpoint %s %w: the scores are by %s", in.URI, d.Manifest.Key.Short(), ErrOther, by.Checkpoint.Short())
	}
	if d.Has("config.json") {
		if err := readJSON(ctx, d, "config.json", &m.network); err != nil {
			return err
		}
	}
	if d.Has("summary.json") {
		if err := readJSON(ctx, d, "summary.json", &m.summary); err != nil {
			return err
		}
	}
	e.model = m
	if !d.Has(metricsFile) {
		return nil
	}
	if e.training, err = readTraining(d.Path(metricsFile), m.summary.CheckpointStep); err != nil {
		return err
	}
	e.training.objective = card.Objective
	return nil
}

func (e *evidence) readView(ctx context.Context, in pipeline.Input) error {
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindView)
	if err != nil {
		return err
	}
	if known := e.viewKeys(); len(known) > 0 && !slices.Contains(known, d.Manifest.Key) {
		return fmt.Errorf("%s: view %s %w, nor to the checkpoint's training", in.URI, d.Manifest.Key.Short(), ErrOther)
	}
	if e.view, err = readView(ctx, d); err != nil {
		return err
	}
	if !d.Has(mixtureFile) {
		return nil
	}
	e.mixture = &mixture{}
	if err := readJSON(ctx, d, mixtureFile, e.mixture); err != nil {
		return err
	}
	if err := e.mixture.check(); err != nil {
		return fmt.Errorf("%s/%s: %w", in.URI, mixtureFile, err)
	}
	return nil
}

// viewKeys are the views that the rows were judged and the model trained by.
func (e *evidence) viewKeys() []pipeline.Key {
	keys := parentKeys(e.manifest, "view")
	if e.model == nil {
		return keys
	}
	if key := e.model.card.Lineage["view"]; key != "" {
		keys = append(keys, pipeline.Key(key))
	}
	return keys
}

func parentKeys(m dataset.Manifest, port string) []pipeline.Key {
	var keys []pipeline.Key
	for _, p := range m.Parents {
		if p.Port == port {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

func (e *evidence) readTokens(ctx context.Context, in pipeline.Input) error {
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindTokens)
	if err != nil {
		return err
	}
	if by := e.ev.ScoredBy; by != nil && by.Tokens != "" && by.Tokens != d.Manifest.Key {
		return fmt.Errorf("%s: tokens %s %w: it read %s", in.URI, d.Manifest.Key.Short(), ErrOther, by.Tokens.Short())
	}
	e.lengths, err = readLengths(ctx, d)
	return err
}

func readJSON(ctx context.Context, d *dataset.Dataset, name string, into any) error {
	text, err := d.ReadFile(ctx, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s/%s: %w", d.URI, name, err)
	}
	return nil
}
