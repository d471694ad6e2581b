package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fields are the values of a row by key.
type fields map[string]json.RawMessage

var null = []byte("null")

// get returns a value, nil for null and for what is absent.
func (f fields) get(key string) json.RawMessage {
	if v := f[key]; !bytes.Equal(v, null) {
		return v
	}
	return nil
}

func (f fields) hasAny(keys ...string) bool {
	for _, k := range keys {
		if f.get(k) != nil {
			return true
		}
	}
	return false
}

func (f fields) hasAll(keys ...string) bool {
	for _, k := range keys {
		if f.get(k) == nil {
			return false
		}
	}
	return true
}

// below returns the fields of an object, or of the JSON text of one.
func (f fields) below(key string) fields {
	raw := f.get(key)
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	var inner fields
	if json.Unmarshal(raw, &inner) != nil {
		return nil
	}
	return inner
}

// unwrapped returns the fields of the task that a row wraps, its own where it
// wraps none. What stands nearer to the task says more about it.
func (f fields) unwrapped() fields {
	if f.hasAny("instance_id") {
		return f
	}
	if in := f.below("instance"); in.hasAny("instance_id") {
		return in
	}
	meta := f.below("responses_create_params").below("metadata")
	if !meta.hasAny("instance_id") {
		return f
	}
	for key, v := range meta.below("instance_dict") {
		meta[key] = v
	}
	return meta
}

// A reader takes values out of fields. Its first error sticks.
type reader struct {
	fields
	err error
}

func (r *reader) fail(key string, err error) {
	if r.err == nil {
		r.err = &FieldError{key, err}
	}
}

// text returns the first of the keys that has a string.
func (r *reader) text(keys ...string) string {
	for _, key := range keys {
		raw := r.get(key)
		if raw == nil {
			continue
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			r.fail(key, errors.New("is no text"))
			return ""
		}
		if s != "" {
			return s
		}
	}
	return ""
}

// name is text that is short, or a number as it is written.
func (r *reader) name(keys ...string) string {
	for _, key := range keys {
		raw := r.get(key)
		if raw == nil {
			continue
		}
		s := string(raw)
		if n := json.Number(s); len(raw) > 64 || !isNumber(n) {
			s = r.text(key)
		}
		if len(s) > maxNameBytes {
			r.fail(key, fmt.Errorf("%d bytes where a name has at most %d", len(s), maxNameBytes))
			return ""
		}
		if s != "" {
			return s
		}
	}
	return ""
}

func isNumber(n json.Number) bool {
	_, err := n.Float64()
	return err == nil && n != "" && n[0] != '"'
}

func (r *reader) id() string {
	if id := r.name("instance_id"); id != "" {
		return id
	}
	if org, repo, number := r.name("org"), r.name("repo"), r.name("number"); org != "" && repo != "" && number != "" {
		return org + "__" + repo + "-" + number
	}
	return r.name("docker_image")
}

func (r *reader) repo() string {
	repo := r.name("repo", "repo_name")
	if org := r.name("org"); org != "" && repo != "" && !strings.Contains(repo, "/") {
		return org + "/" + repo
	}
	return repo
}

func (r *reader) baseCommit() string {
	if c := r.name("base_commit"); c != "" {
		return c
	}
	base := reader{fields: r.below("base")}
	sha := base.name("sha")
	if base.err != nil {
		r.fail("base", base.err)
	}
	return sha
}

// created returns when the task was made. A number is milliseconds since 1970.
func (r *reader) created() string {
	text := r.name("created_at")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) < 11 {
		return text
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

// proImages is where SWE-bench Pro publishes the images whose tags its rows have.
const proImages = "jefzda/sweap-images:"

func (r *reader) image() string {
	if image := r.name("image_name", "docker_image", "image"); image != "" {
		return image
	}
	if tag := r.name("dockerhub_tag"); tag != "" {
		return proImages + tag
	}
	return ""
}

// problem returns what was asked. Rows of Multi-SWE-bench hold the issues that
// a pull request resolves; its own text describes the answer and is the last
// resort.
func (r *reader) problem() string {
	if p := r.text("problem_statement"); p != "" {
		return p
	}
	type issue struct{ Title, Body *string }
	var issues []issue
	if raw := r.get("resolved_issues"); raw != nil {
		if err := json.Unmarshal(raw, &issues); err != nil {
			r.fail("resolved_issues", err)
			return ""
		}
	}
	if len(issues) == 0 && r.hasAll("org", "number") {
		title, body := r.text("title"), r.text("body")
		issues = append(issues, issue{&title, &body})
	}
	var parts []string
	for _, is := range issues {
		for _, s := range []*string{is.Title, is.Body} {
			if s != nil && *s != "" {
				parts = append(parts, *s)
			}
		}
	}
	return strings.Join(parts, "\n\n")
}

// setting returns a name that stands in the row or in its install_config.
func (r *reader) setting(key string) string {
	if v := r.name(key); v != "" {
		return v
	}
	in := reader{fields: r.below("install_config")}
	v := in.name(key)
	if in.err != nil {
		r.fail("install_config", in.err)
	}
	return v
}

func (r *reader) commands() []string {
	for _, at := range []struct {
		in  fields
		key string
	}{{r.fields, "test_cmd"}, {r.fields, "test_cmds"}, {r.below("install_config"), "test_cmd"}} {
		in := reader{fields: at.in}
		raw := in.get(at.key)
		if raw == nil {
			continue
		}
		var one string
		if json.Unmarshal(raw, &one) == nil && !strings.HasPrefix(one, "[") {
			if one == "" {
				continue
			}
			return []string{one}
		}
		list := in.list(at.key)
		if in.err != nil {
			r.err = errors.Join(r.err, in.err)
		}
		return list
	}
	return nil
}

// dataset names the data set, where the row says so or has what only rows of
// one data set have.
func (r *reader) dataset(t *Task) string {
	if name := r.name("dataset_name"); name != "" {
		return name
	}
	switch {
	case r.hasAny("f2p_tests", "fix_patch_result") || r.hasAll("org", "number", "fix_patch"):
		return "multi-swe-bench"
	case r.hasAny("dockerhub_tag", "before_repo_set_cmd"):
		return "swe-bench-pro"
	case r.hasAny("expected_output_json"):
		return "r2e-gym"
	case strings.HasPrefix(t.Repo, "swesmith/"):
		return "swe-smith"
	case r.hasAll("install_config", "pr_description"):
		return "swe-rebench-v2"
	case r.hasAll("install_config", "environment_setup_commit"):
		return "swe-rebench"
	case r.hasAll("test_cmds", "log_parser"):
		return "swe-bench-live"
	case r.hasAny("image_assets"):
		return "swe-bench-multimodal"
	case r.hasAll("difficulty", "environment_setup_commit"):
		return "swe-bench-verified"
	}
	return ""
}
