package moe

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/moe/safetensors"
)

// savedAdapters saves what each of some shards owns and opens them as one set.
func savedAdapters[Num Float](t *testing.T, dtype string, shards ...*ModelOf[Num]) *safetensors.Set {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for _, m := range shards {
		path := filepath.Join(dir, m.Shard().file())
		if err := m.SaveAdapters(path, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	set, err := safetensors.OpenFiles(paths...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// TestMerge: a merged checkpoint gives the adapted model's logits.
func TestMerge(t *testing.T) {
	t.Run("float64", func(t *testing.T) { mergeEverywhere[float64](t, "F64", 1e-12) })
	t.Run("float32", func(t *testing.T) { mergeEverywhere[float32](t, "F32", 2e-5) })
}

func mergeEverywhere[Num Float](t *testing.T, dtype string, bound float64) {
	eachTuning(t, adapters, func(t *testing.T, c Config, tune Tuning) {
		if !c.Dense && !c.AttentionBias && c.MLPOnlyLayers == nil && !c.TieWordEmbeddings {
			return // nothing that a merge could do otherwise
		}
		whole, err := NewShard[Num](c, 7, Shard{})
		if err != nil {
			t.Fatal(err)
		}
		saved := t.TempDir()
		if err := whole.Save(saved, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		for what, base := range map[string]Base{"drawn": {Config: c, Seed: 7}, "saved": {Dir: saved}} {
			m, err := NewTuned[Num](c, 7, Shard{}, tune)
			if err != nil {
				t.Fatal(err)
			}
			drawB(m)
			dir := t.TempDir()
			if err := Merge[Num](base, tune, savedAdapters(t, dtype, m), dir, SaveOptions{DType: dtype}); err != nil {
				t.Fatal(err)
			}
			merged, err := LoadShard[Num](dir, Shard{})
			if err != nil {
				t.Fatal(err)
			}
			b, h := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, 1, 12, 40), verdictHeads[1]
			want, err := m.NewPass(Options{}).Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			got, err := merged.NewPass(Options{}).Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := whole.NewPass(Options{}).Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				for _, v := range [][3]Num{{got[i].Yes, want[i].Yes, plain[i].Yes}, {got[i].No, want[i].No, plain[i].No}, {got[i].Rest, want[i].Rest, plain[i].Rest}} {
					if !(math.Abs(float64(v[0]-v[1])) <= bound*(1+math.Abs(float64(v[1])))) {
						t.Errorf("%s, sequence %d: merged %v, adapted %v", what, i, v[0], v[1])
					}
					if v[1] == v[2] {
						t.Errorf("%s, sequence %d: the adapters change nothing", what, i)
					}
				}
			}
		}
	})
}

// TestAdaptersOfShards: what shards save is what the whole model saves, and any
// shard reads its part of it.
func TestAdaptersOfShards(t *testing.T) {
	c, tune := tinyConfig(), adapters["all"]
	tuned := func(s Shard) *Model {
		m, err := NewTuned[float32](c, 7, s, tune)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	parts := []*Model{tuned(Shard{0, 3}), tuned(Shard{1, 3}), tuned(Shard{2, 3})}
	for _, m := range parts {
		drawB(m)
	}
	whole := tuned(Shard{})
	drawB(whole)
	set := savedAdapters(t, "", parts...)
	if diff := cmp.Diff(savedAdapters(t, "", whole).Names(), set.Names()); diff != "" {
		t.Fatal(diff)
	}
	for _, s := range []Shard{{}, {1, 2}, {4, 5}} {
		m := tuned(s)
		if err := m.LoadAdapters(set); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Adapters() {
			i := slices.IndexFunc(whole.Adapters(), func(q *Param) bool { return q.Name == p.Name })
			if !slices.Equal(p.Data, whole.Adapters()[i].Data) {
				t.Errorf("%s of shard %+v has other numbers", p.Name, s)
			}
		}
	}
	other := tune
	other.LoRA.Rank++
	m, err := NewTuned[float32](c, 7, Shard{}, other)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadAdapters(set); err == nil || !strings.Contains(err.Error(), "has shape [5 20], the model asks for [6 20]") {
		t.Errorf("adapters of another rank: %v", err)
	}
}

// TestExportAdapters reads what is exported as PEFT does: keys of the config,
// names of tensors.
func TestExportAdapters(t *testing.T) {
	c := tinyConfig()
	for name, want := range map[string]struct {
		targets []string
		alpha   float64
	}{
		"attention": {[]string{"k_proj", "o_proj", "q_proj", "v_proj"}, 8},
		"q and v":   {[]string{"q_proj", "v_proj"}, 16}, // alpha·√rank/rank·rank
		"experts":   {[]string{"down_proj", "gate_proj", "up_proj"}, 6},
	} {
		tune, dir := adapters[name], t.TempDir()
		m := newTinyTuned[float32](t, c, tune)
		if err := ExportAdapters[float32](Base{Config: c, Seed: 7}, tune, savedAdapters(t, "", m), dir, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "adapter_config.json"))
		if err != nil {
			t.Fatal(err)
		}
		var cfg struct {
			Type    string   `json:"peft_type"`
			Rank    int      `json:"r"`
			Alpha   float64  `json:"lora_alpha"`
			Targets []string `json:"target_modules"`
		}
		if err := json.Unmarshal(raw, &cfg); err != nil {
			t.Fatal(err)
		}
		if cfg.Type != "LORA" || cfg.Rank != tune.LoRA.Rank || cfg.Alpha != want.alpha || !slices.Equal(cfg.Targets, want.targets) {
			t.Errorf("%s: %+v", name, cfg)
		}
		f, err := safetensors.Open(filepath.Join(dir, "adapter_model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Tensors()) != len(m.Adapters()) {
			t.Errorf("%s: %d tensors for %d adapters", name, len(f.Tensors()), len(m.Adapters()))
		}
		for _, p := range m.Adapters() {
			got, err := f.Float32(p.Name)
			if err != nil || !slices.Equal(got, p.Data) {
				t.Errorf("%s: %s: other numbers (%v)", name, p.Name, err)
			}
		}
	}
	// Where a module has adapters in some layers only, it is named in full.
	m := newTinyTuned[float32](t, c, Tuning{LoRA: LoRA{Rank: 1, Alpha: 1, Targets: []string{"q_proj"}}, Freeze: []string{"layers 0"}})
	if got := m.targets(); !slices.Equal(got, []string{"model.layers.1.self_attn.q_proj"}) {
		t.Errorf("targets %q", got)
	}
}

func TestBaseDigest(t *testing.T) {
	digest := func(b Base) string {
		t.Helper()
		d, err := b.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	c := tinyConfig()
	save := func(seed uint64, o SaveOptions) Base {
		m, err := New(c, seed)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := m.Save(dir, o); err != nil {
			t.Fatal(err)
		}
		return Base{Dir: dir}
	}
	one := digest(save(1, SaveOptions{}))
	if got := digest(save(1, SaveOptions{ShardBytes: 10 << 10})); got != one {
		t.Error("shards change the digest")
	}
	wider := c
	wider.RopeTheta = 2
	for what, b := range map[string]Base{"other numbers": save(2, SaveOptions{}), "another type": save(1, SaveOptions{DType: "BF16"}), "drawn": {Config: c, Seed: 1}} {
		if digest(b) == one {
			t.Errorf("%s have the same digest", what)
		}
	}
	if digest(Base{Config: c, Seed: 1}) == digest(Base{Config: c, Seed: 2}) || digest(Base{Config: c, Seed: 1}) == digest(Base{Config: wider, Seed: 1}) {
		t.Error("seed or config do not enter the digest of a drawn base")
	}
}
