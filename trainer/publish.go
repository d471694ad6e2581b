package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
	"github.com/swerm/swerm/pipeline"
)

// summaryName is the file of the stage's result.
const summaryName = "summary.json"

// tokenizerFiles are the files of a tokenizer artifact that transformers
// looks for; those that are there are copied.
var tokenizerFiles = []string{contract.TokenizerFile, "tokenizer_config.json", "special_tokens_map.json",
	"vocab.json", "merges.txt", "chat_template.jinja"}

// Names of the task sets in swerm.json.
const (
	trainedOnTrain = "train"
	trainedOnDev   = "dev"
)

// shape is the config of the network to train: that of the initial checkpoint,
// or the config's with the tokenizer's vocabulary.
func (j *job) shape() (moe.Config, error) {
	if j.initial == "" {
		shape := j.cfg.Model.shape(j.vocab, j.contract.MaxTokens)
		return shape, shape.Validate()
	}
	raw, err := os.ReadFile(filepath.Join(j.initial, "config.json"))
	if err != nil {
		return moe.Config{}, fmt.Errorf("port %s: %w", portInit, err)
	}
	shape, err := moe.ParseConfig(raw)
	if err != nil {
		return moe.Config{}, fmt.Errorf("port %s: %w", portInit, err)
	}
	if shape.VocabSize < j.vocab {
		return *shape, fmt.Errorf("%w: port %s has %d embeddings, the tokenizer %d tokens", ErrMismatch, portInit, shape.VocabSize, j.vocab)
	}
	before, err := j.initialCheckpoint()
	if err != nil {
		return *shape, err
	}
	if before != nil && before.Contract.TokenizerHash != j.contract.TokenizerHash {
		return *shape, fmt.Errorf("%w: port %s was trained with tokenizer %.16s, the tokens were made with %.16s",
			ErrMismatch, portInit, before.Contract.TokenizerHash, j.contract.TokenizerHash)
	}
	return *shape, nil
}

// initialCheckpoint reads swerm.json of the initial checkpoint; a directory
// that another program wrote has none.
func (j *job) initialCheckpoint() (*contract.Checkpoint, error) {
	if j.initial == "" {
		return nil, nil
	}
	c, err := contract.LoadCheckpoint(j.initial)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("port %s: %w", portInit, err)
	}
	return c, nil
}

// publish assembles the artifact from the chosen checkpoint. swerm.json is
// written last: once it is there, a later start only has to clear the work
// directory away.
func (j *job) publish(t *training, data *corpus, counts pipeline.Counts) error {
	chosen := t.chosen()
	st, err := loadState(chosen)
	if err != nil {
		return err
	}
	if err := linkTree(chosen, j.dir); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := j.publishWeights(t, st, chosen); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	for _, name := range tokenizerFiles {
		err := copyFile(filepath.Join(j.tokenizer, name), filepath.Join(j.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("publish: %w", err)
		}
	}
	if err := j.summarize(t, st, counts); err != nil {
		return err
	}
	c, err := j.describe(t, data, st)
	if err != nil {
		return err
	}
	if err := syncTree(j.dir); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := c.Save(j.dir); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return os.RemoveAll(filepath.Join(j.dir, workDir))
}

// publishWeights puts the model into the artifact where the checkpoint's own
// files are not what is published.
func (j *job) publishWeights(t *training, st *State, chosen string) error {
	switch {
	case j.cfg.adapts():
		from := origin{dir: j.initial, shape: t.net.config(), seed: j.cfg.Seed}
		if err := from.under(st); err != nil { // they may have been replaced meanwhile
			return err
		}
		return publishAdapters(j.cfg, from, chosen, j.dir)
	case j.cfg.SaveDType != "":
		return moe.Convert(chosen, j.dir, moe.SaveOptions{DType: j.cfg.savedType()})
	}
	return nil
}

// savedType is save_dtype as files spell it.
func (c *Config) savedType() string {
	if c.SaveDType == SaveFP16 {
		return string(safetensors.F16)
	}
	return string(safetensors.BF16)
}

// published reports whether an earlier start got as far as swerm.json, takes
// up its summary and clears what it left.
func (j *job) published() (bool, error) {
	if _, err := os.Stat(filepath.Join(j.dir, contract.CheckpointFile)); err != nil {
		return false, nil
	}
	raw, err := os.ReadFile(filepath.Join(j.dir, summaryName))
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(raw, &j.summary); err != nil {
		return false, fmt.Errorf("%s: %w", summaryName, err)
	}
	return true, os.RemoveAll(filepath.Join(j.dir, workDir))
}

func (j *job) summarize(t *training, chosen *State, counts pipeline.Counts) error {
	f, err := os.Open(filepath.Join(j.dir, metricsName))
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer f.Close()
	lines, err := readLines(f)
	if err != nil {
		return err
	}
	s := &j.summary
	s.Steps, s.CheckpointStep, s.StoppedEarly, s.SkippedSteps = t.st.Step, chosen.Step, t.st.StoppedEarly, t.st.SkippedSteps
	shape := t.net.config()
	s.Parameters, s.Tokens, s.KernelFamily, s.Counts = shape.NumParams(), t.st.Tokens, t.st.KernelFamily, counts
	s.Loss, s.Dev = lines[len(lines)-1].Loss, lines[chosen.Step-1].Dev
	kept := *s
	kept.TokensPerSecond, kept.Phases = 0, nil // of a process, not of the result
	doc, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return writeFile(filepath.Join(j.dir, summaryName), append(doc, '\n'))
}

// describe is what swerm.json says.
func (j *job) describe(t *training, data *corpus, st *State) (*contract.Checkpoint, error) {
	c := &contract.Checkpoint{Contract: *j.contract, Objective: j.cfg.Objective.Name, Head: "two_way",
		Precision: j.cfg.Precision, KernelFamily: st.KernelFamily, Step: int(st.Step),
		Lineage: map[string]string{"task": string(j.task.Key)}, Metrics: map[string]float64{}}
	if t.net.head.Full {
		c.Head = "full"
	}
	if st.Base != "" {
		c.Lineage["base"] = st.Base
	}
	for _, in := range j.task.Inputs {
		c.Lineage[in.Port] = string(in.Key)
	}
	dev := j.summary.Dev
	if dev == nil {
		dev = &Dev{}
	}
	for name, v := range map[string]*float64{"train_loss": j.summary.Loss, "dev_loss": dev.Loss, "dev_auc": dev.AUC, "dev_ece": dev.ECE} {
		if v != nil {
			c.Metrics[name] = *v
		}
	}
	before, err := j.initialCheckpoint()
	if err != nil {
		return nil, err
	}
	c.TrainedOn = map[string][]string{}
	if before != nil {
		maps.Copy(c.TrainedOn, before.TrainedOn)
	}
	c.TrainedOn[trainedOnTrain] = taskSet(c.TrainedOn[trainedOnTrain], data.train, data.tasks)
	c.TrainedOn[trainedOnDev] = taskSet(c.TrainedOn[trainedOnDev], data.dev, data.tasks)
	return c, nil
}

// taskSet adds the tasks of samples to those that an initial checkpoint had
// seen: its weights carry them on.
func taskSet(before []string, list []sample, tasks []string) []string {
	set := map[string]bool{}
	for _, h := range before {
		set[h] = true
	}
	seen := map[int32]bool{}
	for _, s := range list {
		if !seen[s.task] {
			seen[s.task] = true
			set[contract.TaskHash(tasks[s.task])] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}
