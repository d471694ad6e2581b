package exports_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/exports"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

var update = flag.Bool("update", false, "rewrite golden files")

func ptr[V any](v V) *V { return &v }

// sample has one of everything that a format may do something with.
func sample() pipeline.Trajectory {
	return pipeline.Trajectory{
		InstanceID: ptr("octo__cat-7"), Repo: ptr("octo/cat"), BaseCommit: ptr("abc"), TaskID: "octo__cat-7", Source: "swe-bench", Policy: "rocket-1",
		PolicyRaw: ptr("acme/Rocket-1"), Scaffold: "mini-swe-agent", Run: ptr("nightly"), Rollout: ptr(int32(2)), Environment: ptr("img:7"),
		Sampling: ptr(`{"temperature":0.5}`), Tools: ptr(`[{"type":"function","function":{"name":"bash"}}]`), Patch: ptr("diff <&>\n"),
		ExitStatus: ptr("Submitted"), Usage: pipeline.Usage{APICalls: ptr(int32(2)), CostUSD: ptr(0.25), PromptTokens: ptr(int64(90)), CompletionTokens: ptr(int64(9))},
		Claims: ptr(`{"resolved":true}`), Origin: pipeline.Origin{URI: "a.traj.json", ContentHash: "blake3:00", Format: "x", Version: "1"},
		Messages: []pipeline.Message{
			{Role: pipeline.RoleSystem, Kind: pipeline.KindSystem, Content: ptr("Be brief.")},
			{Role: pipeline.RoleUser, Kind: pipeline.KindDemo, Content: ptr("a demonstration")},
			{Role: pipeline.RoleUser, Kind: pipeline.KindIssue, Content: ptr("Mend it.")},
			{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: ptr("Look."), Reasoning: ptr("hm"), Mask: ptr(true),
				ToolCalls: []pipeline.ToolCall{{ID: ptr("c1"), Name: "bash", Arguments: `{"b": "ls\n", "a": 1}`}}},
			{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: ptr("a … b"), RawOutput: ptr("a long b"), ReturnCode: ptr(int32(0)), ToolCallID: ptr("c1"), Name: ptr("bash")},
			{Role: pipeline.RoleUser, Kind: pipeline.KindInterrupt, Content: ptr("One call, please.")},
			{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, ToolCalls: []pipeline.ToolCall{{Name: "bash", Arguments: `not JSON`}}},
			{Role: pipeline.RoleTool, Kind: pipeline.KindObservation, Content: ptr("err"), ToolCallID: ptr("unlinked")},
			{Role: pipeline.RoleExit, Kind: pipeline.KindFinal, Content: ptr("diff <&>\n")},
		},
	}
}

// place writes trajectories, and a view and labels of them, and returns their URIs.
type place struct{ ds, view, labels string }

func newPlace(t testing.TB, ts ...pipeline.Trajectory) place {
	t.Helper()
	dir := t.TempDir()
	p := place{filepath.Join(dir, "ds"), filepath.Join(dir, "view"), filepath.Join(dir, "labels")}
	for i := range ts {
		ts[i].Origin.Row = int64(i)
		ts[i].ID = ts[i].ComputeID()
	}
	store(t, p.ds, pipeline.KindTrajectories, ts)
	d, err := dataset.Open(context.Background(), p.ds)
	if err != nil {
		t.Fatal(err)
	}
	var view []pipeline.Selection
	var labels []pipeline.Label
	splits := []string{pipeline.SplitTrain, pipeline.SplitTrain, pipeline.SplitTest}
	verdicts := []pipeline.Verdict{pipeline.VerdictResolved, pipeline.VerdictInfra, pipeline.VerdictUnresolved}
	for row, err := range dataset.Read[pipeline.Trajectory](context.Background(), d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		id := row.Value.ID
		if i := int(row.Row); i < len(splits) {
			view = append(view, pipeline.Selection{TrajectoryID: id, Part: string(row.PartKey), Row: row.Row, Count: int32(i + 1), Split: splits[i], TaskID: row.Value.TaskID, Source: "s", Policy: "p", Scaffold: "x", Verdict: verdicts[i]})
			labels = append(labels, pipeline.Label{TrajectoryID: id, Verdict: verdicts[i], Reason: "r", Rules: "x"})
		}
	}
	store(t, p.view, pipeline.KindView, view)
	store(t, p.labels, pipeline.KindLabels, labels)
	return p
}

func store[T dataset.Row](t testing.TB, uri string, kind pipeline.Kind, rows []T) {
	t.Helper()
	w, err := dataset.Create[T](context.Background(), uri, dataset.Spec{Kind: kind, Stage: "test", Key: pipeline.HashKey([]byte(uri)), Config: struct{}{}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Add(&rows[i], dataset.Cursor{Row: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Close(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d.Manifest.Kind != kind {
		t.Fatalf("kind %s", d.Manifest.Kind)
	}
}

func export(t testing.TB, o exports.Options) *exports.Result {
	t.Helper()
	res, err := exports.Export(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	n := res.Out
	for _, d := range res.Dropped {
		n += d
	}
	if n != res.In {
		t.Errorf("%d in, %d accounted for", res.In, n)
	}
	return res
}

// TestGolden shows each format. Read the goldens to see what a format says.
func TestGolden(t *testing.T) {
	p := newPlace(t, sample())
	for _, f := range exports.Formats() {
		out := filepath.Join(t.TempDir(), "out")
		res := export(t, exports.Options{Dataset: p.ds, Labels: p.labels, Format: f.Name, Out: out})
		if res.Out != 1 || res.Files != 1 {
			t.Errorf("%s: %+v", f.Name, res)
		}
		var got bytes.Buffer
		for _, name := range files(t, out) {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			if name != "export.json" {
				if err := json.Indent(&got, text, "", " "); err != nil {
					t.Fatal(err)
				}
			}
		}
		golden := filepath.Join("testdata", f.Name+".golden")
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Errorf("%s: rewrite with -update if this is meant\n%s", f.Name, d)
		}
		if strings.Contains(got.String(), "claims") {
			t.Errorf("%s writes claims", f.Name)
		}
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func lines(t testing.TB, text []byte) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range bytes.Lines(text) {
		var row map[string]any
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

func stdout(t testing.TB, o exports.Options) ([]map[string]any, *exports.Result) {
	t.Helper()
	var out bytes.Buffer
	o.Out, o.Stdout = "-", &out
	res := export(t, o)
	return lines(t, out.Bytes()), res
}

func TestOutcomesAreOnlyVerdicts(t *testing.T) {
	p := newPlace(t, sample(), sample(), sample(), sample())
	rows, res := stdout(t, exports.Options{Dataset: p.ds, Labels: p.labels, Format: "openai"})
	var got []any
	for _, r := range rows {
		got = append(got, r["resolved"])
	}
	if d := cmp.Diff([]any{true, nil, false, nil}, got); d != "" {
		t.Error(d)
	}
	if res.Resolved != 1 || res.Unresolved != 1 {
		t.Errorf("%+v", res)
	}
	rows, _ = stdout(t, exports.Options{Dataset: p.ds, Format: "openai"})
	for _, r := range rows {
		if _, ok := r["resolved"]; ok {
			t.Error("an outcome without labels")
		}
	}
}

func TestViewsSelect(t *testing.T) {
	p := newPlace(t, sample(), sample(), sample(), sample())
	rows, res := stdout(t, exports.Options{Dataset: p.ds, View: p.view, Split: "train", Format: "openai"})
	want := map[pipeline.DropReason]int64{pipeline.DropOtherSplit: 1, pipeline.DropNotSelected: 1}
	if d := cmp.Diff(want, res.Dropped); d != "" || len(rows) != 2 || res.In != 4 {
		t.Errorf("%+v %s", res, d)
	}
	if rows[0]["count"] != nil || rows[1]["count"] != 2.0 {
		t.Errorf("counts %v, %v", rows[0]["count"], rows[1]["count"])
	}
}

func TestWhatIsLeftOutUnlessAskedFor(t *testing.T) {
	p := newPlace(t, sample())
	text := func(o exports.Options) string {
		o.Dataset, o.Format = p.ds, "openai"
		rows, _ := stdout(t, o)
		raw, _ := json.Marshal(rows[0]["messages"])
		return string(raw)
	}
	plain := text(exports.Options{})
	for mark, o := range map[string]exports.Options{
		"a demonstration": {Demos: true}, "reasoning_content": {Reasoning: true}, `diff \u003c`: {Final: true},
	} {
		if strings.Contains(plain, mark) || !strings.Contains(text(o), mark) {
			t.Errorf("%s: by default %v, asked for %v", mark, strings.Contains(plain, mark), strings.Contains(text(o), mark))
		}
	}
	if strings.Contains(plain, "a long b") {
		t.Error("the output behind what was shown was written")
	}
}

func TestRunsWithoutATurnAreDropped(t *testing.T) {
	idle := sample()
	idle.Messages = idle.Messages[:3]
	p := newPlace(t, idle, sample())
	for _, f := range exports.Formats() {
		res := export(t, exports.Options{Dataset: p.ds, Format: f.Name, Out: filepath.Join(t.TempDir(), "o")})
		if res.Out != 1 || res.Dropped[pipeline.DropNoMessages] != 1 {
			t.Errorf("%s: %+v", f.Name, res)
		}
	}
}

func TestShardsAndWorkersChangeNoByte(t *testing.T) {
	p := newPlace(t, sample(), sample(), sample(), sample(), sample())
	whole := filepath.Join(t.TempDir(), "all.jsonl")
	export(t, exports.Options{Dataset: p.ds, Format: "sharegpt", Out: whole, Workers: 1})
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for workers, rows := range map[int]int64{1: 2, 3: 2, 2: 5, 4: 0} {
		out := filepath.Join(t.TempDir(), "out")
		res := export(t, exports.Options{Dataset: p.ds, Format: "sharegpt", Out: out, ShardRows: rows, Workers: workers})
		var got []byte
		n := int64(0)
		for _, name := range files(t, out) {
			if strings.HasPrefix(name, "part-") {
				text, _ := os.ReadFile(filepath.Join(out, name))
				got, n = append(got, text...), n+1
			}
		}
		if !bytes.Equal(got, want) || res.Files != n || rows == 2 && n != 3 || rows != 2 && n != 1 {
			t.Errorf("%d rows a shard: %d files, equal %v", rows, n, bytes.Equal(got, want))
		}
	}
	for suffix, open := range map[string]func(io.Reader) (io.Reader, error){
		".gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		".zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		out := filepath.Join(t.TempDir(), "all.jsonl"+suffix)
		export(t, exports.Options{Dataset: p.ds, Format: "sharegpt", Out: out})
		packed, _ := os.ReadFile(out)
		r, err := open(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	p := newPlace(t, sample())
	file := filepath.Join(t.TempDir(), "x.jsonl")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{file, filepath.Dir(file)} {
		if _, err := exports.Export(context.Background(), exports.Options{Dataset: p.ds, Format: "openai", Out: out}); err == nil || !strings.Contains(err.Error(), "overwritten") {
			t.Errorf("%s: %v", out, err)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Errorf("the file holds %q", text)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]exports.Options{
		"is not one of openai": {Format: "x"},
		"name one":             {Format: "openai", Split: "train"},
		"train, dev, test":     {Format: "openai", Split: "x", View: "v"},
		"a folder of files":    {Format: "atif", Out: "x.jsonl"},
		"one file":             {Format: "openai", Out: "x.jsonl", ShardRows: 3},
		"below 0":              {Format: "openai", ShardRows: -1},
		"no standard output":   {Format: "openai", Out: "-"},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestNamesOfFilesAreSafe holds that no name leaves the folder or hides.
func TestNamesOfFilesAreSafe(t *testing.T) {
	hostile := sample()
	hostile.InstanceID, hostile.Run = ptr("../../etc/passwd\x00"+strings.Repeat("é", 300)), ptr("..")
	p := newPlace(t, hostile)
	out := filepath.Join(t.TempDir(), "out")
	export(t, exports.Options{Dataset: p.ds, Format: "atif", Out: out})
	got := files(t, out)
	if len(got) != 2 || !strings.HasPrefix(got[0], "_/") && !strings.HasPrefix(got[1], "_/") {
		t.Errorf("%q", got)
	}
}
