package regrade_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/swerm/swerm/labeler/regrade"
)

const inner = `"resolved": true, "patch_successfully_applied": true, "tests_status": {"FAIL_TO_PASS": {"success": ["a"], "failure": []}, "PASS_TO_PASS": {"success": [], "failure": ["b c"]}}`

func TestReportsTellTheirRules(t *testing.T) {
	for _, c := range []struct {
		name, doc, instance, first string
		candidates                 int
	}{
		{"wrapped", `{"o__r-1": {` + inner + `}}`, "o__r-1", "swebench-5", 3},
		{"flat", `{` + inner + `}`, "", "swebench-5", 3},
		{"of 5.x", `{"o__r-1": {"infra_failure": false, ` + inner + `}}`, "o__r-1", "swebench-5", 1},
		{"of SWE-smith", `{"resolved": true, "patch_successfully_applied": false, "tests_status": {}}`, "", "swe-smith", 1},
		{"of Live", `{"instance_id": "x", "resolved": true, "FAIL_TO_PASS": {"success": ["a"], "failure": []}, "PASS_TO_PASS": {"success": [], "failure": []}}`, "x", "swebench-live", 1},
	} {
		r, err := regrade.ParseReport([]byte(c.doc))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if all := r.Candidates(); r.Instance != c.instance || all[0].Name != c.first || len(all) != c.candidates || !r.Resolved {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	for _, doc := range []string{`{}`, `{"a": {}, "b": {}}`, `{"a": 1}`, `{"resolved": 3, "total": 5}`} {
		if r, err := regrade.ParseReport([]byte(doc)); !errors.Is(err, regrade.ErrNoReport) {
			t.Errorf("%s: %+v, %v", doc, r, err)
		}
	}
	if _, err := regrade.ParseReport([]byte(`{`)); err == nil {
		t.Error("half a document was read")
	}
}

func TestReportsInRunLogs(t *testing.T) {
	log := "INFO - report: {'old': {}}\nINFO - report: {'o__r-1': {'patch_is_None': False, 'resolved': True, 'patch_successfully_applied': True, 'tests_status': " +
		`{'FAIL_TO_PASS': {'success': ['m:a.B', "it's"], 'failure': [], 'skipped': []}, 'PASS_TO_PASS': {'success': ['\x41\u00e9\n'], 'failure': []}}, 'x': None}}` +
		"\nResult for o__r-1: resolved: True\n"
	r, err := regrade.ParseRunLog([]byte(log))
	if err != nil {
		t.Fatal(err)
	}
	if r.Instance != "o__r-1" || !r.Resolved || !slices.Equal(r.F2P.Success, []string{"m:a.B", "it's"}) || !slices.Equal(r.P2P.Success, []string{"Aé\n"}) {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "report: {'a", "report: {'a': f(x)}", "report: {'a': 1}", `report: {"\`} {
		if _, err := regrade.ParseRunLog([]byte(bad)); !errors.Is(err, regrade.ErrNoReport) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRepoOf(t *testing.T) {
	for id, want := range map[string]string{
		"django__django-123": "django/django", "pylint-dev__pylint-1": "pylint-dev/pylint", "getmoto__moto.694ce1f4.pr_7331": "getmoto/moto",
		"scikit-learn__scikit-learn-1": "scikit-learn/scikit-learn", "pvlib__pvlib-python-1": "pvlib/pvlib-python",
		"Project-MONAI__MONAI.a09c1f08.pr_4186": "Project-MONAI/MONAI", "cantino__mcfly.js-12": "cantino/mcfly.js", "plain": "",
		"instance_NodeBB__NodeBB-00c70ce7b0541cfc94afe567921d7668cdc8f4ac-vnan": "NodeBB/NodeBB",
	} {
		if got := regrade.RepoOf(id); got != want {
			t.Errorf("%s: %q, not %q", id, got, want)
		}
	}
}
