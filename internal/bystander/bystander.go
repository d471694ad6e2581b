// Package bystander knows the files that lie among trajectories and are none:
// rows of tasks, predictions, results. An importer that meets one says what it is
// instead of that it is nothing.
//
// A file is told by the keys at its beginning, as far as they have been read; the
// package opens nothing and reads no values. It promises bounded work whatever the
// bytes, and answers [None] for what it does not know. Whether a file can be used
// is for those to say who read it.
package bystander

import (
	"bytes"
	"slices"
)

// A Kind says what a file is.
type Kind string

// The kinds, and none of them.
const (
	None        Kind = ""
	Tasks       Kind = "tasks"       // rows that say what is to be done and which tests judge it
	Predictions Kind = "predictions" // patches by instance, for a harness to judge
	Results     Kind = "results"     // which instances of a run were resolved
	Reports     Kind = "reports"     // what a harness found about single instances
)

// Kinds lists the closed set.
func Kinds() []Kind { return []Kind{Tasks, Predictions, Results, Reports} }

const (
	// maxHead bounds how much is looked at, maxKeys how many keys.
	maxHead = 256 << 10
	maxKeys = 256
)

// Of tells a file by its beginning: an object, a list of objects, or lines of them.
func Of(head []byte) Kind {
	head = head[:min(len(head), maxHead)]
	r := reader{b: bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))}
	r.take('[')
	if !r.take('{') {
		return None
	}
	o := r.outline()
	for _, rule := range rules {
		if rule.match(o) {
			return rule.kind
		}
	}
	return None
}

// An outline is the keys of an object, and of the first object below it.
type outline struct {
	keys  []string
	lists []string // keys whose value is a list
	below []string // keys of the first value that is an object
	table bool     // that value is the first of all, as in an object by instance
}

func (o *outline) has(all ...string) bool {
	return !slices.ContainsFunc(all, func(k string) bool { return !slices.Contains(o.keys, k) })
}

func (o *outline) hasAny(some ...string) bool {
	return slices.ContainsFunc(some, func(k string) bool { return slices.Contains(o.keys, k) })
}

func anyOf(have []string, some ...string) bool {
	return slices.ContainsFunc(some, func(k string) bool { return slices.Contains(have, k) })
}

// rules are asked in their order: a report may repeat the prediction that it judges.
var rules = []struct {
	kind  Kind
	match func(*outline) bool
}{
	{Results, func(o *outline) bool {
		return anyOf(o.lists, "resolved_ids", "resolved", "no_generation", "completed_ids") ||
			o.has("total_instances", "submitted_instances") || o.hasAny("instance_sets", "aggregated_stats") ||
			o.table && anyOf(o.below, "resolved") && !anyOf(o.below, reportKeys...) && len(o.below) <= 4
	}},
	{Reports, func(o *outline) bool {
		return o.hasAny(reportKeys...) || anyOf(o.below, reportKeys...)
	}},
	{Predictions, func(o *outline) bool {
		return o.hasAny("model_patch", "modelPatch") && !attempt(o) || anyOf(o.below, "model_patch") ||
			o.has("org", "repo", "number", "fix_patch") && !o.hasAny("base", "test_patch")
	}},
	{Tasks, func(o *outline) bool {
		named := o.hasAny("instance_id") || o.has("org", "repo", "number") || o.has("docker_image", "repo_name")
		return named && !attempt(o) && o.hasAny("problem_statement", "base_commit", "base", "test_patch", "FAIL_TO_PASS", "fail_to_pass", "f2p_tests", "expected_output_json")
	}},
}

var reportKeys = []string{"tests_status", "patch_exists", "patch_is_None", "patch_successfully_applied"}

// attempt reports whether an object tells how something was done.
func attempt(o *outline) bool {
	return o.hasAny("messages", "trajectory", "history", "conversations", "trajectory_steps")
}
