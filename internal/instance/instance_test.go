package instance_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/internal/testpath"
)

func TestRowsOfEveryDataset(t *testing.T) {
	for name, c := range map[string]struct {
		row  string
		want instance.Task
	}{
		"SWE-bench Verified": {
			`{"repo":"octo/cat","instance_id":"octo__cat-7","base_commit":"abc","patch":"gold","test_patch":"tests","problem_statement":"Mend it.","hints_text":"",
			  "created_at":"2023-02-06T19:20:34Z","version":"5.1","FAIL_TO_PASS":"[\"a[x y]\"]","PASS_TO_PASS":"[]","environment_setup_commit":"def","difficulty":"1-4 hours"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Version: "5.1", CreatedAt: "2023-02-06T19:20:34Z", Dataset: "swe-bench-verified"},
				Problem: "Mend it.", GoldPatch: "gold", TestPatch: "tests", FailToPass: []string{"a[x y]"}, PassToPass: []string{}},
		},
		"SWE-rebench-V2": {
			`{"base_commit":"abc","created_at":1609298073000,"instance_id":"octo__cat-7","patch":"gold","pr_description":"d","problem_statement":"Mend it.","repo":"Octo/cat",
			  "test_patch":"tests","language":"c","interface":"f()","PASS_TO_PASS":["b"],"FAIL_TO_PASS":["a"],"install_config":{"log_parser":"parse_log_jq","test_cmd":["make check","make more"]},
			  "image_name":"docker.io/swerebenchv2/octo-cat:7"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "Octo/cat", BaseCommit: "abc", CreatedAt: "2020-12-30T03:14:33Z", Language: "c", Image: "docker.io/swerebenchv2/octo-cat:7", Dataset: "swe-rebench-v2"},
				Problem: "Mend it.", GoldPatch: "gold", TestPatch: "tests", FailToPass: []string{"a"}, PassToPass: []string{"b"},
				TestCommands: []string{"make check", "make more"}, LogParser: "parse_log_jq"},
		},
		"SWE-rebench": {
			`{"instance_id":"octo__cat-7","base_commit":"abc","environment_setup_commit":"def","repo":"octo/cat","license_name":"MIT License","docker_image":"swerebench/sweb.eval.x86_64.octo_1776_cat-7",
			  "install_config":{"test_cmd":"pytest -rA","log_parser":"parse_log_pytest","python":"3.9"},"FAIL_TO_PASS":["a"],"PASS_TO_PASS":[],"version":"0.3"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Version: "0.3", License: "MIT License", Image: "swerebench/sweb.eval.x86_64.octo_1776_cat-7", Dataset: "swe-rebench"},
				FailToPass: []string{"a"}, PassToPass: []string{}, TestCommands: []string{"pytest -rA"}, LogParser: "parse_log_pytest"},
		},
		"SWE-smith": {
			`{"instance_id":"octo__cat.95280573.pr_1","repo":"swesmith/octo__cat.95280573","patch":"bug","FAIL_TO_PASS":["a"],"PASS_TO_PASS":["b"],"created_at":"2025-03-21T08:23:31",
			  "image_name":"swesmith.x86_64.octo__cat.95280573","base_commit":"abc","problem_statement":"Mend it."}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat.95280573.pr_1", Repo: "swesmith/octo__cat.95280573", BaseCommit: "abc", CreatedAt: "2025-03-21T08:23:31", Image: "swesmith.x86_64.octo__cat.95280573", Dataset: "swe-smith"},
				Problem: "Mend it.", GoldPatch: "bug", FailToPass: []string{"a"}, PassToPass: []string{"b"}},
		},
		"SWE-bench Pro": {
			`{"instance_id":"instance_Octo__Cat-abc-vnan","repo":"Octo/Cat","base_commit":"abc","fail_to_pass":"['it\\'s | \"a\"', \"it's b\", 'caf\\xe9 \\\\ \\u2713']","pass_to_pass":"[]",
			  "repo_language":"js","dockerhub_tag":"octo.cat-7","selected_test_files_to_run":"['test/a.js',]","problem_statement":"Mend it."}`,
			instance.Task{Facts: instance.Facts{ID: "instance_Octo__Cat-abc-vnan", Repo: "Octo/Cat", BaseCommit: "abc", Language: "js", Image: "jefzda/sweap-images:octo.cat-7", Dataset: "swe-bench-pro"},
				Problem: "Mend it.", FailToPass: []string{`it's | "a"`, "it's b", `café \ ✓`}, PassToPass: []string{}, TestFiles: []string{"test/a.js"}},
		},
		"Multi-SWE-bench": {
			`{"org":"octo","repo":"cat","number":7,"title":"Fix it","body":"the answer","base":{"label":"x","ref":"main","sha":"abc"},"resolved_issues":[{"number":1,"title":"Broken","body":"Mend it."}],
			  "fix_patch":"gold","test_patch":"tests","f2p_tests":{"b":{"run":"NONE","test":"FAIL","fix":"PASS"},"other row":null},"s2p_tests":{"a":{}},"n2p_tests":{},"p2p_tests":{"p":{}},"lang":"c"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Language: "c", Dataset: "multi-swe-bench"},
				Problem: "Broken\n\nMend it.", GoldPatch: "gold", TestPatch: "tests", FailToPass: []string{"a", "b"}, PassToPass: []string{"p"}},
		},
		"Multi-SWE-bench, results only": {
			`{"org":"octo","repo":"cat","number":"7","base":{"sha":"abc"},"resolved_issues":[],"title":"T","body":null,"test_patch_result":{"passed_tests":["p"],"failed_tests":["a"]},
			  "fix_patch_result":{"passed_tests":["p","a","new"],"failed_tests":[]}}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Dataset: "multi-swe-bench"},
				Problem: "T", FailToPass: []string{"a", "new"}, PassToPass: []string{"p"}},
		},
		"SWE-bench-Live": {
			`{"instance_id":"octo__cat-7","repo":"octo/cat","base_commit":"abc","test_cmds":["pytest -rA"],"log_parser":"pytest","FAIL_TO_PASS":["a"],"PASS_TO_PASS":["b"],"difficulty":{"files":1},"problem_statement":"p"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Dataset: "swe-bench-live"},
				Problem: "p", FailToPass: []string{"a"}, PassToPass: []string{"b"}, TestCommands: []string{"pytest -rA"}, LogParser: "pytest"},
		},
		"R2E-Gym": {
			`{"repo_name":"cat","docker_image":"namanjain12/cat_final:abc","commit_hash":"abc","problem_statement":"p","expected_output_json":"{\"T.a\": \"PASSED\", \"T.b\": \"FAILED\"}"}`,
			instance.Task{Facts: instance.Facts{ID: "namanjain12/cat_final:abc", Repo: "cat", Image: "namanjain12/cat_final:abc", Dataset: "r2e-gym"},
				Problem: "p", Expected: map[string]string{"T.a": "PASSED", "T.b": "FAILED"}},
		},
		"NeMo Gym": {
			`{"responses_create_params":{"input":[],"metadata":{"instance_id":"octo__cat-7","base_commit":"abc","dataset_name":"nebius/SWE-rebench","problem_statement":"p","golden_patch":"gold",
			  "instance_dict":"{\"instance_id\":\"octo__cat-7\",\"repo\":\"octo/cat\",\"FAIL_TO_PASS\":[\"a\"],\"PASS_TO_PASS\":[]}"}},"agent_ref":{"name":"swe_agents"}}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Dataset: "nebius/SWE-rebench"},
				Problem: "p", GoldPatch: "gold", FailToPass: []string{"a"}, PassToPass: []string{}},
		},
		"wrapped under instance": {
			`{"instance":{"instance_id":"octo__cat-7","repo":"octo/cat","base_commit":"abc","FAIL_TO_PASS":["a"]},"metadata":{"image":"x"},"mode":"eval"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc"}, FailToPass: []string{"a"}},
		},
		"hidden tests": {
			`{"instance_id":"octo__cat-7","repo":"octo/cat","base_commit":"abc","image_assets":"{}","FAIL_TO_PASS":"","PASS_TO_PASS":null,"problem_statement":"p"}`,
			instance.Task{Facts: instance.Facts{ID: "octo__cat-7", Repo: "octo/cat", BaseCommit: "abc", Dataset: "swe-bench-multimodal"}, Problem: "p"},
		},
	} {
		got, err := instance.Parse([]byte(c.row))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(&c.want, got); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestWhatIsNoTask(t *testing.T) {
	for _, row := range []string{
		`{}`, `[]`, `3`, `null`,
		`{"instance_id":"a","model_name_or_path":"m","model_patch":"d"}`,
		`{"org":"o","repo":"r","number":"1","fix_patch":"d"}`, // a prediction of Multi-SWE-bench
		`{"instance_id":"a","messages":[],"problem_statement":"p"}`,
		`{"instance_id":"a","instance":{"instance_id":"a","base_commit":"b"},"history":[]}`,
		`{"instance_id":"a","resolved":true,"tests_status":{}}`,
		`{"instance_id":"a","relevant_snippets":"[]"}`,
	} {
		if task, err := instance.Parse([]byte(row)); !errors.Is(err, instance.ErrNotTask) {
			t.Errorf("%s: %+v, %v", row, task, err)
		}
	}
}

func TestFaultsNameTheirKey(t *testing.T) {
	for row, key := range map[string]string{
		`{"instance_id":"a","base_commit":"b","FAIL_TO_PASS":3}`:                                            "FAIL_TO_PASS",
		`{"instance_id":"a","base_commit":"b","FAIL_TO_PASS":[1]}`:                                          "FAIL_TO_PASS",
		`{"instance_id":"a","base_commit":"b","PASS_TO_PASS":"[a"}`:                                         "PASS_TO_PASS",
		`{"instance_id":"a","base_commit":"b","PASS_TO_PASS":"['a'] + f()"}`:                                "PASS_TO_PASS",
		`{"instance_id":"a","base_commit":{}}`:                                                              "base_commit",
		`{"instance_id":"a","problem_statement":["p"]}`:                                                     "problem_statement",
		`{"instance_id":"` + strings.Repeat("a", 5000) + `","base_commit":"b"}`:                             "instance_id",
		`{"instance_id":"","base_commit":"b"}`:                                                              "instance_id",
		`{"docker_image":"a","repo_name":"b","expected_output_json":"not an object"}`:                       "expected_output_json",
		`{"instance_id":"a","base_commit":"b","install_config":{"log_parser":["x"]}}`:                       "install_config",
		`{"instance_id":"a","base_commit":"b","f2p_tests":["x"]}`:                                           "f2p_tests",
		`{"instance_id":"a","test_patch_result":{"passed_tests":1},"fix_patch_result":{},"base_commit":""}`: "test_patch_result",
	} {
		_, err := instance.Parse([]byte(row))
		var bad *instance.FieldError
		if !errors.As(err, &bad) || bad.Key != key {
			t.Errorf("%.100s: %v, want a fault of %s", row, err, key)
		}
	}
}

const one, two = `{"instance_id":"a__b-1","base_commit":"x"}`, `{"instance_id":"a__b-2","base_commit":"[,]\"}"}`

func TestFilesOfEveryForm(t *testing.T) {
	for name, c := range map[string]struct{ uri, text, want string }{
		"lines":            {"t.jsonl", one + "\n\n" + two + "\n", "a__b-1 a__b-2"},
		"lines, no ending": {"tasks", one + "\n" + two, "a__b-1 a__b-2"},
		"BOM":              {"t.json", "\xef\xbb\xbf" + one, "a__b-1"},
		"a list":           {"t.json", " [\n" + one + " ,\n" + two + "]", "a__b-1 a__b-2"},
		"one row":          {"t.json", "{\n\"instance_id\":\n\"a__b-1\",\"base_commit\":\"x\"}\n", "a__b-1"},
		"nothing":          {"t.json", " \n", ""},
		"an empty list":    {"t.json", "[ ]", ""},
		"a broken line":    {"t.jsonl", one[:20] + "\n" + two + "\n", "t.jsonl: row 0 a__b-2"},
		"a list of others": {"t.json", "[1," + one + "]", "t.json: row 0 a__b-1"},
		"half a list":      {"t.json", "[" + one + "," + two[:9], "a__b-1 t.json: row 1"},
		"a long row":       {"t.jsonl", `{"instance_id":"` + strings.Repeat("x", instance.MaxRowBytes) + "\"}\n" + one + "\n", "t.jsonl: row 0 a__b-1"},
		"a long element":   {"t.json", `["` + strings.Repeat("x", instance.MaxRowBytes) + `",` + one + "]", "t.json: row 0 a__b-1"},
	} {
		if got := strings.Join(told(instance.Read(t.Context(), strings.NewReader(c.text), c.uri)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// tableTask is a row of a table of tasks.
type tableTask struct {
	ID   string   `parquet:"instance_id"`
	Base string   `parquet:"base_commit"`
	F2P  []string `parquet:"FAIL_TO_PASS,list"`
}

func TestTables(t *testing.T) {
	var parquetFile, stream bytes.Buffer
	if err := parquet.Write(&parquetFile, []tableTask{{"a__b-1", "x", []string{"t"}}, {"a__b-2", "y", nil}}); err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "instance_id", Type: arrow.BinaryTypes.String}, {Name: "base_commit", Type: arrow.BinaryTypes.String}}, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader("["+one+","+two+"]"))
	if err != nil {
		t.Fatal(err)
	}
	w := ipc.NewWriter(&stream, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"t.parquet":   {parquetFile.Bytes(), "a__b-1 a__b-2"},
		"t.arrow":     {stream.Bytes(), "a__b-1 a__b-2"},
		"cut.parquet": {parquetFile.Bytes()[:parquetFile.Len()-3], "cut.parquet: row 0"},
	} {
		if got := strings.Join(told(instance.Read(t.Context(), bytes.NewReader(c.file), name)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func told(tasks iter.Seq2[*instance.Task, error]) []string {
	var all []string
	for task, err := range tasks {
		if err != nil {
			at, _, _ := strings.Cut(err.Error(), ": row ")
			row, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), at+": row "), ":")
			all = append(all, at+": row "+row)
			continue
		}
		all = append(all, task.ID)
	}
	return all
}

func TestAReaderThatBreaksEndsTheStream(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(one+"\n"), brokenReader{})
	var last error
	for _, err := range instance.Read(t.Context(), broken, "t.jsonl") {
		last = err
	}
	var row *instance.RowError
	if !errors.Is(last, errBroken) || errors.As(last, &row) {
		t.Errorf("%v", last)
	}
}

var errBroken = errors.New("broken")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestRowsOfATable(t *testing.T) {
	rows := func(yield func([]byte, error) bool) {
		_ = yield([]byte(one), nil) && yield(nil, instance.ErrTooLarge) && yield([]byte(two), nil) && yield(nil, errBroken)
	}
	if got := strings.Join(told(instance.FromRows("t.parquet", rows)), " "); got != "a__b-1 t.parquet: row 1 a__b-2 t.parquet: row 3" {
		t.Error(got)
	}
}

func TestIndexCompletesAndNeverGuesses(t *testing.T) {
	var x instance.Index
	x.Add(instance.Facts{ID: "Octo__Cat-7", Repo: "Octo/Cat", License: "MIT"})
	x.Add(instance.Facts{ID: "octo__cat-7", BaseCommit: "abc", License: "BSD"})
	x.Add(instance.Facts{ID: "octo__cat-7", License: "MIT"})
	f, ok := x.Find("octo/cat:pr-7")
	if want := (instance.Facts{ID: "Octo__Cat-7", Repo: "Octo/Cat", BaseCommit: "abc"}); !ok || f != want || x.Disputed != 1 || x.Len() != 1 {
		t.Errorf("%+v, %d disputed", f, x.Disputed)
	}
	if _, ok := x.Find("other"); ok {
		t.Error("found what was not added")
	}
}

// TestRealRows reads every file of tasks at hand.
func TestRealRows(t *testing.T) {
	for file, want := range map[string]struct {
		tasks   int
		dataset string
	}{
		"swebench-verified/swe-bench-100.jsonl":              {100, "swe-bench-verified"},
		"swebench-lite/dev.arrow":                            {23, ""},
		"swe-rebench-v2/sample.json":                         {0, "swe-rebench-v2"},
		"swesmith/pandas-dev__pandas.95280573.pr_53652.json": {1, "swe-smith"},
	} {
		f, err := os.Open(testpath.Real(t, "instances", file))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for task, err := range instance.Read(t.Context(), f, file) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			if task.Dataset != want.dataset || task.Repo == "" || task.BaseCommit == "" || len(task.FailToPass) == 0 || task.GoldPatch == "" || task.Problem == "" {
				t.Errorf("%s: %+v", file, task.Facts)
			}
		}
		if n == 0 || want.tasks > 0 && n != want.tasks {
			t.Errorf("%s: %d tasks", file, n)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(one+"\n"+two), "t.jsonl")
	f.Add([]byte("["+one+","+two+"]"), "t.json")
	f.Add([]byte(`{"instance_id":"a","base_commit":"b","FAIL_TO_PASS":"['\\x41', \"b\",]"}`), "t")
	f.Fuzz(func(t *testing.T, text []byte, uri string) {
		for task, err := range instance.Read(t.Context(), strings.NewReader(string(text)), uri) {
			if (task == nil) == (err == nil) {
				t.Fatalf("task %v, error %v", task, err)
			}
			if err == nil && task.ID == "" {
				t.Fatal("a task without a name")
			}
		}
	})
}
