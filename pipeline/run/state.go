package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/swerm/swerm/pipeline"
)

// State is OUT/run.json: where the current output of every id lies.
type State struct {
	Name   string            `json:"name"`
	Stages map[string]Output `json:"stages"`
}

// An Output is the committed output of one id.
type Output struct {
	Stage  string        `json:"stage"`
	Kind   pipeline.Kind `json:"kind"`
	Key    pipeline.Key  `json:"key"`
	Path   string        `json:"path"` // relative to OUT
	Kernel string        `json:"kernel,omitempty"`
}

// ReadState reads OUT/run.json. The error wraps fs.ErrNotExist where OUT is
// not a run directory.
func ReadState(out string) (*State, error) {
	text, err := os.ReadFile(filepath.Join(out, stateName))
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(out, stateName), err)
	}
	return &s, nil
}

// stateFile keeps run.json up to date while tasks finish.
type stateFile struct {
	mu    sync.Mutex
	out   string
	state State
}

// openState reads what is there and forgets ids that the run file no longer has.
func openState(out, name string, ids map[string]bool) (*stateFile, error) {
	s := &stateFile{out: out, state: State{Name: name, Stages: map[string]Output{}}}
	old, err := ReadState(out)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	for id, o := range old.Stages {
		if ids[id] {
			s.state.Stages[id] = o
		}
	}
	return s, nil
}

func (s *stateFile) get(id string) Output {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Stages[id]
}

func (s *stateFile) set(id string, o Output) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Stages[id] == o {
		return nil
	}
	s.state.Stages[id] = o
	text, err := json.MarshalIndent(s.state, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(s.out, stateName), append(text, '\n'))
}

// writeFile makes a file appear whole: temporary name, fsync, rename.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
