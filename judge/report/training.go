package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// metricsFile is the training's journal in a checkpoint: one line per step.
const metricsFile = "metrics.jsonl"

const (
	// maxJournalLine holds the load of every expert of a large network.
	maxJournalLine = 1 << 20
	// maxSteps keeps a journal in some 100 MB of memory.
	maxSteps = 2 << 20
	// maxLoss is more than float32 logits can give.
	maxLoss = 1e40
)

// ErrJournal is returned for a journal that cannot be what training wrote.
var ErrJournal = errors.New("not a journal of training")

// training is what the journal says.
type training struct {
	objective string // of the checkpoint's card
	steps     []trainStep
	devs      []devPoint
	skipped   int
	load      [][]int64 // of the weights that were kept or, where they were not evaluated, the last: per layer and expert
	loadAt    int64

	loads      []loadAt // of evaluations over the run
	lastLoad   loadAt
	evaluated  int // evaluations with loads
	loadStride int // of which one in so many is in loads

	kept int64 // the step whose weights were published; 0 is unknown
}

type trainStep struct {
	step int64
	loss *float64
	lr   float64
}

type devPoint struct {
	step      int64
	loss, auc *float64
	sequences int
}

// journalLine is the part of a line that figures show.
type journalLine struct {
	Step    int64    `json:"step"`
	Loss    *float64 `json:"loss"`
	LR      float64  `json:"lr"`
	Skipped string   `json:"skipped"`
	Dev     *struct {
		Loss       *float64  `json:"loss"`
		AUC        *float64  `json:"auc"`
		Sequences  int       `json:"sequences"`
		ExpertLoad [][]int64 `json:"expert_load"`
	} `json:"dev"`
}

// readTraining reads the journal of a training that published the weights of a
// step.
func readTraining(path string, kept int64) (*training, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := &training{kept: kept}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxJournalLine)
	for row := 1; lines.Scan(); row++ {
		var l journalLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w: %w", metricsFile, row, ErrJournal, err)
		}
		if err := out.add(&l); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", metricsFile, row, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", metricsFile, err)
	}
	return out, nil
}

func (t *training) add(l *journalLine) error {
	switch n := len(t.steps); {
	case n == maxSteps:
		return fmt.Errorf("%w: more than %d steps", ErrJournal, maxSteps)
	case l.Step < 1 || l.Step > maxCount || n > 0 && l.Step <= t.steps[n-1].step:
		return fmt.Errorf("%w: step %d comes after %d others", ErrJournal, l.Step, n)
	case !bounded(l.Loss, -maxLoss, maxLoss) || !bounded(&l.LR, 0, maxLoss):
		return fmt.Errorf("%w: a loss of %s at the rate %g", ErrJournal, num(l.Loss), l.LR)
	case l.Dev != nil && (!bounded(l.Dev.Loss, -maxLoss, maxLoss) || !bounded(l.Dev.AUC, 0, 1)):
		return fmt.Errorf("%w: a dev loss of %s and an AUC of %s", ErrJournal, num(l.Dev.Loss), num(l.Dev.AUC))
	}
	t.steps = append(t.steps, trainStep{l.Step, l.Loss, l.LR})
	if l.Skipped != "" {
		t.skipped++
	}
	if l.Dev == nil {
		return nil
	}
	t.devs = append(t.devs, devPoint{l.Step, l.Dev.Loss, l.Dev.AUC, l.Dev.Sequences})
	experts := 0
	for i, layer := range l.Dev.ExpertLoad {
		if len(layer) == 0 { // a dense layer
			continue
		}
		if experts == 0 {
			experts = len(layer)
		}
		if len(layer) != experts {
			return fmt.Errorf("%w: layer %d has %d experts", ErrJournal, i+1, len(layer))
		}
		for _, n := range layer {
			if n < 0 || n > maxCount {
				return fmt.Errorf("%w: an expert of layer %d got %d tokens", ErrJournal, i+1, n)
			}
		}
	}
	if len(l.Dev.ExpertLoad) > 0 && experts == 0 {
		return fmt.Errorf("%w: no layer has experts", ErrJournal)
	}
	if experts > 0 {
		t.keepLoad(loadAt{l.Step, l.Dev.ExpertLoad})
	}
	if experts > 0 && (t.loadAt == 0 || t.loadAt != t.kept) {
		t.load, t.loadAt = l.Dev.ExpertLoad, l.Step
	}
	return nil
}

// smoothed is the mean over a window around every step, of which at most
// curvePoints are kept. Steps without a loss count for nothing.
func (t *training) smoothed(window int) []point {
	sum, n := make([]float64, len(t.steps)+1), make([]int, len(t.steps)+1)
	for i, s := range t.steps {
		sum[i+1], n[i+1] = sum[i], n[i]
		if s.loss != nil {
			sum[i+1] += *s.loss
			n[i+1]++
		}
	}
	var out []point
	for i := 0; i < len(t.steps); i += stride(len(t.steps)) {
		lo, hi := max(0, i-window/2), min(len(t.steps), i+window/2+1)
		if n[hi] > n[lo] {
			out = append(out, point{float64(t.steps[i].step), (sum[hi] - sum[lo]) / float64(n[hi]-n[lo])})
		}
	}
	return out
}

// curvePoints are as many as a figure is wide.
const curvePoints = 600

func stride(n int) int { return (n + curvePoints - 1) / curvePoints }
