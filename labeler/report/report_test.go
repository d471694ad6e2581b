package report

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/pipeline"
)

func TestVerdicts(t *testing.T) {
	const pass, fail = `"tests_status":{"FAIL_TO_PASS":{"success":["a"],"failure":[]},"PASS_TO_PASS":{"success":["b","c"],"failure":[]}}`,
		`"tests_status":{"FAIL_TO_PASS":{"success":[],"failure":["a"]},"PASS_TO_PASS":{"success":["b"],"failure":["c"]}}`
	for _, c := range []struct {
		body    string
		verdict pipeline.Verdict
		reason  string
		finding string
	}{
		{`"patch_exists":true,"patch_successfully_applied":true,"resolved":true,` + pass, pipeline.VerdictResolved, ReasonResolved, ""},
		{`"patch_successfully_applied":false,"resolved":true,` + pass, pipeline.VerdictResolved, ReasonResolved, FindingAppliedFalse},
		{`"patch_successfully_applied":true,"resolved":false,` + fail, pipeline.VerdictUnresolved, ReasonTestsFailed, ""},
		{`"patch_successfully_applied":true,"resolved":false,` + pass, pipeline.VerdictUnresolved, ReasonUnresolved, FindingAllPass},
		{`"patch_successfully_applied":true`, pipeline.VerdictUnknown, ReasonNotSaid, ""},
		{`"patch_is_None":true,"patch_exists":false,"patch_successfully_applied":false,"resolved":false`, pipeline.VerdictUnresolved, ReasonEmptyPatch, ""},
		{`"patch_is_None":false,"patch_exists":true,"patch_successfully_applied":false,"resolved":false`, pipeline.VerdictUnresolved, ReasonNotApplied, ""},
		{`"infra_failure":true,"infra_failure_reason":"disk","resolved":false`, pipeline.VerdictInfra, ReasonInfra, ""},
		{`"infra_failure":false,"resolved":false`, pipeline.VerdictUnresolved, ReasonUnresolved, ""},
		{`"resolved":false,"error_eval":true`, pipeline.VerdictInfra, ReasonEvalError, ""},
		{`"resolved":false,"test_timeout":true`, pipeline.VerdictTimeout, ReasonTestTimeout, ""},
		{`"resolved":false,"empty_generation":true`, pipeline.VerdictUnresolved, ReasonEmptyPatch, ""},
		{`"resolved":false,"failed_apply_patch":true`, pipeline.VerdictUnresolved, ReasonNotApplied, ""},
		{`"resolved":true,` + fail, pipeline.VerdictTainted, ReasonContradicts, ""},
		{`"resolved":true,"patch_is_None":true`, pipeline.VerdictTainted, ReasonContradicts, ""},
		{`"resolved":1`, pipeline.VerdictResolved, ReasonResolved, ""},
		{`"resolved":-1,"patch_exists":true`, pipeline.VerdictUnknown, ReasonNotSaid, ""},
	} {
		for name, doc := range map[string]string{"o__r-1": `{"o__r-1":{` + c.body + `}}`, "": `{` + c.body + `}`} {
			p, err := Parse([]byte(doc))
			if err != nil {
				t.Errorf("%s: %v", doc, err)
				continue
			}
			v, ok := p.Instances[name]
			if !ok || v.Verdict != c.verdict || v.Reason != c.reason || strings.Join(v.Findings, ",") != c.finding {
				t.Errorf("%s: %+v, want %s %s %s", doc, v, c.verdict, c.reason, c.finding)
			}
		}
	}
	p, _ := Parse([]byte(`{"x":{"resolved":false,` + fail + `}}`))
	if v := p.Instances["x"]; *v.F2PPass != 0 || *v.F2PTotal != 1 || *v.P2PPass != 1 || *v.P2PTotal != 2 || v.StatusHash == nil {
		t.Errorf("counts %+v", v)
	}
}

func TestLists(t *testing.T) {
	p, err := Parse([]byte(`{"total_instances":6,"resolved_ids":["a"],"unresolved_ids":["b"],"error_ids":["c"],"empty_patch_ids":["d"],
	  "incomplete_ids":["e"],"completed_ids":["a","b"],"schema_version":2,"resolved_instances":1}`))
	if err != nil || !p.List {
		t.Fatal(p, err)
	}
	want := map[string]pipeline.Verdict{"a": pipeline.VerdictResolved, "b": pipeline.VerdictUnresolved, "c": pipeline.VerdictUnknown,
		"d": pipeline.VerdictUnresolved, "e": pipeline.VerdictUnknown}
	got := map[string]pipeline.Verdict{}
	for id, v := range p.Instances {
		got[id] = v.Verdict
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	p, err = Parse([]byte(`{"no_generation":["n","n"],"generated":["g","r"],"with_logs":["g","r"],"install_fail":[],"reset_failed":[],"no_apply":["p"],"applied":["g","r"],"test_errored":["x"],"test_timeout":["t"],"resolved":["r"]}`))
	if err != nil || p.Instances["r"].Verdict != pipeline.VerdictResolved || p.Instances["g"].Verdict != pipeline.VerdictUnresolved ||
		p.Instances["t"].Verdict != pipeline.VerdictTimeout || p.Instances["p"].Reason != ReasonNotApplied || p.Instances["r"].HarnessVersion != "1" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestPredictions(t *testing.T) {
	for _, doc := range []string{
		`{"a":{"model_name_or_path":"m","instance_id":"a","model_patch":"p"}}`,
		`{"instance_id":"a","model_patch":"p"}` + "\n" + `{"instance_id":"b","model_patch":null}` + "\n",
		`[{"instance_id":"a","model_patch":"p"}]`,
		`{"instance_id":"a","model_name_or_path":"m","model_patch":"p"}`,
	} {
		p, err := Parse([]byte(doc))
		if err != nil || len(p.Predictions) != 1 || p.Predictions[0].Instance != "a" || p.Predictions[0].Patch != "p" {
			t.Errorf("%s: %+v, %v", doc, p, err)
		}
	}
}

// OpenHands writes the rows that it has evaluated beside those of the runs, with
// reports and without the runs.
func TestEvaluatedRows(t *testing.T) {
	rows := `{"instance_id":"a","history":null,"test_result":{"git_patch":"p","report":{"resolved":true,"empty_generation":false}}}` + "\n" +
		`{"instance_id":"b","test_result":{"report":{"resolved":false,"error_eval":true}}}` + "\n" +
		`{"instance_id":"c","test_result":"none"}` + "\n" + `{"instance_id":"d","test_result":{"report":{"note":"x"}}}` + "\n"
	p, err := Parse([]byte(rows))
	if err != nil || p.List || len(p.Instances) != 2 || p.Instances["a"].Verdict != pipeline.VerdictResolved || p.Instances["b"].Verdict != pipeline.VerdictInfra {
		t.Errorf("%+v, %v", p, err)
	}
	one, _, _ := strings.Cut(rows, "\n")
	if p, err := Parse([]byte(one)); err != nil || p.Instances["a"].Verdict != pipeline.VerdictResolved {
		t.Errorf("%+v, %v", p, err)
	}
	tr := tree(t, map[string]string{"run/output.swebench_eval.jsonl": rows})
	if len(tr.Reports) != 2 || tr.Reports[0].Dir != "run" || tr.Reports[0].Instance != "a" {
		t.Errorf("%+v", tr.Reports)
	}
}

func TestTablesOfOutcomesAreLists(t *testing.T) {
	p, err := Parse([]byte(`{"a":{"cost":0.1,"resolved":true},"b":{"cost":null,"resolved":false},"c":{"cost":2,"resolved":null}}`))
	if err != nil || !p.List || len(p.Instances) != 2 || p.Instances["a"].Verdict != pipeline.VerdictResolved || p.Instances["b"].Verdict != pipeline.VerdictUnresolved {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = Parse([]byte(`{"a":{"resolved":true,"patch_exists":true},"b":{"resolved":false}}`))
	if err != nil || p.List {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestModelsOfAName(t *testing.T) {
	for name, want := range map[string][]string{
		"rocket.json":                 {"rocket"},
		"acme__Rocket-1.night.json":   {"rocket-1.night", "rocket-1"},
		"gpt-4.1.json":                {"gpt-4.1"},
		"gpt-4.1-mini.run.b.json":     {"gpt-4.1-mini.run.b", "gpt-4.1-mini", "gpt-4.1-mini.run"},
		"openai__gpt-4.20250101.json": {"gpt-4.20250101"},
	} {
		if d := cmp.Diff(want, stemModels(name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for raw, want := range map[string]string{"openrouter/acme/Rocket-1": "rocket-1", "acme__rocket-1": "rocket-1", " rocket ": "rocket", "": ""} {
		if got := ModelKey(raw); got != want {
			t.Errorf("%s: %s", raw, got)
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for _, doc := range []string{``, `{`, `[]`, `{}`, `{"a":1}`, `{"messages":[]}`, `[1]`, `"x"`, `{"a":{"resolved":"maybe"}}`, `{"resolved":{}}`} {
		if p, err := Parse([]byte(doc)); err == nil {
			t.Errorf("%s: %+v", doc, p)
		}
	}
}

// tree writes files and reads them as reports; "name: content" per file.
func tree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := Read(context.Background(), []Source{{Name: "in", Root: dir}}, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func attempt(dir, run, patch string) Attempt {
	a := Attempt{ID: dir + run + patch, Instance: "o__r-1", Run: run, Dir: dir}
	if patch != "-" {
		h := pipeline.PatchHash(patch)
		a.Patch = &h
	}
	return a
}

func by(model string, a Attempt) Attempt {
	a.Models = []string{model}
	return a
}

const (
	yesReport = `{"o__r-1":{"resolved":true}}`
	noReport  = `{"o__r-1":{"resolved":false}}`
)

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		name     string
		files    map[string]string
		attempts []Attempt
		want     []string // rule and evidence, or the reason
		orphans  int
	}{
		{"the folder comes first", map[string]string{"a/o__r-1/report.json": yesReport, "b/o__r-1/report.json": noReport},
			[]Attempt{attempt("b/o__r-1", "a", "p"), attempt("a/o__r-1", "b", "p")},
			[]string{"folder in/b/o__r-1/report.json", "folder in/a/o__r-1/report.json"}, 0},
		{"a folder's report of another patch is not believed", map[string]string{"a/o__r-1/report.json": yesReport, "a/o__r-1/patch.diff": "q"},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{ReasonPatchDiffers}, 1},
		{"trailing white space is no difference", map[string]string{"a/o__r-1/report.json": yesReport, "a/o__r-1/patch.diff": "p  \r\n\n"},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{"folder in/a/o__r-1/report.json"}, 0},
		{"the run, where the harness keeps a tree of its own", map[string]string{"logs/run_evaluation/night/model/o__r-1/report.json": yesReport},
			[]Attempt{attempt("trajs/night", "night", "p"), attempt("trajs/day", "day", "p")},
			[]string{"run in/logs/run_evaluation/night/model/o__r-1/report.json", ReasonNoReport}, 0},
		{"the patch, where neither fits", map[string]string{"eval/x/o__r-1/report.json": yesReport, "eval/x/o__r-1/patch.diff": "p\n"},
			[]Attempt{attempt("runs/y", "y", "q"), attempt("runs/z", "z", "p")}, []string{ReasonNoReport, "patch in/eval/x/o__r-1/report.json"}, 0},
		{"the report of another run is not taken for an equal patch", map[string]string{"a/o__r-1/report.json": yesReport, "a/o__r-1/patch.diff": "p"},
			[]Attempt{attempt("a/o__r-1", "a", "p"), attempt("b/o__r-1", "b", "p")}, []string{"folder in/a/o__r-1/report.json", ReasonNoReport}, 0},
		{"two attempts and one report are ambiguous", map[string]string{"eval/x/o__r-1/report.json": yesReport, "eval/x/o__r-1/patch.diff": "p"},
			[]Attempt{attempt("b", "b", "p"), attempt("c", "c", "p")}, []string{ReasonAmbiguous, ReasonAmbiguous}, 1},
		{"two reports and one attempt are ambiguous", map[string]string{"x/o__r-1/report.json": yesReport, "x/o__r-1/patch.diff": "p", "y/o__r-1/report.json": noReport, "y/o__r-1/patch.diff": "p"},
			[]Attempt{attempt("b", "b", "p")}, []string{ReasonAmbiguous}, 2},
		{"samples in one folder are told apart by patch", map[string]string{"a/report.json": yesReport, "a/patch.diff": "q"},
			[]Attempt{attempt("a", "a", "p"), attempt("a", "a", "q")}, []string{ReasonPatchDiffers, "folder in/a/report.json"}, 0},
		{"predictions give the patch", map[string]string{"a/o__r-1/report.json": yesReport, "a/preds.json": `{"o__r-1":{"model_patch":"q"}}`},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{ReasonPatchDiffers}, 1},
		{"a broken report is not passed over", map[string]string{"a/o__r-1/report.json": `{"o__r-1":{"resolved":tr`},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{"folder in/a/o__r-1/report.json"}, 0},
		{"a list fills what single reports leave", map[string]string{"a/o__r-1/report.json": noReport, "b/model.night.json": `{"resolved_ids":["o__r-1"],"schema_version":2}`},
			[]Attempt{attempt("a/o__r-1", "a", "p"), attempt("t/night", "night", "p")}, []string{"folder in/a/o__r-1/report.json", "run in/b/model.night.json"}, 0},
		{"a root without folders is named after its input", map[string]string{"o__r-1/report.json": yesReport},
			[]Attempt{attempt("deep/in/o__r-1", "in", "p")}, []string{"run in/o__r-1/report.json"}, 0},
		{"an instance's folder in another root is not the same folder", map[string]string{"o__r-1/report.json": yesReport},
			[]Attempt{attempt("o__r-1", "other", "p")}, []string{ReasonNoReport}, 1},
		{"unless the root has the run's name", map[string]string{"o__r-1/report.json": yesReport},
			[]Attempt{attempt("o__r-1", "other", "p"), attempt("o__r-1", "in", "q")}, []string{ReasonNoReport, "folder in/o__r-1/report.json"}, 0},
		{"or the patch is the same", map[string]string{"o__r-1/report.json": yesReport, "o__r-1/patch.diff": "p"},
			[]Attempt{attempt("o__r-1", "other", "p")}, []string{"folder in/o__r-1/report.json"}, 0},
		{"a flat report is about its folder's instance", map[string]string{"a/o__r-1/report.json": `{"resolved":true}`, "a/o__r-2/report.json": `{"resolved":true}`},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{"folder in/a/o__r-1/report.json"}, 1},
		{"a list may name the model", map[string]string{"x/acme__rocket.night.json": `{"resolved_ids":["o__r-1"]}`},
			[]Attempt{by("other", attempt("a", "a", "p")), by("rocket", attempt("b", "b", "p"))}, []string{ReasonNoReport, "model in/x/acme__rocket.night.json"}, 0},
		{"two attempts of a model are ambiguous", map[string]string{"x/rocket.json": `{"resolved_ids":["o__r-1"]}`},
			[]Attempt{by("rocket", attempt("a", "a", "p")), by("rocket", attempt("b", "b", "q"))}, []string{ReasonAmbiguous, ReasonAmbiguous}, 0},
		{"two lists of a model are ambiguous", map[string]string{"x/rocket.run1.json": `{"resolved_ids":["o__r-1"]}`, "x/rocket.run2.json": `{"resolved":[],"unresolved":["o__r-1"]}`},
			[]Attempt{by("rocket", attempt("a", "a", "p"))}, []string{ReasonAmbiguous}, 0},
		{"a version is no run", map[string]string{"x/rocket-4.1.json": `{"resolved_ids":["o__r-1"]}`},
			[]Attempt{by("rocket-4", attempt("a", "a", "p"))}, []string{ReasonNoReport}, 0},
		{"predictions beside a list name its model", map[string]string{"x/all.json": `{"resolved_ids":["o__r-1"]}`, "x/all_preds.jsonl": `{"instance_id":"o__r-1","model_name_or_path":"acme/Rocket","model_patch":"p"}`},
			[]Attempt{by("rocket", attempt("a", "a", "-"))}, []string{"model in/x/all.json"}, 0},
		{"and the patch that was judged", map[string]string{"x/all.json": `{"resolved_ids":["o__r-1"]}`, "x/all_preds.jsonl": `{"instance_id":"o__r-1","model_name_or_path":"acme/Rocket","model_patch":"q"}`},
			[]Attempt{by("rocket", attempt("a", "a", "p"))}, []string{ReasonPatchDiffers}, 0},
		{"predictions of several models are told apart by the list's name", map[string]string{"x/rocket.json": `{"resolved_ids":["o__r-1"]}`,
			"x/preds.json": `[{"instance_id":"o__r-1","model_name_or_path":"rocket","model_patch":"p"},{"instance_id":"o__r-1","model_name_or_path":"comet","model_patch":"q"}]`},
			[]Attempt{by("rocket", attempt("a", "a", "p")), by("comet", attempt("b", "b", "q"))}, []string{"patch in/x/rocket.json", ReasonNoReport}, 0},
		{"predictions that differ say nothing of the patch", map[string]string{"a/o__r-1/report.json": yesReport, "a/preds.json": `[{"instance_id":"o__r-1","model_patch":"p"},{"instance_id":"o__r-1","model_patch":"q"}]`},
			[]Attempt{attempt("a/o__r-1", "a", "z")}, []string{"folder in/a/o__r-1/report.json"}, 0},
		{"an error is unknown, and no other list is asked", map[string]string{"x/rocket.json": `{"resolved_ids":[],"error_ids":["o__r-1"]}`},
			[]Attempt{by("rocket", attempt("a", "a", "p"))}, []string{"model in/x/rocket.json"}, 0},
		{"an instance decides before a folder", map[string]string{"a/o__r-1/report.json": `{"o__r-2":{"resolved":true}}`},
			[]Attempt{attempt("a/o__r-1", "a", "p")}, []string{ReasonNoReport}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := tree(t, c.files)
			for range 3 { // maps are walked in another order each time
				res := MatchAll(c.attempts, tr)
				var got []string
				for _, m := range res.Matches {
					if m.Report == nil {
						got = append(got, m.Reason)
						continue
					}
					got = append(got, string(m.Rule)+" "+m.Report.Evidence)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
				if len(res.Orphans) != c.orphans {
					t.Errorf("%d orphans, want %d", len(res.Orphans), c.orphans)
				}
			}
		})
	}
}

func TestARootThatWasImportedKeepsItsFolders(t *testing.T) {
	tr := tree(t, map[string]string{"o__r-1/report.json": yesReport})
	tr.Reports[0].Imported = true
	if m := MatchAll([]Attempt{attempt("o__r-1", "renamed by a flag", "p")}, tr).Matches[0]; m.Rule != RuleFolder {
		t.Errorf("%+v", m)
	}
}

func TestMalformedReportsAreListed(t *testing.T) {
	tr := tree(t, map[string]string{"a/o__r-1/report.json": "{", "a/other.json": "{", "a/run.traj.json": "{", "a/notes.json": `{"x":1}`})
	if len(tr.Malformed) != 1 || tr.Malformed[0].Evidence != "in/a/o__r-1/report.json" || tr.Files != 4 {
		t.Errorf("%+v", tr)
	}
	if len(tr.Reports) != 1 || tr.Reports[0].Reason != ReasonMalformed {
		t.Errorf("%+v", tr.Reports)
	}
}

func TestClaims(t *testing.T) {
	for claim, want := range map[string]pipeline.Verdict{
		`{"resolved":true}`: pipeline.VerdictResolved,
		`{"resolved":0}`:    pipeline.VerdictUnresolved,
		`{"resolved":false,"report":{"empty_generation":false,"error_eval":true,"failed_apply_patch":false,"test_timeout":false}}`: pipeline.VerdictInfra,
		`{"reward":1}`: pipeline.VerdictResolved,
		`{"reward":1.0,"report":{"error_eval":false}}`:                   pipeline.VerdictResolved,
		`{"rewards":0.0,"verdict":"YES"}`:                                pipeline.VerdictUnresolved, // a verifier may err
		`{"reward":-1.0}`:                                                "",
		`{"reward":0.5}`:                                                 "",
		`{"reward":{"a":1}}`:                                             "",
		`{"resolved":-1,"target":true}`:                                  pipeline.VerdictResolved,
		`{"target":false,"eval_logs":"1 passed"}`:                        pipeline.VerdictUnresolved,
		`{"verified":true,"resolved":false}`:                             pipeline.VerdictTainted,
		`{"reward":1,"report":{"resolved":false}}`:                       pipeline.VerdictTainted,
		`{"verdict":"<judgement>YES</judgement>"}`:                       pipeline.VerdictResolved,
		`{"verdict":"No. The tests fail: NO"}`:                           pipeline.VerdictUnresolved,
		`{"verdict":"YES or NO"}`:                                        "",
		`{"fine_grained_report":{"applied":true,"resolved":true}}`:       pipeline.VerdictResolved,
		`{"fine_grained_report":{"test_errored":true,"resolved":false}}`: pipeline.VerdictInfra,
		`{"resolved":true,"fine_grained_report":{"resolved":false}}`:     pipeline.VerdictTainted,
		`{"verdict":"perhaps"}`:                                          "",
		`{"score":1,"success":true,"verdict":"nothing"}`:                 "",
		`{`: "",
	} {
		v, ok := ParseClaim(claim)
		if ok != (want != "") || v.Verdict != want {
			t.Errorf("%s: %v %v", claim, v.Verdict, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{yesReport, `{"resolved_ids":["a"]}`, `[{"instance_id":"a","model_patch":"p"}]`, `{"a":{"model_patch":"p"}}`, "{}\n{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := Parse(doc)
		if err != nil {
			return
		}
		for id, v := range p.Instances {
			if !v.Verdict.Valid() || v.Reason == "" {
				t.Fatalf("%s: %+v", id, v)
			}
		}
		ParseClaim(string(doc))
	})
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(`{"o__r-1":{"resolved":true,"tests_status":{"PASS_TO_PASS":{"success":["` + strings.Repeat(`tests/test_a.py::test_b[param]","`, 400) + `x"],"failure":[]}}}}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}
