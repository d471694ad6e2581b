package trainer

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/safetensors"
)

// stateFile writes a checkpoint of one file of state.
func stateFile(t testing.TB, name string, data []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, stateDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateDir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func soundState() State {
	best := 0.5
	return State{Format: stateFormat, Step: 7, Updates: 6, SkippedSteps: 1, Tokens: 900, Sequences: 40, MetricsBytes: 1200, KernelFamily: "avx2", Precision: PrecisionFP32,
		RouterBias: [][]float64{{0.5, -0.5, 0, 1}, {1, 2, 3, 4}}, BestStep: 5, Best: &best, PendingLine: &Line{Step: 7}}
}

func TestStateRefuses(t *testing.T) {
	if sound := soundState(); sound.check() != nil || sound.checkBias(testConfig().Model.shape(testVocab, 64)) != nil {
		t.Errorf("%v, %v", sound.check(), sound.checkBias(testConfig().Model.shape(testVocab, 64)))
	}
	for want, change := range map[string]func(*State){
		"step is 0":               func(s *State) { s.Step = 0 },
		"updates is 8 in 7 steps": func(s *State) { s.Updates = 8 },
		"metrics_bytes is -1":     func(s *State) { s.MetricsBytes = -1 },
		"tokens is -2":            func(s *State) { s.Tokens = -2 },
		"format 9":                func(s *State) { s.Format = 9 },
	} {
		st := soundState()
		change(&st)
		raw, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loadState(stateFile(t, stateName, raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, bias := range map[string][][]float64{
		"3 layers, the model 2":               {{}, {}, {}},
		"3 experts in layer 1, the model 4":   {{1, 2, 3, 4}, {1, 2, 3}},
		"router_bias has 0 layers, the model": {},
	} {
		st := soundState()
		st.RouterBias = bias
		if err := st.checkBias(testConfig().Model.shape(testVocab, 64)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	long := append(slices.Repeat([]byte(" "), maxStateBytes), "{}"...)
	if _, err := loadState(stateFile(t, stateName, long)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a state of %d bytes: %v", len(long), err)
	}
}

// FuzzState reads any state.json: what is accepted can be gone on from.
func FuzzState(f *testing.F) {
	raw, err := json.Marshal(soundState())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format":1,"step":1,"router_bias":[[],null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		st, err := loadState(stateFile(t, stateName, raw))
		if err != nil {
			return
		}
		shape := testConfig().Model.shape(testVocab, 64)
		if st.checkBias(shape) != nil {
			return
		}
		st.biased(0.5)
		st.moveBias(newExpertLoad(shape), 1e-3)
		if _, err := json.Marshal(st); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzMoments reads any file of moments, whole tensors and pieces of them.
func FuzzMoments(f *testing.F) {
	for _, name := range []string{"w.m", "w.m" + pieceMark + "0", "w.m" + pieceMark + "9223372036854775807", "w.m" + pieceMark + "-1"} {
		path := filepath.Join(f.TempDir(), "x.safetensors")
		if err := safetensors.Write(path, []safetensors.Item{{Name: name, Shape: []int{4}, Data: make([]float32, 4)}}, safetensors.F32); err != nil {
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
		raw := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		m, err := openMoments(stateFile(t, momentsPrefix+".safetensors", slices.Concat(raw, header, data)))
		if err != nil {
			return
		}
		defer m.Close()
		for _, lo := range []int{0, 1} {
			into := []float32{9, 9, 9}
			if err := readMoments(m, "w.m", lo, into, readNumbers[float32]); err != nil && !strings.Contains(err.Error(), "w.m") {
				t.Fatalf("the error names no tensor: %v", err)
			}
		}
	})
}
