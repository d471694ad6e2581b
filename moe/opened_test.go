package moe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// layoutsOnDisk are the ways in which a checkpoint may lie in files.
var layoutsOnDisk = map[string]struct {
	o     SaveOptions
	shift int // bytes by which numbers are off their alignment
}{
	"float32":            {},
	"float32 unaligned":  {shift: 3},
	"float32 in shards":  {o: SaveOptions{ShardBytes: 3000}},
	"bfloat16":           {o: SaveOptions{DType: "BF16"}},
	"bfloat16 in shards": {o: SaveOptions{DType: "BF16", ShardBytes: 3000}},
	"bfloat16 unaligned": {o: SaveOptions{DType: "BF16"}, shift: 1},
	"float16":            {o: SaveOptions{DType: "F16"}},
}

// shiftNumbers makes the header of a checkpoint's one file longer by n spaces.
func shiftNumbers(t *testing.T, dir string, n int) {
	t.Helper()
	path := filepath.Join(dir, safetensors.SingleName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := binary.LittleEndian.Uint64(raw)
	out := binary.LittleEndian.AppendUint64(nil, header+uint64(n))
	out = append(append(append(out, raw[8:8+header]...), bytes.Repeat([]byte(" "), n)...), raw[8+header:]...)
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
}

// opened opens a checkpoint until the test ends.
func opened[Num Float](t testing.TB, dir string, shard Shard) *ModelOf[Num] {
	t.Helper()
	m, err := OpenShard[Num](dir, shard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// answers is what a model says to batches that share beginnings and that do not,
// at both heads and at every token.
func answers[Num Float](t *testing.T, m *ModelOf[Num], o Options, limit int) (out []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	for _, b := range []Batch{branchedBatch(r, m.cfg.VocabSize, 5, 120), randomBatch(r, m.cfg.VocabSize, 1, 97, 13, 240)} {
		p := m.NewPass(o)
		p.limit = limit
		for _, h := range verdictHeads {
			if h.Yes = h.Yes % int32(m.cfg.VocabSize); h.Yes == h.No {
				h.Yes++
			}
			logits, err := p.Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range logits {
				out = append(out, float64(l.Yes), float64(l.No), float64(l.Rest))
			}
		}
		sums, err := p.NextToken(b, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sums...)
	}
	return out
}

// TestOpenedIsLoaded: a model whose matrices stay in their files gives the bits of
// a copy, from any layout of the files, on any kernels, for any number of threads.
func TestOpenedIsLoaded(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		m := newTiny(t, c, f)
		for layout, on := range layoutsOnDisk {
			dir := t.TempDir()
			if err := m.Save(dir, on.o); err != nil {
				t.Fatal(err)
			}
			if on.shift > 0 {
				shiftNumbers(t, dir, on.shift)
			}
			copied, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			there := opened[float32](t, dir, Shard{})
			copied.kern, there.kern = f, f
			for _, precision := range []Precision{FP32, BF16x3} {
				want := answers(t, copied, Options{Threads: 1, Precision: precision}, 64)
				for threads, limit := range map[int]int{1: 64, 3: chunkRows} {
					if got := answers(t, there, Options{Threads: threads, Precision: precision}, limit); !slices.Equal(got, want) {
						t.Errorf("%s %s, %s, %s, %d threads: other answers than those of a copy", name, f, precision, layout, threads)
					}
				}
			}
		}
	})
}

// TestOpenedWide is the same in float64.
func TestOpenedWide(t *testing.T) {
	m, err := NewShard[float64](tinyConfig(), 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	for _, dtype := range []string{"F64", "BF16"} {
		dir := t.TempDir()
		var items []safetensors.Item
		for _, p := range m.Params() {
			items = append(items, p.Item(p.Name, p.Data))
			if dtype != "F64" {
				last := &items[len(items)-1]
				for _, v := range last.Wide {
					last.Data = append(last.Data, float32(v))
				}
				last.Wide = nil
			}
		}
		if err := safetensors.WriteDir(dir, items, safetensors.WriteOptions{DType: safetensors.DType(dtype)}); err != nil {
			t.Fatal(err)
		}
		if err := m.saveConfig(dir, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		copied, err := LoadShard[float64](dir, Shard{})
		if err != nil {
			t.Fatal(err)
		}
		if want, got := answers(t, copied, Options{Threads: 1}, 64), answers(t, opened[float64](t, dir, Shard{}), Options{Threads: 2}, 96); !slices.Equal(got, want) {
			t.Errorf("%s: other answers than those of a copy", dtype)
		}
	}
}

// TestOpenedShards: ranks that open their part of the experts answer as the whole
// model does.
func TestOpenedShards(t *testing.T) {
	dir, b := t.TempDir(), []Batch{}
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: "BF16", ShardBytes: 5000}); err != nil {
		t.Fatal(err)
	}
	whole, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for _, lengths := range [][]int{{40, 7}, {}, {100}} {
		b = append(b, randomBatch(r, whole.cfg.VocabSize, lengths...))
	}
	eachPeer(t, len(b), func(peers Peers, rank int) error {
		m, err := OpenShard[float32](dir, Shard{rank, len(b)})
		if err != nil {
			return err
		}
		defer m.Close()
		got, err := m.NewPass(Options{Threads: 1, Peers: peers}).Verdict(b[rank], verdictHeads[1])
		if err != nil || b[rank].Len() == 0 {
			return err
		}
		want, err := whole.NewPass(Options{Threads: 1}).Verdict(b[rank], verdictHeads[1])
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("rank %d: %v, the whole model says %v", rank, got, want)
		}
		return err
	})
}

// TestOpenedIsWrittenAsRead: an opened model can be saved, over itself too.
func TestOpenedIsWrittenAsRead(t *testing.T) {
	dir := t.TempDir()
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: "BF16"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, safetensors.SingleName)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := opened[float32](t, dir, Shard{})
	said := answers(t, m, Options{Threads: 1}, 64)
	if err := m.Save(dir, SaveOptions{DType: "BF16"}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Error("other bytes were written than read", err)
	}
	if !slices.Equal(answers(t, m, Options{Threads: 1}, 64), said) {
		t.Error("a file that was replaced by a rename changed what the model says")
	}
}

// TestChangedWhileOpen: files that are cut or written to while a model has them
// open end a pass with an error that names the file and, where its pages are gone,
// the tensor.
func TestChangedWhileOpen(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(3, 3)), tinyConfig().VocabSize, 40, 7)
	cut := func(size int64) func(*os.File) error { return func(f *os.File) error { return f.Truncate(size) } }
	for name, c := range map[string]struct {
		change func(*os.File) error
		dtype  string
		want   string
	}{
		"emptied":           {cut(0), "", "tensor \"model."},
		"emptied, bfloat16": {cut(0), "BF16", "tensor \"model."},
		"cut in a page":     {func(f *os.File) error { i, err := f.Stat(); return errors.Join(err, f.Truncate(i.Size()-1)) }, "", "bytes"},
		"written": {func(f *os.File) error {
			info, err := f.Stat()
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{7}, info.Size()-1)
			return errors.Join(err, os.Chtimes(f.Name(), info.ModTime(), info.ModTime().Add(1e9)))
		}, "", "written"},
	} {
		dir := t.TempDir()
		if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: c.dtype}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, safetensors.SingleName)
		for _, threads := range []int{1, 3} {
			m := opened[float32](t, dir, Shard{})
			p := m.NewPass(Options{Threads: threads})
			if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
				t.Fatalf("%s: before: %v", name, err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(path)
			if err := errors.Join(err, c.change(f)); err != nil {
				t.Fatal(err)
			}
			_, verdict := p.Verdict(b, Head{Yes: 1, No: 2, Full: true})
			_, next := p.NextToken(b, nil, nil)
			route := p.Route(b)
			for what, err := range map[string]error{"Verdict": verdict, "NextToken": next, "Route": route} {
				if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s, %s: %v, want %q", name, what, err, c.want)
				}
			}
			if _, err := f.WriteAt(raw, 0); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOpenRefusesTypes: what cannot be read as numbers is an error of Open, not of
// the pass that comes to it.
func TestOpenRefusesTypes(t *testing.T) {
	dir := t.TempDir()
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, safetensors.SingleName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(raw, []byte(`"F32"`), []byte(`"I32"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, load := range []func(string) (*Model, error){Load, Open} {
		if _, err := load(dir); err == nil || !strings.Contains(err.Error(), `"model.embed_tokens.weight" has type I32`) || !strings.Contains(err.Error(), dir) {
			t.Error(err)
		}
	}
}

// TestOpenedNotFinite: a weight that is no number is named, as in a copy.
func TestOpenedNotFinite(t *testing.T) {
	for _, dtype := range []string{"", "BF16", "F16"} {
		m := newTiny(t, tinyConfig(), kernel.Detect())
		bad := m.layers[1].o
		bad.Data[3] = float32(math.NaN())
		dir := t.TempDir()
		if err := m.Save(dir, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		_, err := opened[float32](t, dir, Shard{}).NewPass(Options{}).Verdict(Batch{IDs: []int32{1, 2}, Offsets: []int32{0, 2}}, Head{Yes: 1, No: 2})
		if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), bad.Name) {
			t.Errorf("%s: %v, want an error that names %s", dtype, err, bad.Name)
		}
	}
}

// TestClosed: a closed model answers with an error.
func TestClosed(t *testing.T) {
	dir := t.TempDir()
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	m := opened[float32](t, dir, Shard{})
	p := m.NewPass(Options{})
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Fatal(err)
	}
	b := Batch{IDs: []int32{1, 2}, Offsets: []int32{0, 2}}
	if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := m.Save(t.TempDir(), SaveOptions{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestOpenCostsNothing: to open four GiB takes no memory of their size.
func TestOpenCostsNothing(t *testing.T) {
	c := tinyConfig()
	c.VocabSize, c.HiddenSize, c.NumExperts, c.MoeIntermediateSize = 1<<15, 1<<10, 128, 1<<11
	dir := t.TempDir()
	sparseCheckpoint(t, dir, c)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := opened[float32](t, dir, Shard{})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("to open %d parameters took %d bytes", c.NumParams(), n)
	}
	if n := m.Memory().Weights; n > 1<<20 {
		t.Errorf("the weights take %d bytes", n)
	}
	logits, err := m.NewPass(Options{Threads: 2}).Verdict(Batch{IDs: []int32{1, 2}, Offsets: []int32{0, 2}}, Head{Yes: 1, No: 2})
	if err != nil || logits[0].Yes != 0 {
		t.Error(logits, err)
	}
}

// sparseCheckpoint writes a checkpoint of zeros in bfloat16 that takes no room on
// the disk.
func sparseCheckpoint(t *testing.T, dir string, c Config) {
	t.Helper()
	m := describe[float32](c, Shard{}, &tuning{nothing: true, mapped: true})
	var header bytes.Buffer
	header.WriteByte('{')
	at := 0
	for i, p := range m.params {
		if i > 0 {
			header.WriteByte(',')
		}
		shape := strings.ReplaceAll(fmt.Sprint(p.Shape), " ", ",")
		fmt.Fprintf(&header, `%q:{"dtype":"BF16","shape":%s,"data_offsets":[%d,%d]}`, p.Name, shape, at, at+2*p.len())
		at += 2 * p.len()
	}
	header.WriteByte('}')
	path := filepath.Join(dir, safetensors.SingleName)
	raw := append(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())), header.Bytes()...)
	if err := errors.Join(os.WriteFile(path, raw, 0o600), os.Truncate(path, int64(len(raw)+at)), m.saveConfig(dir, SaveOptions{DType: "BF16"})); err != nil {
		t.Fatal(err)
	}
}
