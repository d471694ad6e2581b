package judge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe"
)

// afterFirst is a line, then whatever a function does, then more lines.
type afterFirst struct {
	lines []string
	do    func()
}

func (a *afterFirst) Read(p []byte) (int, error) {
	if len(a.lines) == 0 {
		return 0, io.EOF
	}
	if len(a.lines) == 1 {
		a.do()
	}
	line := a.lines[0]
	a.lines = a.lines[1:]
	return copy(p, line+"\n"), nil
}

// TestWeightsThatChange: a checkpoint that is cut under the process ends scoring
// with an error that names the file; a copy in memory does not mind.
func TestWeightsThatChange(t *testing.T) {
	model, err := moe.New(moe.Config{VocabSize: 50, HiddenSize: 32, NumHiddenLayers: 2, NumAttentionHeads: 2, NumKeyValueHeads: 1, HeadDim: 16,
		NumExperts: 4, NumExpertsPerTok: 2, MoeIntermediateSize: 16, RopeTheta: 1e4, RMSNormEps: 1e-6, MaxPositionEmbeddings: 64, InitializerRange: 0.1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{WeightsInFile, WeightsInMemory} {
		dir := t.TempDir()
		if err := model.Save(dir, moe.SaveOptions{DType: "BF16"}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "model.safetensors")
		var out bytes.Buffer
		lines := &afterFirst{[]string{`{"ids":[1,2,3]}`, `{"ids":[4,5]}`}, func() {
			if err := os.Truncate(path, 0); err != nil {
				t.Error(err)
			}
		}}
		err := ScoreIDs(context.Background(), dir, lines, &out, IDsOptions{Yes: 1, No: 2, Threads: 2, WeightsIn: in})
		n := strings.Count(out.String(), "logit_yes")
		if in == WeightsInMemory && (err != nil || n != 2) {
			t.Errorf("%s: %v, %d lines scored", in, err, n)
		}
		if in == WeightsInFile && (!errors.Is(err, moe.ErrChanged) || !strings.Contains(err.Error(), path) || n != 1) {
			t.Errorf("%s: %v, %d lines scored", in, err, n)
		}
	}
	if err := ScoreIDs(context.Background(), t.TempDir(), strings.NewReader(""), io.Discard, IDsOptions{Yes: 1, No: 2, WeightsIn: "elsewhere"}); err == nil || !strings.Contains(err.Error(), `"elsewhere"`) {
		t.Error(err)
	}
}
