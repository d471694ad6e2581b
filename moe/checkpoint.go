package moe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

const (
	configName     = "config.json"
	maxConfigBytes = 1 << 20 // a config.json has a few kilobytes

	headName = "lm_head.weight"
)

// SaveOptions say how weights are stored; the zero value is float32 in one file.
type SaveOptions struct {
	// DType is "F32" (default), "BF16", "F16", where a weight beyond its range is an
	// error, or "F64", which a model in float64 needs.
	DType string
	// ShardBytes splits the weights into files of at most this size.
	ShardBytes int64
}

// Load reads config.json and the weights of a checkpoint directory. Tensors
// that are missing, that have another shape or that the model does not have
// are errors, all of them reported at once.
func Load(dir string) (*Model, error) { return LoadShard[float32](dir, Shard{}) }

// LoadShard is Load into a precision and for a part of the experts. Numbers of
// the other experts are not read.
func LoadShard[Num Float](dir string, shard Shard) (*ModelOf[Num], error) {
	return load[Num](dir, shard, &tuning{})
}

// Open is [Load] without a copy of the matrices: they stay in their files, which
// are mapped, and pages come as passes use them. Logits are the same bits. The
// model does not train. It costs a pass the decoding of what is not float32, each
// time. The files must not be written to before [ModelOf.Close]; if they are, passes
// return an error that names the file. To replace them by a rename is harmless.
func Open(dir string) (*Model, error) { return OpenShard[float32](dir, Shard{}) }

// OpenShard is Open into a precision and for a part of the experts.
func OpenShard[Num Float](dir string, shard Shard) (*ModelOf[Num], error) {
	return load[Num](dir, shard, &tuning{nothing: true, mapped: true})
}

// load reads a checkpoint, or opens it where the tuning leaves matrices in files.
func load[Num Float](dir string, shard Shard, tune *tuning) (*ModelOf[Num], error) {
	kern, err := kernelsOf[Num]()
	if err != nil {
		return nil, err
	}
	cfg, err := readConfig(filepath.Join(dir, configName))
	if err != nil {
		return nil, err
	}
	set, err := safetensors.OpenDir(dir)
	if err != nil {
		return nil, fmt.Errorf("moe: %w", err)
	}
	m, err := loadSet(*cfg, set, shard, tune, kern)
	if err != nil || !tune.mapped {
		_ = set.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("moe: checkpoint %s: %w", dir, err)
	}
	return m, nil
}

func loadSet[Num Float](cfg Config, set *safetensors.Set, shard Shard, tune *tuning, kern kernels[Num]) (*ModelOf[Num], error) {
	// The shapes of the file are checked before the model is allocated, so a
	// config that promises more than the file holds costs nothing.
	if err := checkSizes(&cfg, set); err != nil {
		return nil, err
	}
	m, err := newModel(cfg, shard, tune, kern)
	if err != nil {
		return nil, err
	}
	if tune.mapped {
		m.files = set
	}
	if err := m.fill(set); err != nil {
		return nil, err
	}
	return m, nil
}

// checkSizes compares the counts of numbers and of tensors that the config asks
// for with what the files hold. A few missing tensors are named later; millions
// of them, of a number each, would fill memory with their names.
func checkSizes(cfg *Config, set *safetensors.Set) error {
	held, names := int64(0), set.Names()
	if want := cfg.numTensors(); want > 2*int64(len(names))+100 {
		return fmt.Errorf("the config describes %d tensors, the files hold %d", want, len(names))
	}
	for _, name := range names {
		t, _ := set.Lookup(name)
		held += int64(t.Len())
	}
	if want := cfg.NumParams(); held < want {
		return fmt.Errorf("the config describes %d parameters, the files hold %d", want, held)
	}
	return nil
}

func readConfig(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("moe: %w", err)
	}
	if info.Size() > maxConfigBytes {
		return nil, fmt.Errorf("moe: %s: %d bytes, at most %d", path, info.Size(), maxConfigBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("moe: %w", err)
	}
	cfg, err := ParseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// fill reads every parameter from the set.
func (m *ModelOf[Num]) fill(set *safetensors.Set) error {
	var faults []error
	known := map[string]bool{}
	for _, p := range m.params {
		known[p.Name] = true
		t, ok := set.Lookup(p.Name)
		if !ok {
			faults = append(faults, fmt.Errorf("tensor %q is missing", p.Name))
			continue
		}
		if !slices.Equal(t.Shape, p.Shape) {
			faults = append(faults, fmt.Errorf("tensor %q has shape %v, the config asks for %v", p.Name, t.Shape, p.Shape))
			continue
		}
		switch {
		case p.narrow != nil:
			faults = append(faults, m.take(set, p, t))
			continue
		case p.away:
			faults = append(faults, m.leave(p, t))
			continue
		}
		if err := readNumbers(set, p.Name, p.Data); err != nil {
			faults = append(faults, err)
		}
	}
	for _, name := range set.Names() {
		if known[name] || m.elsewhere(name) {
			continue
		}
		if name == headName && m.cfg.TieWordEmbeddings {
			faults = append(faults, m.checkTied(set))
			continue
		}
		faults = append(faults, fmt.Errorf("tensor %q belongs to no part of this model", name))
	}
	return joinFirst(faults, 10)
}

// take rounds a tensor to bfloat16; what is in bfloat16 is the same.
func (m *ModelOf[Num]) take(set *safetensors.Set, p *ParamOf[Num], t *safetensors.Tensor) error {
	if err := readable(t); err != nil {
		return err
	}
	return set.Guard(func() {
		at := 0
		p.set(func(block []Num) {
			safetensors.Read(t, block, at)
			at += len(block)
		})
	})
}

func readable(t *safetensors.Tensor) error {
	if !t.Readable() {
		return fmt.Errorf("tensor %q has type %s, which cannot be read as numbers", t.Name, t.DType)
	}
	return nil
}

// leave lets a tensor be where it is.
func (m *ModelOf[Num]) leave(p *ParamOf[Num], t *safetensors.Tensor) error {
	if err := readable(t); err != nil {
		return err
	}
	p.stored = t
	p.view, _ = safetensors.View[Num](t)
	return nil
}

// elsewhere reports whether a tensor belongs to an expert of another shard.
func (m *ModelOf[Num]) elsewhere(name string) bool {
	var layer, expert int
	var rest string
	if n, _ := fmt.Sscanf(name, "model.layers.%d.mlp.experts.%d.%s", &layer, &expert, &rest); n != 3 {
		return false
	}
	lo, hi := m.shard.Experts(m.cfg.NumExperts)
	known := rest == "gate_proj.weight" || rest == "up_proj.weight" || rest == "down_proj.weight"
	return known && layer < m.cfg.NumHiddenLayers && expert >= 0 && expert < m.cfg.NumExperts && (expert < lo || expert >= hi)
}

// readNumbers reads a tensor in the precision of the model.
func readNumbers[Num Float](set *safetensors.Set, name string, dst []Num) error {
	if wide, ok := any(dst).([]float64); ok {
		return set.ReadFloat64(name, wide)
	}
	return set.ReadFloat32(name, any(dst).([]float32))
}

// checkTied accepts a stored head next to tied embeddings only if it is the
// embedding: transformers would ignore it, and a different one means that the
// config is wrong about the weights.
func (m *ModelOf[Num]) checkTied(set *safetensors.Set) error {
	t, _ := set.Lookup(headName)
	if !slices.Equal(t.Shape, m.embed.Shape) {
		return fmt.Errorf("tie_word_embeddings is true, but %q has shape %v and the embedding %v", headName, t.Shape, m.embed.Shape)
	}
	head := &ParamOf[Num]{Name: headName, Shape: t.Shape, away: true}
	if err := m.leave(head, t); err != nil {
		return err
	}
	if m.embed.away && m.embed.stored == nil && m.embed.narrow == nil {
		return nil // whose fault is known
	}
	a, b := make([]Num, min(t.Len(), adamChunk)), make([]Num, min(t.Len(), adamChunk))
	for at, n := 0, t.Len(); at < n; at += len(a) {
		a, b = a[:min(len(a), n-at)], b[:min(len(b), n-at)]
		if err := set.Guard(func() { head.read(a, at); m.embed.read(b, at) }); err != nil {
			return err
		}
		if m.halves { // as the embedding was
			for i, v := range a {
				a[i] = Num(kernel.FromBF16(kernel.BF16(float32(v))))
			}
		}
		if !slices.Equal(a, b) {
			return fmt.Errorf("tie_word_embeddings is true, but %q differs from the embedding", headName)
		}
	}
	return nil
}

// joinFirst joins at most limit errors and counts the rest: a checkpoint of
// the wrong size would otherwise name thousands of tensors.
func joinFirst(errs []error, limit int) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) > limit {
		errs = append(errs[:limit:limit], fmt.Errorf("and %d more", len(errs)-limit))
	}
	return errors.Join(errs...)
}

// Save writes config.json and the weights into dir, which must exist, as a
// checkpoint that transformers opens. The weights come first and config.json
// last, each under its name only once it is whole.
func (m *ModelOf[Num]) Save(dir string, o SaveOptions) error {
	items := make([]safetensors.Item, len(m.params))
	for i, p := range m.params {
		items[i] = m.item(p, o.dtype())
	}
	err := safetensors.WriteDir(dir, items, safetensors.WriteOptions{DType: safetensors.DType(o.DType), ShardBytes: o.ShardBytes})
	if err != nil {
		return fmt.Errorf("moe: save: %w", err)
	}
	return m.saveConfig(dir, o)
}

// item is a tensor of the model as something to write into a file of a type.
func (m *ModelOf[Num]) item(p *ParamOf[Num], dtype safetensors.DType) safetensors.Item {
	switch {
	case m.halves && dtype == safetensors.BF16:
		return safetensors.Item{Name: p.Name, Shape: p.Shape, Narrow: p.narrow}
	case !p.away:
		return p.Item(p.Name, p.Data)
	}
	return fillItem(p, func(dst []Num) error {
		if m.closed {
			return ErrClosed
		}
		return m.guard(func() { p.read(dst, 0) })
	})
}

// Part is what this shard owns, as one file of a checkpoint, and its name. The
// numbers are the model's own, not copies. Once the parts of all shards are
// written, [ModelOf.FinishParts] makes them one. A shard that is the whole model
// is a part of its own.
func (m *ModelOf[Num]) Part() (name string, items []safetensors.Item) {
	for _, p := range m.params {
		if m.Owns(p) {
			items = append(items, m.item(p, safetensors.BF16)) // if it is in that, else as it is
		}
	}
	return m.shard.file(), items
}

// FinishParts writes the index of all parts, where there are several, and
// config.json.
func (m *ModelOf[Num]) FinishParts(dir string, o SaveOptions) error {
	if m.shard.Of > 1 {
		parts := map[string][]safetensors.Item{}
		for rank := range m.shard.Of {
			part := describe[Num](m.cfg, Shard{rank, m.shard.Of}, &tuning{})
			for _, p := range part.params {
				if part.Owns(p) {
					parts[part.shard.file()] = append(parts[part.shard.file()], safetensors.Item{Name: p.Name, Shape: p.Shape})
				}
			}
		}
		if err := safetensors.WriteIndex(dir, parts, o.dtype()); err != nil {
			return fmt.Errorf("moe: save: %w", err)
		}
	}
	return m.saveConfig(dir, o)
}

// file is the name of the shard's part, as hubs name theirs.
func (s Shard) file() string {
	if s.Of <= 1 {
		return safetensors.SingleName
	}
	return fmt.Sprintf("model-%05d-of-%05d.safetensors", s.Rank+1, s.Of)
}

func (o SaveOptions) dtype() safetensors.DType {
	if o.DType == "" {
		return safetensors.F32
	}
	return safetensors.DType(o.DType)
}

func (m *ModelOf[Num]) saveConfig(dir string, o SaveOptions) error {
	compact, err := m.cfg.MarshalJSON()
	if err != nil {
		return fmt.Errorf("moe: save: %w", err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(compact, &keys); err != nil {
		return fmt.Errorf("moe: save: %w", err)
	}
	dtype, _ := json.Marshal(torchName(o.dtype()))
	keys["torch_dtype"] = dtype
	doc, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return fmt.Errorf("moe: save: %w", err)
	}
	if err := safetensors.WriteFile(filepath.Join(dir, configName), append(doc, '\n')); err != nil {
		return fmt.Errorf("moe: save: %w", err)
	}
	return nil
}

// Item is data of the tensor's shape as something to write: the tensor itself,
// or a moment of the optimizer. It needs type F64 where Num is float64.
func (p *ParamOf[Num]) Item(name string, data []Num) safetensors.Item {
	it := safetensors.Item{Name: name, Shape: p.Shape}
	if wide, ok := any(data).([]float64); ok {
		it.Wide = wide
	} else {
		it.Data = any(data).([]float32)
	}
	return it
}

func torchName(dtype safetensors.DType) string {
	switch dtype {
	case safetensors.BF16:
		return "bfloat16"
	case safetensors.F16:
		return "float16"
	case safetensors.F64:
		return "float64"
	}
	return "float32"
}
