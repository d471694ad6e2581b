package moe

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Limits of adapters: far above use.
const (
	maxRank  = 1024
	maxAlpha = 1e6
)

// A Tuning says which tensors of a model train. The zero value trains all.
//
// A tensor that does not train has no gradient ([Param.Grad] is nil), no
// moments, no update and no decay; its product is left out of the backward
// pass, which ends below the lowest tensor that trains.
type Tuning struct {
	// Freeze selects tensors that stay as they are: kinds (embeddings, head,
	// norms, attention, router, experts, mlp), modules (q_proj), runs of layers
	// ("layers 0-3") or patterns over names ("model.layers.*.mlp.experts.7.*").
	// Each must match something.
	Freeze []string
	// LoRA trains adapters in place of the tensors.
	LoRA LoRA
	// Mapped leaves the matrices that do not train in the files of the checkpoint,
	// as [Open] does: no copy of them is made, [ModelOf.Close] is to be called, and
	// results are the same bits. A model that is drawn has no such files.
	Mapped bool
	// BF16 keeps all weights in bfloat16, two bytes a number and no other copy, and
	// updates round at random ([AdamW.Seed]). It is for models in float32 without
	// adapters.
	BF16 bool
}

// LoRA adds to matrices W of [out, in] a product of low rank: y = W·x +
// s·B·A·x with A of [Rank, in], drawn, and B of [out, Rank], zero at first (Hu
// et al., arXiv 2106.09685). Only A and B train. A frozen matrix gets none.
type LoRA struct {
	Rank  int     // 0: no adapters
	Alpha float64 // s = Alpha/Rank
	// Targets selects matrices, as Tuning.Freeze does: attention, experts, mlp,
	// q_proj and its like, runs of layers, patterns.
	Targets []string
	// RSLoRA makes s = Alpha/√Rank (Kalajdzievski, arXiv 2312.03732).
	RSLoRA bool
}

func (l *LoRA) scale() float64 {
	if l.RSLoRA {
		return l.Alpha / math.Sqrt(float64(l.Rank))
	}
	return l.Alpha / float64(l.Rank)
}

// Validate lists every fault that shows without a model.
func (t *Tuning) Validate() error {
	_, err := t.parse()
	return err
}

// tuning is a Tuning that was read.
type tuning struct {
	lora            LoRA
	freeze, targets []selector
	nothing         bool // trains
	mapped          bool // frozen matrices stay in their files
	narrow          bool // all numbers are in bfloat16
}

func (t *Tuning) parse() (*tuning, error) {
	out := &tuning{lora: t.LoRA, mapped: t.Mapped, narrow: t.BF16}
	var faults []error
	read := func(what string, texts []string) (list []selector) {
		for _, text := range texts {
			s, err := parseSelector(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", what, err))
			}
			list = append(list, s)
		}
		return list
	}
	out.freeze = read("freeze", t.Freeze)
	if l := &t.LoRA; l.Rank != 0 {
		out.targets = read("lora.targets", l.Targets)
		if l.Rank < 0 || l.Rank > maxRank {
			faults = append(faults, fmt.Errorf("lora.rank %d is not in [0, %d]", l.Rank, maxRank))
		}
		if !(l.Alpha > 0 && l.Alpha <= maxAlpha) {
			faults = append(faults, fmt.Errorf("lora.alpha %v is not in (0, %v]", l.Alpha, maxAlpha))
		}
		if len(l.Targets) == 0 {
			faults = append(faults, errors.New("lora.targets is empty"))
		}
	}
	return out, errors.Join(faults...)
}

func matchesAny(list []selector, name string) bool {
	return slices.ContainsFunc(list, func(s selector) bool { return s.matches(name) })
}

// frozen reports whether a tensor of the checkpoint stays as it is.
func (t *tuning) frozen(name string) bool {
	return t.nothing || t.lora.Rank > 0 || matchesAny(t.freeze, name)
}

// adapted reports whether a tensor gets an adapter.
func (t *tuning) adapted(name string) bool {
	return t.lora.Rank > 0 && adaptable(name) && matchesAny(t.targets, name) && !matchesAny(t.freeze, name)
}

func adaptable(name string) bool {
	return strings.HasSuffix(name, ".weight") && slices.Contains(modules, moduleOf(name))
}

// check finds selectors that match nothing among the names of a whole model,
// and tunings that train nothing.
func (t *tuning) check(names []string) error {
	var faults []error
	for i := range t.freeze {
		if s := &t.freeze[i]; !slices.ContainsFunc(names, s.matches) {
			faults = append(faults, fmt.Errorf("moe: freeze: %q matches no tensor of this model", s.text))
		}
	}
	for i := range t.targets {
		s := &t.targets[i]
		if !slices.ContainsFunc(names, func(name string) bool { return adaptable(name) && s.matches(name) }) {
			faults = append(faults, fmt.Errorf("moe: lora.targets: %q matches no matrix of this model that can have an adapter", s.text))
		}
	}
	trains := func(name string) bool { return !t.frozen(name) || t.adapted(name) }
	if len(faults) == 0 && !t.nothing && !slices.ContainsFunc(names, trains) {
		faults = append(faults, errors.New("moe: freeze leaves nothing to train"))
	}
	return errors.Join(faults...)
}

// Count returns how many numbers a model has in memory, adapters included, and
// how many of them train: each of those has a gradient and two moments.
func (t *Tuning) Count(cfg Config) (all, trained int64, err error) {
	tune, err := t.parse()
	if err != nil {
		return 0, 0, fmt.Errorf("moe: %w", err)
	}
	if err := cfg.Validate(); err != nil {
		return 0, 0, err
	}
	m := describe[float32](cfg, Shard{}, tune)
	if err := tune.check(m.names()); err != nil {
		return 0, 0, err
	}
	for _, p := range slices.Concat(m.params, m.low) {
		if !p.away || tune.narrow {
			all += int64(p.len())
		}
		if !p.Frozen {
			trained += int64(p.len())
		}
	}
	return all, trained, nil
}

// Moments8Bytes returns the memory of the moments of what trains, in eight bits.
func (t *Tuning) Moments8Bytes(cfg Config) (int64, error) {
	tune, err := t.parse()
	if err != nil {
		return 0, fmt.Errorf("moe: %w", err)
	}
	if err := cfg.Validate(); err != nil {
		return 0, err
	}
	m := describe[float32](cfg, Shard{}, tune)
	return m.moments8Bytes(Slice{0, m.trainLen}), nil
}

// NewTuned is [NewShard] for a model that trains in part. Adapters are drawn
// from the same seed.
func NewTuned[Num Float](cfg Config, seed uint64, shard Shard, t Tuning) (*ModelOf[Num], error) {
	kern, tune, err := tuned[Num](t)
	if err != nil {
		return nil, err
	}
	if tune.mapped {
		return nil, errors.New("moe: a model that is drawn has no files to leave its matrices in")
	}
	m, err := newModel(cfg, shard, tune, kern)
	if err != nil {
		return nil, err
	}
	m.draw(seed)
	m.drawAdapters(seed)
	return m, nil
}

// LoadTuned is [LoadShard] for a model that trains in part. Adapters are drawn
// from the seed.
func LoadTuned[Num Float](dir string, seed uint64, shard Shard, t Tuning) (*ModelOf[Num], error) {
	_, tune, err := tuned[Num](t)
	if err != nil {
		return nil, err
	}
	m, err := load[Num](dir, shard, tune)
	if err != nil {
		return nil, err
	}
	m.drawAdapters(seed)
	return m, nil
}

func tuned[Num Float](t Tuning) (kernels[Num], *tuning, error) {
	kern, err := kernelsOf[Num]()
	if err != nil {
		return nil, nil, err
	}
	tune, err := t.parse()
	if err != nil {
		return nil, nil, fmt.Errorf("moe: %w", err)
	}
	return kern, tune, nil
}
