package moe

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// smallest has every part of a model and as few numbers as it can.
func smallest() Config {
	return Config{
		VocabSize: 5, HiddenSize: 2, NumHiddenLayers: 2, NumAttentionHeads: 2, NumKeyValueHeads: 1, HeadDim: 2,
		NumExperts: 2, NumExpertsPerTok: 1, MoeIntermediateSize: 1, NormTopKProb: true, RopeTheta: 1e4, RMSNormEps: 1e-6,
		MaxPositionEmbeddings: 64, InitializerRange: 0.5, IntermediateSize: 1, MLPOnlyLayers: []int{0}, AttentionBias: true,
	}
}

// savedParts are config.json, the header and the numbers of a checkpoint.
func savedParts(t testing.TB, c Config, o SaveOptions) (config, header, data []byte) {
	t.Helper()
	m, err := New(c, 3)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := m.Save(dir, o); err != nil {
		t.Fatal(err)
	}
	if config, err = os.ReadFile(filepath.Join(dir, configName)); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, safetensors.SingleName))
	if err != nil {
		t.Fatal(err)
	}
	n := 8 + binary.LittleEndian.Uint64(raw)
	return config, raw[8:n], raw[n:]
}

// putFile writes a safetensors file of a header and what is behind it.
func putFile(t testing.TB, path string, header, data []byte) {
	t.Helper()
	raw := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	if err := os.WriteFile(path, slices.Concat(raw, header, data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzCheckpoint opens a directory in both ways. They must agree on whether it is
// a checkpoint, and a pass over it gives equal logits or names what is not finite.
func FuzzCheckpoint(f *testing.F) {
	tied, dense := smallest(), withoutExperts(smallest())
	tied.TieWordEmbeddings, tied.NumHiddenLayers, tied.MLPOnlyLayers = true, 1, nil
	dense.NumHiddenLayers, dense.MLPOnlyLayers, dense.Yarn = 1, nil, &Yarn{Factor: 2, Original: 16}
	for _, c := range []Config{smallest(), tied, dense} {
		for _, o := range []SaveOptions{{}, {DType: "BF16"}, {DType: "F16"}} {
			config, header, data := savedParts(f, c, o)
			f.Add(config, header, data)
		}
	}
	f.Fuzz(func(t *testing.T, config, header, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, configName), config, 0o600); err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(dir, safetensors.SingleName), header, data)
		m, err := Load(dir)
		there, openErr := Open(dir)
		if (err == nil) != (openErr == nil) {
			t.Fatalf("loaded: %v, opened: %v", err, openErr)
		}
		if err != nil {
			if !strings.Contains(err.Error(), dir) {
				t.Fatalf("the error does not say where: %v", err)
			}
			return
		}
		defer there.Close()
		sameAnswers(t, m, there)
	})
}

// sameAnswers runs one small batch on two models.
func sameAnswers(t *testing.T, a, b *Model) {
	t.Helper()
	if a.cfg.VocabSize < 2 {
		return
	}
	batch := Batch{IDs: []int32{0, 1, 0}, Offsets: []int32{0, 2, 3}}
	o := Options{Threads: 1} // room for more takes longer to clear than the rest
	x, errA := a.NewPass(o).Verdict(batch, Head{Yes: 0, No: 1})
	y, errB := b.NewPass(o).Verdict(batch, Head{Yes: 0, No: 1})
	if (errA == nil) != (errB == nil) {
		t.Fatalf("one pass: %v, the other: %v", errA, errB)
	}
	for i := range x {
		if x[i] != y[i] || !finite(x[i].Yes) || !finite(x[i].No) {
			t.Fatalf("logits %v and %v", x[i], y[i])
		}
	}
}

// FuzzAdapters reads a file of adapters into a model and merges it with its base;
// both take it, or both refuse it.
func FuzzAdapters(f *testing.F) {
	tune := Tuning{LoRA: LoRA{Rank: 1, Alpha: 2, Targets: []string{"q_proj", KindExperts}}}
	base := f.TempDir()
	m, err := NewTuned[float32](smallest(), 3, Shard{}, tune)
	if err != nil {
		f.Fatal(err)
	}
	drawB(m)
	if err := m.Save(base, SaveOptions{}); err != nil {
		f.Fatal(err)
	}
	for _, d := range []safetensors.DType{safetensors.F32, safetensors.BF16} {
		path := filepath.Join(f.TempDir(), adapterName)
		if err := safetensors.Write(path, m.AdapterItems(), d); err != nil {
			f.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		n := 8 + binary.LittleEndian.Uint64(raw)
		f.Add(raw[8:n], raw[n:])
	}
	f.Fuzz(func(t *testing.T, header, data []byte) {
		path := filepath.Join(t.TempDir(), adapterName)
		putFile(t, path, header, data)
		set, err := safetensors.OpenFiles(path)
		if err != nil {
			return
		}
		defer set.Close()
		m, err := NewTuned[float32](smallest(), 3, Shard{}, tune)
		if err != nil {
			t.Fatal(err)
		}
		loaded := m.LoadAdapters(set)
		merged := Merge[float32](Base{Dir: base}, tune, set, t.TempDir(), SaveOptions{})
		if (loaded == nil) != (merged == nil) {
			t.Fatalf("loaded: %v, merged: %v", loaded, merged)
		}
	})
}

// TestCountlessTensors: a config may not ask for many more tensors than there
// are, however few numbers they have.
func TestCountlessTensors(t *testing.T) {
	c := smallest()
	c.MLPOnlyLayers, c.AttentionBias = nil, false
	m := newTiny(t, c, kernel.Generic)
	dir := t.TempDir()
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	c.NumHiddenLayers, c.NumExperts = maxLayers, maxExperts
	c.HiddenSize, c.VocabSize, c.HeadDim = 1, 1, 2
	text, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, configName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	// One tensor has as many numbers as that model.
	numbers := safetensors.Item{Name: "many", Shape: []int{1 << 25}, Data: make([]float32, 1<<25)}
	if err := safetensors.WriteDir(dir, []safetensors.Item{numbers}, safetensors.WriteOptions{DType: safetensors.BF16}); err != nil {
		t.Fatal(err)
	}
	for _, load := range []func(string) (*Model, error){Load, Open} {
		if _, err := load(dir); err == nil || !strings.Contains(err.Error(), "tensors, the files hold 1") {
			t.Errorf("%v", err)
		}
	}
	if c.NumParams() > 1<<25 {
		t.Errorf("the model has %d numbers: the file would have been refused for holding too few", c.NumParams())
	}
}
