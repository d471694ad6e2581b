package contract

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
)

// TokenizerConfig says what vocabulary to learn and from how much text.
type TokenizerConfig struct {
	VocabSize     int      `json:"vocab_size" yaml:"vocab_size"`
	SampleBytes   int64    `json:"sample_bytes" yaml:"sample_bytes"` // text that is learned from, at most
	Seed          uint64   `json:"seed" yaml:"seed"`                 // decides which trajectories are sampled
	Split         string   `json:"split" yaml:"split"`               // of the view; "" = all of it
	MinFrequency  int64    `json:"min_frequency" yaml:"min_frequency"`
	MaxTokenBytes int      `json:"max_token_bytes" yaml:"max_token_bytes"`
	Words         []string `json:"words" yaml:"words"` // single tokens whatever the text holds: the verdicts
	Special       []string `json:"special" yaml:"special"`
	Reasoning     bool     `json:"reasoning" yaml:"reasoning"` // learn from hidden reasoning too
}

// Defaults and limits of the tokenizer stage.
const (
	defaultVocabSize   = 8192
	defaultSampleBytes = 64 << 20 // beyond it merges of a vocabulary of thousands hardly change
	maxSampleBytes     = 8 << 30  // words are counted in memory
)

func newTokenizerConfig() pipeline.Config {
	return &TokenizerConfig{VocabSize: defaultVocabSize, SampleBytes: defaultSampleBytes, Split: pipeline.SplitTrain,
		MinFrequency: 2, MaxTokenBytes: 64, Words: []string{defaultYes, defaultNo}, Special: tokenizer.DefaultSpecial()}
}

func (c *TokenizerConfig) options(workers int) tokenizer.TrainOptions {
	return tokenizer.TrainOptions{VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, MaxTokenBytes: c.MaxTokenBytes,
		Words: c.Words, Special: c.Special, Workers: workers}
}

// Validate lists every fault at once.
func (c *TokenizerConfig) Validate() error {
	errs := []error{c.options(1).Validate()}
	if c.SampleBytes < 1 || c.SampleBytes > maxSampleBytes {
		errs = append(errs, fmt.Errorf("sample_bytes %d is outside 1 to %d", c.SampleBytes, int64(maxSampleBytes)))
	}
	return errors.Join(errs...)
}

// TokenizerResult is what the stage reports.
type TokenizerResult struct {
	Hash         string          `json:"hash"`
	VocabSize    int             `json:"vocab_size"`
	Counts       pipeline.Counts `json:"counts"`
	SampledBytes int64           `json:"sampled_bytes"`
}

// TokenizerStage makes a tokenizer: it learns one from a sample of the
// dataset's text (of the training split where a view is given), or takes the
// tokenizer.json at port "file" as it is.
func TokenizerStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "tokenizer",
		Version: 1,
		Doc:     "train a byte-level BPE tokenizer on trajectories, or take one from a tokenizer.json",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories, Optional: true},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
			{Name: "file", Kind: pipeline.KindRaw, Optional: true},
		},
		Output:    pipeline.KindTokenizer,
		NewConfig: newTokenizerConfig,
		Run:       runTokenizer,
	}
}

func runTokenizer(ctx context.Context, t *pipeline.Task) error {
	result := &TokenizerResult{}
	tok, err := makeTokenizer(ctx, t, result)
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := writeTokenizer(out.Dir(), tok); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if _, err := out.Close(ctx, result.Counts); err != nil {
		return err
	}
	result.Hash, result.VocabSize = tok.Hash(), tok.VocabSize()
	t.Result = result
	return nil
}

func makeTokenizer(ctx context.Context, t *pipeline.Task, result *TokenizerResult) (*tokenizer.Tokenizer, error) {
	file, given := t.Input("file")
	in, learn := t.Input("dataset")
	switch {
	case given == learn:
		return nil, errors.New("connect port dataset to learn from it, or port file to take a tokenizer.json, and not both")
	case given:
		path, err := store.LocalPath(file.URI)
		if err != nil {
			return nil, err
		}
		return tokenizer.Load(path)
	}
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindTrajectories)
	if err != nil {
		return nil, err
	}
	cfg := t.Config.(*TokenizerConfig)
	refs, err := sample(ctx, t, cfg, d, result)
	if err != nil {
		return nil, err
	}
	s := &sampler{d: d, refs: refs, left: cfg.SampleBytes, rendering: Rendering{Reasoning: cfg.Reasoning, Patch: true, System: true}, task: t}
	tok, err := tokenizer.Train(ctx, s.texts(ctx), cfg.options(t.Workers))
	result.SampledBytes = cfg.SampleBytes - s.left
	return tok, errors.Join(s.err, err)
}

// sample chooses trajectories in an order that a hash of seed and id decides,
// until their text fills the sample. It opens no text.
func sample(ctx context.Context, t *pipeline.Task, cfg *TokenizerConfig, d *dataset.Dataset, result *TokenizerResult) ([]dataset.Ref, error) {
	in, viewed, err := splitOf(ctx, t, cfg.Split)
	if err != nil {
		return nil, err
	}
	type candidate struct {
		order uint64
		id    string
		ref   dataset.Ref
		bytes int64
	}
	var all []candidate
	for row, err := range dataset.Scalars(ctx, d) {
		if err != nil {
			return nil, err
		}
		result.Counts.In++
		if viewed && !in[row.Value.ID] {
			result.Counts.Drop(pipeline.DropOtherSplit)
			continue
		}
		all = append(all, candidate{sampleOrder(cfg.Seed, row.Value.ID), row.Value.ID, dataset.Ref{PartKey: row.PartKey, Row: row.Row}, row.Facts.TextBytes})
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.order != b.order {
			if a.order < b.order {
				return -1
			}
			return 1
		}
		return strings.Compare(a.id, b.id)
	})
	var refs []dataset.Ref
	var total int64
	for _, c := range all {
		if total >= cfg.SampleBytes {
			result.Counts.Drop(pipeline.DropNotSelected)
			continue
		}
		total += c.bytes
		result.Counts.Out++
		refs = append(refs, c.ref)
	}
	if len(refs) == 0 {
		return nil, fmt.Errorf("%s: no trajectory to learn from: %v", d.URI, result.Counts)
	}
	d.SortRefs(refs)
	t.Progress.Total(min(total, cfg.SampleBytes), "bytes")
	return refs, nil
}

// splitOf returns the ids of the view's split; ok is false without a view.
func splitOf(ctx context.Context, t *pipeline.Task, split string) (ids map[string]bool, ok bool, err error) {
	in, ok := t.Input("view")
	if !ok {
		return nil, false, nil
	}
	v, err := dataset.OpenKind(ctx, in.URI, pipeline.KindView)
	if err != nil {
		return nil, true, err
	}
	ids = map[string]bool{}
	for row, err := range dataset.Read[pipeline.Selection](ctx, v, dataset.ReadOptions{Columns: []string{"trajectory_id", "split"}}) {
		if err != nil {
			return nil, true, err
		}
		if split == "" || row.Value.Split == split {
			ids[row.Value.TrajectoryID] = true
		}
	}
	return ids, true, nil
}

func sampleOrder(seed uint64, id string) uint64 {
	h := sha256.New()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	h.Write([]byte(id))
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// A sampler streams the texts of chosen trajectories up to a number of bytes.
type sampler struct {
	d         *dataset.Dataset
	refs      []dataset.Ref
	left      int64
	rendering Rendering
	task      *pipeline.Task
	err       error // why the stream ended early
}

func (s *sampler) texts(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		o := dataset.ReadOptions{Columns: []string{"messages", "patch"}, Workers: s.task.Workers}
		for row, err := range dataset.ReadAt[pipeline.Trajectory](ctx, s.d, s.refs, o) {
			if err != nil {
				s.err = err
				return
			}
			more := true
			s.rendering.Texts(row.Value, func(text string) {
				if !more || s.left <= 0 {
					return
				}
				text = text[:min(int64(len(text)), s.left)]
				s.left -= int64(len(text))
				s.task.Progress.Add(int64(len(text)))
				more = yield(text)
			})
			if !more || s.left <= 0 {
				return
			}
		}
	}
}

// writeTokenizer writes the files by which transformers finds a tokenizer.
func writeTokenizer(dir string, tok *tokenizer.Tokenizer) error {
	config := map[string]any{
		"tokenizer_class":              "PreTrainedTokenizerFast",
		"clean_up_tokenization_spaces": false,
		"model_max_length":             maxMaxTokens,
	}
	for role, token := range map[string]string{"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"} {
		if id, ok := tok.ID(token); ok && tok.IsAdded(id) {
			config[role] = token
		}
	}
	b, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "tokenizer_config.json"), append(b, '\n')); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, TokenizerFile), tok.JSON())
}
