package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/moe"
)

// Names inside a checkpoint directory.
const (
	stateDir      = "state"
	stateName     = "state.json"
	momentsPrefix = "optimizer" // .safetensors, or one file per shard of the experts

	stepPrefix = "step-"
	tempPrefix = ".writing-"

	stateFormat = 1

	// momentsDynamic8 names moments in eight bits, in blocks of 256, by the levels of
	// kernel.SignedLevels and kernel.UnsignedLevels.
	momentsDynamic8 = "dynamic8-256"

	maxStateBytes = 64 << 20 // of state.json; the biases of all routers fit
)

// ErrKernelFamily is returned when a run would go on with other machine code
// than it began with, or when ranks would train together with different ones: the
// weights would depend on where it was interrupted, or on which rank had what.
var ErrKernelFamily = errors.New("another kernel family")

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
	Base         string `json:"base,omitempty"`    // digest of the weights under adapters
	Moments      string `json:"moments,omitempty"` // how they are kept; "": in full

	RouterBias [][]float64 `json:"router_bias,omitempty"` // of each expert of each layer, where aux.bias_rate is set

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

// temp is where a checkpoint is written. The directory must be one that all ranks see.
func (s shelf) temp(step int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%d", tempPrefix, step))
}

// accept renames a checkpoint that is whole and durable, so that a directory
// step-N always is.
func (s shelf) accept(temp string, step int64) error {
	final := s.path(step)
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
	raw, err := readAtMost(filepath.Join(dir, stateDir, stateName), maxStateBytes)
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
	if err := st.check(); err != nil {
		return nil, fmt.Errorf("state of %s: %w", dir, err)
	}
	return st, nil
}

// readAtMost reads a file that is no longer than it should be.
func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return raw, err
}

// check refuses numbers that no run writes.
func (st *State) check() error {
	var faults []error
	for name, n := range map[string]int64{"tokens": st.Tokens, "sequences": st.Sequences, "skipped_steps": st.SkippedSteps,
		"skipped_in_row": int64(st.SkippedInRow), "metrics_bytes": st.MetricsBytes, "best_step": st.BestStep, "without_better": int64(st.WithoutBetter)} {
		if n < 0 {
			faults = append(faults, fmt.Errorf("%s is %d", name, n))
		}
	}
	if st.Step < 1 {
		faults = append(faults, fmt.Errorf("step is %d, want 1 or more", st.Step))
	}
	if st.Updates < 0 || st.Updates > max(st.Step, 0) {
		faults = append(faults, fmt.Errorf("updates is %d in %d steps", st.Updates, st.Step))
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

// checkBias holds the biases of routers to the shape of a model.
func (st *State) checkBias(c moe.Config) error {
	if st.RouterBias == nil {
		return nil
	}
	if len(st.RouterBias) != c.NumHiddenLayers {
		return fmt.Errorf("state: router_bias has %d layers, the model %d", len(st.RouterBias), c.NumHiddenLayers)
	}
	for l, layer := range st.RouterBias {
		want := 0
		if c.Sparse(l) {
			want = c.NumExperts
		}
		if len(layer) != want {
			return fmt.Errorf("state: router_bias has %d experts in layer %d, the model %d", len(layer), l, want)
		}
	}
	return nil
}

// momentsFormat is how a state says that a run keeps its moments.
func (c *Config) momentsFormat() string {
	if c.Optimizer.State == StateInt8 {
		return momentsDynamic8
	}
	return ""
}

// checkMoments refuses to go on with moments of another kind: what follows would be
// neither run.
func (st *State) checkMoments(c *Config) error {
	if want := c.momentsFormat(); st.Moments != want {
		return fmt.Errorf("state: step %d has moments of format %q and optimizer.state is %s, whose format is %q: a run keeps the state that it began with",
			st.Step, st.Moments, c.Optimizer.State, want)
	}
	return nil
}

// checkFamily refuses to go on with other machine code.
func (st *State) checkFamily() error {
	if now := kernelFamily(st.Precision); st.KernelFamily != now {
		return fmt.Errorf("%w: step %d was made by %q, this machine uses %q: set SWERM_KERNEL=%s, or start over elsewhere",
			ErrKernelFamily, st.Step, st.KernelFamily, now, st.KernelFamily)
	}
	return nil
}
