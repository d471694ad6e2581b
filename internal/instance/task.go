package instance

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Limits on one row.
const (
	// MaxRowBytes bounds one row. Rows with long lists of tests have a few
	// megabytes.
	MaxRowBytes = 32 << 20
	// maxTests bounds a list of tests, maxNameBytes what names something.
	maxTests     = 1 << 18
	maxNameBytes = 4096
)

// ErrNotTask is returned for JSON that is no row of a task data set.
var ErrNotTask = errors.New("not a task")

// A FieldError is a value that a task cannot have.
type FieldError struct {
	Key string
	Err error
}

// Error names the key and the cause.
func (e *FieldError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// Facts are what names and places a task. An empty field is not said.
type Facts struct {
	ID         string
	Repo       string // owner/name where the row has it so
	BaseCommit string
	Version    string // of the repository, as SWE-bench numbers environments
	CreatedAt  string // RFC 3339 where the row says so
	Language   string
	License    string
	Image      string // container image
	Dataset    string // data set that the row belongs to, as swerm names it, or as the row does
}

// A Task is one row.
type Task struct {
	Facts

	Problem   string
	GoldPatch string // the answer
	TestPatch string

	FailToPass []string // nil = not said
	PassToPass []string
	Expected   map[string]string // test -> status after the right patch; nil = not said

	TestCommands []string
	TestFiles    []string
	LogParser    string
}

// Parse reads one row. The error wraps ErrNotTask, or is a *FieldError.
func Parse(row []byte) (*Task, error) {
	if len(row) > MaxRowBytes {
		return nil, fmt.Errorf("row of %d bytes, the limit is %d", len(row), MaxRowBytes)
	}
	var f fields
	if err := json.Unmarshal(row, &f); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("%w: a %s", ErrNotTask, kind.Value)
		}
		return nil, err
	}
	f = f.unwrapped()
	if !f.isTask() {
		return nil, ErrNotTask
	}
	return f.task()
}

// isTask reports whether a row names a task and says something of it.
func (f fields) isTask() bool {
	if f.hasAny("messages", "trajectory", "history", "conversations", "trajectory_steps", "model_patch", "tests_status") {
		return false // an attempt, a prediction or a report about one
	}
	named := f.hasAny("instance_id") || f.hasAll("org", "repo", "number") || f.hasAll("docker_image", "repo_name")
	return named && f.hasAny("problem_statement", "base_commit", "base", "test_patch", "FAIL_TO_PASS", "fail_to_pass", "f2p_tests",
		"resolved_issues", "expected_output_json")
}

func (f fields) task() (*Task, error) {
	r := reader{fields: f}
	t := &Task{
		Facts: Facts{
			ID:         r.id(),
			Repo:       r.repo(),
			BaseCommit: r.baseCommit(),
			Version:    r.name("version"),
			CreatedAt:  r.created(),
			Language:   r.name("language", "repo_language", "lang"),
			License:    r.name("license_name", "license"),
			Image:      r.image(),
		},
		Problem:      r.problem(),
		GoldPatch:    r.text("patch", "fix_patch", "golden_patch"),
		TestPatch:    r.text("test_patch"),
		Expected:     r.expected("expected_output_json"),
		TestCommands: r.commands(),
		TestFiles:    r.list("selected_test_files_to_run"),
		LogParser:    r.setting("log_parser"),
	}
	t.FailToPass, t.PassToPass = r.tests()
	t.Dataset = r.dataset(t)
	if r.err == nil && t.ID == "" {
		r.fail("instance_id", errors.New("is empty"))
	}
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}
