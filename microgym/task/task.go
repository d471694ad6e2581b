package task

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/microgym/mutate"
)

// Source is what a task's trajectories name as their source.
const Source = "microgym"

// Task is one bug to repair.
type Task struct {
	InstanceID string      `json:"instance_id"`
	Repo       string      `json:"repo"` // "microgym/" and the template
	Template   string      `json:"template"`
	BugKind    mutate.Kind `json:"bug_kind"`
	Source     string      `json:"source"`
	BaseCommit string      `json:"base_commit"` // hash of Files

	ProblemStatement string `json:"problem_statement"`

	Files     map[string]string `json:"files"`      // the tree with the bug: code, README.md, visible tests
	TestFiles map[string]string `json:"test_files"` // hidden tests, laid over the tree when it is graded
	Patch     string            `json:"patch"`      // turns the code of Files into the right one

	FailToPass    []string `json:"FAIL_TO_PASS"` // ids in TestFiles
	PassToPass    []string `json:"PASS_TO_PASS"`
	KnownFailures []string `json:"known_failures,omitempty"` // visible tests that fail with the patch too

	Site          Site    `json:"site"`
	VisibleCovers bool    `json:"visible_covers"` // whether a visible test fails on the bug
	Symptom       Symptom `json:"symptom"`
}

// Site is where the bug is, in the tree with the bug.
type Site struct {
	Path string `json:"path"`
	Func string `json:"func"`
	Line int    `json:"line"`
}

// Symptom is the example. Got is an error's text where the call fails.
type Symptom struct {
	Call string `json:"call"`
	Got  string `json:"got"`
	Want string `json:"want"`
}

// ErrTask is returned for a task that does not hold together.
var ErrTask = errors.New("not a valid task")

// Validate lists every fault that shows without running anything.
func (t *Task) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []struct{ name, value string }{
		{"instance_id", t.InstanceID}, {"repo", t.Repo}, {"template", t.Template}, {"base_commit", t.BaseCommit},
		{"problem_statement", t.ProblemStatement}, {"patch", t.Patch}, {"site.path", t.Site.Path},
	} {
		if f.value == "" {
			fault("%s is empty", f.name)
		}
	}
	if _, ok := t.Files[t.Site.Path]; !ok {
		fault("site.path: %q is not in files", t.Site.Path)
	}
	if len(t.FailToPass) == 0 {
		fault("FAIL_TO_PASS is empty")
	}
	for _, id := range t.FailToPass {
		if slices.Contains(t.PassToPass, id) {
			fault("%s is in FAIL_TO_PASS and PASS_TO_PASS", id)
		}
	}
	if t.BaseCommit != "" && t.BaseCommit != treeHash(t.Files) {
		fault("base_commit is not the hash of files")
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrTask, errors.Join(errs...))
	}
	return nil
}

// Gold is the tree with the patch: Files with the bug taken out.
func (t *Task) Gold() map[string]string {
	gold, err := gitdiff.Apply(t.Files, t.Patch)
	if err != nil { // a task of another hand: Read has checked nothing but its form
		return maps.Clone(t.Files)
	}
	return gold
}

// Graded is a tree as it is graded: the hidden tests laid over it.
func (t *Task) Graded(files map[string]string) map[string]string {
	out := make(map[string]string, len(files)+len(t.TestFiles))
	maps.Copy(out, files)
	maps.Copy(out, t.TestFiles)
	return out
}

// treeHash names a tree by its content, as long as a commit's name.
func treeHash(files map[string]string) string {
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d:%s%d:", len(p), p, len(files[p]))
		io.WriteString(h, files[p])
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}
