package moe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// Names of an adapter directory, as PEFT reads it.
const (
	adapterConfigName = "adapter_config.json"
	adapterName       = "adapter_model.safetensors"
)

// A Base is where the weights under adapters come from: a checkpoint
// directory, or, where that is empty, a config and the seed that [New] draws from.
type Base struct {
	Dir    string
	Config Config
	Seed   uint64
}

// Digest names the numbers of the base: adapters are worth nothing over others.
func (b Base) Digest() (string, error) {
	h := sha256.New()
	if b.Dir == "" {
		cfg, err := b.Config.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("moe: %w", err)
		}
		fmt.Fprintf(h, "drawn %d %s", b.Seed, cfg)
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	set, err := safetensors.OpenDir(b.Dir)
	if err != nil {
		return "", fmt.Errorf("moe: %w", err)
	}
	defer set.Close()
	sum, err := set.Digest()
	if err != nil {
		return "", fmt.Errorf("moe: %w", err)
	}
	return hex.EncodeToString(sum[:]), nil
}

// AdapterItems are the adapters that this shard owns, as something to write. The
// numbers are the model's own, not copies.
func (m *ModelOf[Num]) AdapterItems() (items []safetensors.Item) {
	for _, p := range m.low {
		if m.Owns(p) {
			items = append(items, p.Item(p.Name, p.Data))
		}
	}
	return items
}

// LoadAdapters reads the adapters of this shard from a set that holds those of
// the whole model.
func (m *ModelOf[Num]) LoadAdapters(set *safetensors.Set) error {
	var faults []error
	for _, p := range m.low {
		faults = append(faults, readTensor(set, p.Name, p.Shape, p.Data))
	}
	if err := joinFirst(faults, 10); err != nil {
		return fmt.Errorf("moe: adapters: %w", err)
	}
	return nil
}

// readTensor reads a tensor that must have a shape.
func readTensor[Num Float](set *safetensors.Set, name string, shape []int, dst []Num) error {
	if t, ok := set.Lookup(name); ok && !slices.Equal(t.Shape, shape) {
		return fmt.Errorf("tensor %q has shape %v, the model asks for %v", name, t.Shape, shape)
	}
	return readNumbers(set, name, dst)
}

// merger puts adapters and their base together, one tensor at a time.
type merger[Num Float] struct {
	*ModelOf[Num]                  // described, without numbers
	weights       *safetensors.Set // nil: drawn
	seed          uint64
	adapters      *safetensors.Set
	lora          LoRA
}

func openMerger[Num Float](b Base, t Tuning, adapters *safetensors.Set) (*merger[Num], error) {
	kern, tune, err := tuned[Num](t)
	if err != nil {
		return nil, err
	}
	g := &merger[Num]{seed: b.Seed, adapters: adapters, lora: t.LoRA}
	cfg := &b.Config
	if b.Dir != "" {
		if cfg, err = readConfig(filepath.Join(b.Dir, configName)); err != nil {
			return nil, err
		}
		if g.weights, err = safetensors.OpenDir(b.Dir); err != nil {
			return nil, fmt.Errorf("moe: %w", err)
		}
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	g.ModelOf = describe[Num](*cfg, Shard{}, tune)
	g.kern = kern
	return g, nil
}

func (g *merger[Num]) close() {
	if g.weights != nil {
		_ = g.weights.Close()
	}
}

// Merge writes base + s·B·A as a plain checkpoint into dir, which must exist:
// one that knows nothing of adapters and gives the adapted model's logits to
// rounding. The set holds the adapters of the whole model under their names.
// One tensor is in memory at a time.
func Merge[Num Float](b Base, t Tuning, adapters *safetensors.Set, dir string, o SaveOptions) error {
	g, err := openMerger[Num](b, t, adapters)
	if err != nil {
		return err
	}
	defer g.close()
	return g.write(dir, o)
}

// write writes all tensors of the merged model.
func (g *merger[Num]) write(dir string, o SaveOptions) error {
	low := map[string]lowRankPart[Num]{}
	g.eachLowRank(func(r *lowRank[Num]) {
		for _, p := range r.parts {
			low[baseOf(p.a.Name)] = p
		}
	})
	items := make([]safetensors.Item, len(g.params))
	for i, p := range g.params {
		items[i] = fillItem(p, func(dst []Num) error {
			if err := g.read(p, dst); err != nil {
				return err
			}
			if part, ok := low[p.Name]; ok {
				return g.add(dst, part)
			}
			return nil
		})
	}
	err := safetensors.WriteDir(dir, items, safetensors.WriteOptions{DType: o.dtype(), ShardBytes: o.ShardBytes})
	if err == nil && g.weights != nil {
		err = g.weights.Unchanged()
	}
	if err != nil {
		return fmt.Errorf("moe: merge: %w", err)
	}
	return g.saveConfig(dir, o)
}

// Convert writes the checkpoint in a directory anew into another, which must
// exist, as the options say, a tensor at a time.
func Convert(from, dir string, o SaveOptions) error {
	return Merge[float32](Base{Dir: from}, Tuning{}, nil, dir, o)
}

// baseOf is the tensor that an adapter belongs to.
func baseOf(adapter string) string {
	name := strings.TrimPrefix(adapter, adapterPrefix)
	return strings.Replace(name, ".lora_A.", ".", 1)
}

// fillItem is a tensor whose numbers are made when it is written.
func fillItem[Num Float](p *ParamOf[Num], fill func(dst []Num) error) safetensors.Item {
	it := safetensors.Item{Name: p.Name, Shape: p.Shape}
	if wide, ok := any(fill).(func([]float64) error); ok {
		it.FillWide = wide
	} else {
		it.Fill = any(fill).(func([]float32) error)
	}
	return it
}

// read gets a tensor of the base.
func (g *merger[Num]) read(p *ParamOf[Num], dst []Num) error {
	if g.weights != nil {
		return readTensor(g.weights, p.Name, p.Shape, dst)
	}
	drawn := *p
	drawn.Data = dst
	drawn.draw(g.seed, g.cfg.InitializerRange)
	return nil
}

// add adds s·B·A to a matrix of [out, in].
func (g *merger[Num]) add(w []Num, p lowRankPart[Num]) error {
	rank, in := p.a.Shape[0], p.a.Shape[1]
	a, b := make([]Num, rank*in), make([]Num, p.out*rank)
	if err := readTensor(g.adapters, p.a.Name, p.a.Shape, a); err != nil {
		return err
	}
	if err := readTensor(g.adapters, p.b.Name, p.b.Shape, b); err != nil {
		return err
	}
	g.kern.Scale(b, Num(g.lora.scale()), b)
	panels := kernel.Make[Num](g.kern.PanelLen(rank, in))
	g.kern.Pack(panels, a, in, rank, in)
	parallel(threadsOr(0), stripes(p.out), func(_, i int) {
		lo, hi := i*stripe, min((i+1)*stripe, p.out)
		g.kern.Mul(hi-lo, in, rank, b[lo*rank:], rank, panels, w[lo*in:], in, true)
	})
	return nil
}

// peftConfig is adapter_config.json.
type peftConfig struct {
	Type           string   `json:"peft_type"`
	Task           string   `json:"task_type"`
	Base           *string  `json:"base_model_name_or_path"` // null: a path would be of one machine
	Rank           int      `json:"r"`
	Alpha          float64  `json:"lora_alpha"`
	Dropout        float64  `json:"lora_dropout"`
	Bias           string   `json:"bias"`
	FanInFanOut    bool     `json:"fan_in_fan_out"`
	InitWeights    bool     `json:"init_lora_weights"`
	RSLoRA         bool     `json:"use_rslora"`
	Inference      bool     `json:"inference_mode"`
	TargetModules  []string `json:"target_modules"`
	ModulesToSave  []string `json:"modules_to_save"`
	RankPattern    struct{} `json:"rank_pattern"`
	AlphaPattern   struct{} `json:"alpha_pattern"`
	LayerTransform []int    `json:"layers_to_transform"`
}

// ExportAdapters writes the adapters into dir, which must exist, as PEFT reads
// them: adapter_config.json and adapter_model.safetensors. RSLoRA's scale is
// written as the alpha that gives it without: PEFT fuses the experts' gate and up
// into one matrix of twice the rank and keeps alpha/rank in doing so, not
// alpha/√rank.
func ExportAdapters[Num Float](b Base, t Tuning, adapters *safetensors.Set, dir string, o SaveOptions) error {
	g, err := openMerger[Num](b, t, adapters)
	if err != nil {
		return err
	}
	defer g.close()
	items := make([]safetensors.Item, len(g.low))
	for i, p := range g.low {
		items[i] = fillItem(p, func(dst []Num) error { return readTensor(adapters, p.Name, p.Shape, dst) })
	}
	if err := safetensors.Write(filepath.Join(dir, adapterName), items, o.dtype()); err != nil {
		return fmt.Errorf("moe: export adapters: %w", err)
	}
	doc, err := json.MarshalIndent(peftConfig{Type: "LORA", Task: "CAUSAL_LM", Rank: t.LoRA.Rank,
		Alpha: t.LoRA.scale() * float64(t.LoRA.Rank), Bias: "none", InitWeights: true, Inference: true, TargetModules: g.targets()}, "", "  ")
	if err != nil {
		return fmt.Errorf("moe: export adapters: %w", err)
	}
	if err := safetensors.WriteFile(filepath.Join(dir, adapterConfigName), append(doc, '\n')); err != nil {
		return fmt.Errorf("moe: export adapters: %w", err)
	}
	return nil
}

// targets are the modules with adapters, by the last part of their names where
// all modules so called have one, else by whole names.
func (m *ModelOf[Num]) targets() []string {
	adapted, part := map[string]bool{}, map[string]bool{} // part: some so called have none
	for _, p := range m.low {
		adapted[baseOf(p.Name)] = true
	}
	for _, p := range m.params {
		if adaptable(p.Name) && !adapted[p.Name] {
			part[moduleOf(p.Name)] = true
		}
	}
	names := map[string]bool{}
	for _, p := range m.params {
		name := moduleOf(p.Name)
		if part[name] {
			name = strings.TrimSuffix(p.Name, ".weight")
		}
		if adapted[p.Name] {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
