package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Names inside a checkpoint directory.
const (
	stateDir      = "state"
	stateName     = "state.json"
	momentsPrefix = "optimizer" // .safetensors, or one file per shard of the experts

	stepPrefix = "step-"
	tempPrefix = ".writing-"

	stateFormat = 1
)

// ErrKernelFamily is returned when a run would go on with other machine code
// than it began with: the weights would depend on where it was interrupted.
var ErrKernelFamily = errors.New("the run began on another kernel family")

// A State is where a run stands: all that it needs, besides weights and
// moments, to go on as if it had never stopped. The order of visits is a
// function of seed and step, so the data position is the step itself.
type State struct {
	Format       int    `json:"format"`
	Step         int64  `json:"step"`   // finished steps
	Tokens       int64  `json:"tokens"` // trained on so far
	Sequences    int64  `json:"sequences"`
	SkippedSteps int64  `json:"skipped_steps,omitempty"`
	SkippedInRow int    `json:"skipped_in_row,omitempty"`
	MetricsBytes int64  `json:"metrics_bytes"` // of metrics.jsonl
	Updates      int64  `json:"updates"`       // steps that moved the weights: what corrects AdamW's bias
	KernelFamily string `json:"kernel_family"`
	Precision    string `json:"precision"`
	Base         string `json:"base,omitempty"` // digest of the weights under adapters

	BestStep      int64    `json:"best_step,omitempty"`
	Best          *float64 `json:"best,omitempty"`
	WithoutBetter int      `json:"without_better,omitempty"` // evaluations since the best one
	StoppedEarly  bool     `json:"stopped_early,omitempty"`
	PendingLine   *Line    `json:"pending_line,omitempty"` // a step whose dev evaluation was interrupted
}

// A shelf keeps the checkpoints of an unfinished run: directories step-N, each
// with the weights as transformers opens them and state/. Where adapters train
// they are in state/ too and are all the weights there are.
type shelf struct{ dir string }

// save writes a checkpoint under a temporary name, every rank its part, makes
// it durable, and renames it, so that a directory step-N is always whole. The
// directory must be one that all ranks see.
func (s shelf) save(n *network, st *State) error {
	temp := filepath.Join(s.dir, fmt.Sprintf("%s%d", tempPrefix, st.Step))
	err := n.layout.inTurn(func() error { return freshDir(temp) },
		func() error { return n.write(temp) },
		func() error { return s.commit(temp, n, st) })
	if err != nil {
		return fmt.Errorf("checkpoint of step %d: %w", st.Step, err)
	}
	return nil
}

// inTurn runs first on the leading rank, then each on all, then last on the
// leading one. A rank that fails leaves the others waiting until it gives up.
func (l *layout) inTurn(first, each, last func() error) error {
	for _, step := range []struct {
		all bool
		run func() error
	}{{false, first}, {true, each}, {false, last}} {
		if step.all || l.lead() {
			if err := step.run(); err != nil {
				return err
			}
		}
		if err := l.world.Barrier(); err != nil {
			return err
		}
	}
	return nil
}

func freshDir(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(dir, stateDir), 0o755)
}

// commit makes the parts in temp a checkpoint.
func (s shelf) commit(temp string, n *network, st *State) error {
	if err := n.finish(temp); err != nil {
		return err
	}
	doc, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(temp, stateDir, stateName), append(doc, '\n')); err != nil {
		return err
	}
	if err := syncTree(temp); err != nil {
		return err
	}
	final := s.path(st.Step)
	if err := os.RemoveAll(final); err != nil { // the same step, saved before it was evaluated
		return err
	}
	if err := os.Rename(temp, final); err != nil {
		return err
	}
	return syncPath(s.dir)
}

func (s shelf) path(step int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%09d", stepPrefix, step))
}

// steps lists the whole checkpoints, ascending, and removes what a killed run
// left half written.
func (s shelf) steps() ([]int64, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	var steps []int64
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
				return nil, fmt.Errorf("checkpoints: %w", err)
			}
		}
		digits, ok := strings.CutPrefix(e.Name(), stepPrefix)
		if n, err := strconv.ParseInt(digits, 10, 64); ok && err == nil {
			steps = append(steps, n)
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// prune keeps the newest checkpoints and the best one.
func (s shelf) prune(keep int, best int64) error {
	steps, err := s.steps()
	if err != nil {
		return err
	}
	for _, step := range steps[:max(0, len(steps)-keep)] {
		if step == best {
			continue
		}
		if err := os.RemoveAll(s.path(step)); err != nil {
			return fmt.Errorf("checkpoints: %w", err)
		}
	}
	return nil
}

// loadState reads where a checkpoint stands.
func loadState(dir string) (*State, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateDir, stateName))
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	st := &State{}
	if err := json.Unmarshal(raw, st); err != nil {
		return nil, fmt.Errorf("state of %s: %w", dir, err)
	}
	if st.Format != stateFormat {
		return nil, fmt.Errorf("state of %s: format %d, this program reads %d", dir, st.Format, stateFormat)
	}
	return st, nil
}

// checkFamily refuses to go on with other machine code.
func (st *State) checkFamily() error {
	if now := kernelFamily(st.Precision); st.KernelFamily != now {
		return fmt.Errorf("%w: step %d was made by %q, this machine uses %q: set SWERM_KERNEL=%s, or start over elsewhere",
			ErrKernelFamily, st.Step, st.KernelFamily, now, st.KernelFamily)
	}
	return nil
}
