package moe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

func TestSaveLoad(t *testing.T) {
	for name, c := range variants() {
		m := newTiny(t, c, kernel.Detect())
		for _, o := range []SaveOptions{{}, {ShardBytes: 4000}, {DType: "BF16"}, {DType: "F16"}} {
			dir := t.TempDir()
			if err := m.Save(dir, o); err != nil {
				t.Fatal(err)
			}
			back, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.Config(), back.Config()); diff != "" {
				t.Errorf("%s: the config changed on the way: %s", name, diff)
			}
			for i, p := range m.Params() {
				q := back.Params()[i]
				if q.Name != p.Name || !slices.Equal(q.Shape, p.Shape) {
					t.Fatalf("%s: got %s %v, saved %s %v", name, q.Name, q.Shape, p.Name, p.Shape)
				}
				if o.DType == "" && !slices.Equal(q.Data, p.Data) {
					t.Errorf("%s: %s changed on the way", name, p.Name)
				}
				for j := range p.Data {
					if d := q.Data[j] - p.Data[j]; d > 0.004*max(1, p.Data[j], -p.Data[j]) || d < -0.004*max(1, p.Data[j], -p.Data[j]) {
						t.Fatalf("%s[%d]: %v became %v", p.Name, j, p.Data[j], q.Data[j])
					}
				}
			}
		}
	}
}

func TestSaveIsDeterministic(t *testing.T) {
	read := func() []byte {
		m, err := New(tinyConfig(), 3)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := m.Save(dir, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		a, err := os.ReadFile(filepath.Join(dir, safetensors.SingleName))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, configName))
		if err != nil {
			t.Fatal(err)
		}
		return append(a, b...)
	}
	if !slices.Equal(read(), read()) {
		t.Error("the same seed gives other bytes")
	}
}

func TestLoadRefuses(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	items := func(change func([]safetensors.Item) []safetensors.Item) []safetensors.Item {
		var list []safetensors.Item
		for _, p := range m.Params() {
			list = append(list, safetensors.Item{Name: p.Name, Shape: p.Shape, Data: p.Data})
		}
		return change(list)
	}
	for name, c := range map[string]struct {
		change func([]safetensors.Item) []safetensors.Item
		want   []string
	}{
		"missing": {func(l []safetensors.Item) []safetensors.Item {
			return append(l[2:], safetensors.Item{Name: "extra", Shape: []int{2000}, Data: make([]float32, 2000)})
		}, []string{`"model.embed_tokens.weight" is missing`, `"model.layers.0.input_layernorm.weight" is missing`, `"extra" belongs to no part`}},
		"shape": {func(l []safetensors.Item) []safetensors.Item {
			l[0].Shape = []int{l[0].Shape[1], l[0].Shape[0]}
			return l
		}, []string{`"model.embed_tokens.weight" has shape [20 37]`}},
		"short": {func(l []safetensors.Item) []safetensors.Item { return l[:3] }, []string{"the config describes"}},
	} {
		dir := t.TempDir()
		if err := m.Save(dir, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := safetensors.WriteDir(dir, items(c.change), safetensors.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, load := range []func(string) (*Model, error){Load, Open} {
			_, err := load(dir)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
					t.Errorf("%s: got %v, want %q and the folder", name, err, want)
				}
			}
		}
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("an empty folder was loaded")
	}
}

// TestTiedHead: a stored head beside tied embeddings must be the embedding.
func TestTiedHead(t *testing.T) {
	c := variants()["tied"]
	m := newTiny(t, c, kernel.Detect())
	for _, same := range []bool{true, false} {
		dir := t.TempDir()
		if err := m.Save(dir, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		head := slices.Clone(m.embed.Data)
		if !same {
			head[5]++
		}
		items := []safetensors.Item{{Name: headName, Shape: m.embed.Shape, Data: head}}
		for _, p := range m.Params() {
			items = append(items, safetensors.Item{Name: p.Name, Shape: p.Shape, Data: p.Data})
		}
		if err := safetensors.WriteDir(dir, items, safetensors.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); (err == nil) != same {
			t.Errorf("equal head %v: %v", same, err)
		}
		there, err := Open(dir)
		if (err == nil) != same {
			t.Errorf("equal head %v, opened: %v", same, err)
		}
		if err == nil {
			there.Close()
		}
	}
}

// TestFamilyOfPrecision: tiles have a part in rounded products alone, so in fp32
// machines with and without them compute the same bits.
func TestFamilyOfPrecision(t *testing.T) {
	for _, c := range []struct {
		f    kernel.Family
		p    Precision
		want kernel.Family
	}{{kernel.AMX, FP32, kernel.AVX512}, {kernel.AMX, BF16, kernel.AMX}, {kernel.AMX, BF16x3, kernel.AMX},
		{kernel.AVX512, FP32, kernel.AVX512}, {kernel.AVX512, BF16, kernel.AVX512}, {kernel.AVX2, FP32, kernel.AVX2}, {kernel.Generic, BF16, kernel.Generic}} {
		if got := familyOf(c.f, c.p); got != c.want {
			t.Errorf("%s of %s is computed by %s, want %s", c.p, c.f, got, c.want)
		}
	}
}

// TestKernelFamily: a forced family reaches the model, and a bad name is an
// error of New, not a slow run.
func TestKernelFamily(t *testing.T) {
	t.Setenv(kernel.EnvVar, "generic")
	m, err := New(tinyConfig(), 1)
	if err != nil || m.kern != kernel.Generic || KernelFamily() != "generic" {
		t.Error(m, err, KernelFamily())
	}
	t.Setenv(kernel.EnvVar, "abacus")
	if _, err := New(tinyConfig(), 1); err == nil {
		t.Error("an unknown family was accepted")
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "abacus") {
		t.Error(err)
	}
}
