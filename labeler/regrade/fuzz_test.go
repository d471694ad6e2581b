package regrade_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/swerm/swerm/labeler/regrade"
)

// FuzzParseReport holds the scan of reports against encoding/json: what it reads
// is JSON, and says what the decoded document says.
func FuzzParseReport(f *testing.F) {
	for _, doc := range []string{
		`{"o__r-1": {` + inner + `}}`, `{` + inner + `}`, `{"a": {}, "b": {}}`, `{"resolved": 3}`, `{"a": 1}`, `[]`, `{`, ``, `{"a":{"resolved":true},}`,
		`{"o__r-1": {"infra_failure": null, ` + inner + `, "x": [1e3, -2.5, "é\n", null, {}]}}`,
		`{"instance_id": "x", "resolved": false, "FAIL_TO_PASS": {"success": ["a"], "failure": null}, "PASS_TO_PASS": {"success": [], "failure": ["\ud83d\ude00"]}}`,
		`{"instance_id": null, "resolved": true, "resolved": false, "tests_status": null, "FAIL_TO_PASS": ["a"], "PASS_TO_PASS": "b"}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := regrade.ParseReport(doc)
		if err != nil {
			return
		}
		var all map[string]any
		if err := json.Unmarshal(doc, &all); err != nil {
			t.Fatalf("a report was read of what is no JSON: %v", err)
		}
		if _, flat := all["resolved"].(bool); !flat {
			if len(all) != 1 {
				t.Fatalf("a report was read of %d keys", len(all))
			}
			for _, value := range all {
				all = value.(map[string]any)
			}
		}
		if all["resolved"] != r.Resolved {
			t.Fatalf("resolved is %v, not %v", r.Resolved, all["resolved"])
		}
		lists, ok := all["tests_status"].(map[string]any)
		if !ok {
			lists = all
		}
		if !r.Listed {
			return
		}
		for _, l := range []struct {
			kind, word string
			got        []string
		}{{"FAIL_TO_PASS", "success", r.F2P.Success}, {"FAIL_TO_PASS", "failure", r.F2P.Failure},
			{"PASS_TO_PASS", "success", r.P2P.Success}, {"PASS_TO_PASS", "failure", r.P2P.Failure}} {
			kind, _ := lists[l.kind].(map[string]any)
			if d := cmp.Diff(names(kind[l.word]), l.got, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s %s: %s", l.kind, l.word, d)
			}
		}
	})
}

func names(list any) []string {
	var all []string
	entries, _ := list.([]any)
	for _, e := range entries {
		all = append(all, e.(string))
	}
	return all
}

// FuzzParseRunLog holds of reports in a harness's own log that nothing panics, and
// that names are text.
func FuzzParseRunLog(f *testing.F) {
	f.Add([]byte(`report: {'o__r-1': {'resolved': True, 'tests_status': {'FAIL_TO_PASS': {'success': ['\x41\u00e9\n', "it's"], 'failure': []}}}}`))
	f.Add([]byte("report: {'a"))
	f.Fuzz(func(t *testing.T, log []byte) {
		r, err := regrade.ParseRunLog(log)
		if (r == nil) == (err == nil) {
			t.Fatalf("%v, %v", r, err)
		}
		if err != nil {
			return
		}
		for _, name := range r.F2P.Success {
			if !utf8.ValidString(name) {
				t.Fatalf("%q", name)
			}
		}
	})
}

// FuzzParseResults holds that every status of a file of results is at its place.
func FuzzParseResults(f *testing.F) {
	f.Add([]byte(`{"tests": [{"status": "SKIPPED", "extra": [1], "name": "a\\ \"b\""}, {"name": "c", "status": "error"}]}`))
	f.Add([]byte(`{"parser_results" : {"a\\" : "passed", "\"" : "failed"}, "failure_mode": null}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		log, err := regrade.ParseResults(doc)
		if (log == nil) == (err == nil) {
			t.Fatalf("%v, %v", log, err)
		}
		if err != nil {
			return
		}
		for _, r := range log.Records {
			raw := doc[r.NameAt.Start:r.NameAt.End]
			if got := string(raw); got != r.Name && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
				t.Fatalf("%q stands at %q", r.Name, got)
			}
			if word := string(doc[r.StatusAt.Start:r.StatusAt.End]); !strings.EqualFold(word, r.Status.String()) && !strings.Contains(word, `\`) {
				t.Fatalf("%v stands at %q", r.Status, word)
			}
		}
	})
}
