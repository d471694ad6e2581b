package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/swerm/swerm/labeler/grade"
)

// A Task is what a patch is tried on.
type Task struct {
	Instance string
	Files    map[string]string // the tree that the patch is for
	Hidden   map[string]string // tests laid over it
	Want     grade.Want
}

// wireTask is a row of tasks. Other keys are of no interest here.
type wireTask struct {
	Instance string            `json:"instance_id"`
	Files    map[string]string `json:"files"`
	Hidden   map[string]string `json:"test_files"`
	F2P      testNames         `json:"FAIL_TO_PASS"`
	P2P      testNames         `json:"PASS_TO_PASS"`
}

// testNames is a list, or the text of one, as SWE-bench has it.
type testNames []string

// UnmarshalJSON reads either form.
func (t *testNames) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		raw = []byte(text)
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return errors.New("is no list of names")
	}
	*t = list
	return nil
}

// ParseTask reads one row.
func ParseTask(row []byte) (*Task, error) {
	var w wireTask
	if err := json.Unmarshal(row, &w); err != nil {
		return nil, fmt.Errorf("exec: task: %w", err)
	}
	t := &Task{w.Instance, w.Files, w.Hidden, grade.Want{FailToPass: w.F2P, PassToPass: w.P2P}}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("exec: task %q: %w", w.Instance, err)
	}
	return t, nil
}

// check lists every fault.
func (t *Task) check() error {
	var errs []error
	if t.Instance == "" {
		errs = append(errs, errors.New("instance_id is missing"))
	}
	if len(t.Files) == 0 {
		errs = append(errs, errors.New("files are missing"))
	}
	if len(t.Hidden) == 0 {
		errs = append(errs, errors.New("test_files are missing"))
	}
	if len(t.Want.FailToPass) == 0 {
		errs = append(errs, errors.New("FAIL_TO_PASS is empty"))
	}
	for _, tree := range []map[string]string{t.Files, t.Hidden} {
		for _, p := range slices.Sorted(maps.Keys(tree)) {
			if !fs.ValidPath(p) || p == "." {
				errs = append(errs, fmt.Errorf("%q is no path in a tree", p))
			}
		}
	}
	return errors.Join(errs...)
}

// Tests lists the files of hidden tests in the order in which they run.
func (t *Task) Tests() []string { return slices.Sorted(maps.Keys(t.Hidden)) }

// overlay lays the hidden tests over a patched tree, and reports whether the
// patch had touched one of them. A file where a hidden test needs a folder, and
// what lies below the place of a hidden test, gives way.
func (t *Task) overlay(patched map[string]string) (tree map[string]string, touched bool) {
	tree = maps.Clone(patched)
	folders := map[string]bool{}
	for p := range t.Hidden {
		for i := range len(p) {
			if p[i] == '/' {
				folders[p[:i]] = true
			}
		}
	}
	for p := range patched {
		if folders[p] || t.below(p) {
			delete(tree, p)
			touched = true
		}
	}
	for p, text := range t.Hidden {
		now, there := patched[p]
		before, was := t.Files[p]
		if there != was || now != before {
			touched = true
		}
		tree[p] = text
	}
	return tree, touched
}

// below reports whether a path lies below a hidden test, as if that were a folder.
func (t *Task) below(p string) bool {
	for i := range len(p) {
		if p[i] == '/' {
			if _, ok := t.Hidden[p[:i]]; ok {
				return true
			}
		}
	}
	return false
}
