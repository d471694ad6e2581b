package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tests returns the tests that must begin to pass and those that must go on
// passing.
func (r *reader) tests() (f2p, p2p []string) {
	if r.hasAny("FAIL_TO_PASS", "fail_to_pass", "PASS_TO_PASS", "pass_to_pass") {
		return r.list("FAIL_TO_PASS", "fail_to_pass"), r.list("PASS_TO_PASS", "pass_to_pass")
	}
	if r.hasAny("f2p_tests", "s2p_tests", "n2p_tests", "p2p_tests") {
		// A test that was skipped or absent without the fix must pass with it
		// as one that failed must.
		f2p = slices.Concat(r.keys("f2p_tests"), r.keys("s2p_tests"), r.keys("n2p_tests"))
		return sorted(f2p), sorted(r.keys("p2p_tests"))
	}
	if r.hasAll("test_patch_result", "fix_patch_result") {
		return r.fromResults()
	}
	return nil, nil
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// fromResults compares two runs of the tests: before the fix and after it.
func (r *reader) fromResults() (f2p, p2p []string) {
	before := map[string]bool{}
	for _, name := range r.passed("test_patch_result") {
		before[name] = true
	}
	f2p, p2p = []string{}, []string{}
	for _, name := range r.passed("fix_patch_result") {
		if before[name] {
			p2p = append(p2p, name)
		} else {
			f2p = append(f2p, name)
		}
	}
	return sorted(f2p), sorted(p2p)
}

func (r *reader) passed(key string) []string {
	in := reader{fields: r.below(key)}
	names := in.list("passed_tests")
	if in.err != nil {
		r.fail(key, in.err)
	}
	return names
}

// keys returns the names of an object's values. A table in columns has all
// names in every row: those of null are not this row's.
func (r *reader) keys(key string) []string {
	raw := r.get(key)
	if raw == nil {
		return nil
	}
	inner := r.below(key)
	if inner == nil {
		r.fail(key, errors.New("is no object of tests"))
		return nil
	}
	names := []string{}
	for name := range inner {
		if inner.get(name) != nil {
			names = append(names, name)
		}
	}
	return r.bounded(key, names)
}

// list returns the first of the keys that has a list of names: a list, or the
// text of one. "" is nothing said.
func (r *reader) list(keys ...string) []string {
	for _, key := range keys {
		raw := r.get(key)
		if raw == nil {
			continue
		}
		names, err := parseNames(raw)
		if err != nil {
			r.fail(key, err)
			return nil
		}
		if names != nil {
			return r.bounded(key, names)
		}
	}
	return nil
}

func (r *reader) bounded(key string, names []string) []string {
	if len(names) > maxTests {
		r.fail(key, fmt.Errorf("%d tests, the limit is %d", len(names), maxTests))
		return nil
	}
	return names
}

var errNotNames = errors.New("is no list of names")

func parseNames(raw json.RawMessage) ([]string, error) {
	text := ""
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		if text = strings.TrimSpace(text); text == "" {
			return nil, nil
		}
		raw = json.RawMessage(text)
	}
	names := []string{}
	if json.Unmarshal(raw, &names) == nil {
		return names, nil
	}
	if text == "" {
		return nil, errNotNames
	}
	return pythonNames(text)
}

// expected reads an object of statuses by test, or the text of one.
func (r *reader) expected(key string) map[string]string {
	inner := r.below(key)
	if inner == nil {
		if r.get(key) != nil {
			r.fail(key, errors.New("is no object of statuses"))
		}
		return nil
	}
	if len(inner) > maxTests {
		r.fail(key, fmt.Errorf("%d tests, the limit is %d", len(inner), maxTests))
		return nil
	}
	in := reader{fields: inner}
	status := make(map[string]string, len(inner))
	for _, test := range slices.Sorted(maps.Keys(inner)) {
		status[test] = in.text(test)
	}
	if in.err != nil {
		r.fail(key, in.err)
	}
	return status
}
