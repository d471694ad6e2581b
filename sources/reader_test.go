package sources_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
	"github.com/swerm/swerm/sources/identity"
)

const doc = `{"trajectory_format":"mini-swe-agent-1.1","instance_id":"octo__cat-7_2","info":{"exit_status":"Submitted","submission":"d","config":{"model":{"model_name":"acme/rocket"}}},
"messages":[{"role":"user","content":"Fix it."},{"role":"assistant","content":"Done."},{"role":"exit","content":"d"}]}`

func writeFile(t testing.TB, dir, name, content string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// items reads roots and writes one line per item.
func items(t testing.TB, cfg sources.Config, workers int, roots ...string) []string {
	t.Helper()
	names, err := identity.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	r := sources.Reader{Config: cfg, Names: names, Workers: workers}
	for _, root := range roots {
		r.Inputs = append(r.Inputs, pipeline.Input{Port: "raw", Name: "named", URI: root})
	}
	var lines []string
	last := dataset.Cursor{Row: -1}
	for it, err := range r.All(context.Background()) {
		switch {
		case err != nil:
			lines = append(lines, "end: "+err.Error())
			continue
		case it.Ignored:
			lines = append(lines, it.URI+": ignored")
		case it.Err != nil:
			var re *pipeline.RecordError
			if !errors.As(it.Err, &re) {
				t.Errorf("%T is no RecordError", it.Err)
			}
			lines = append(lines, it.Err.Error())
		default:
			tr := &it.Record.Trajectory
			lines = append(lines, fmt.Sprintf("%s: %s %s %s %s", it.URI, *tr.InstanceID, tr.Policy, *tr.Run, tr.ID[:8]))
		}
		if it.At.Input < last.Input || it.At.Input == last.Input && it.At.Row <= last.Row {
			t.Errorf("%v comes after %v", it.At, last)
		}
		last = it.At
	}
	return lines
}

func TestEveryFileIsAccountedFor(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "night/octo__cat-7/octo__cat-7.traj.json", doc)
	writeFile(t, dir, "night/octo__cat-7/report.json", `{"octo__cat-7":{"resolved":true}}`)
	writeFile(t, dir, "night/octo__cat-7/patch.diff", "d")
	writeFile(t, dir, "night/plain.json", doc)
	writeFile(t, dir, "z/a-cut.traj.json", doc[:len(doc)-4])
	writeFile(t, dir, "z/b-other.traj.json", `{"rows":[],"x":1}`)
	writeFile(t, dir, "z/c-text.traj", "hello")
	writeFile(t, dir, "z/d-empty.traj", "")
	writeFile(t, dir, "z/e-broken.json", `{"a":`)
	writeFile(t, dir, "z/f-both.traj", `{"trajectory_format":"mini-swe-agent-1","messages":[],"history":[{"role":"user","agent":"main"}]}`)
	writeFile(t, dir, "z/g-deep.traj.json", `{"trajectory_format":"mini-swe-agent-1","info":{"other":`+strings.Repeat("[", 1000))
	writeFile(t, dir, "z/h-role.traj.json", strings.Replace(doc, `"role":"assistant"`, `"role":7`, 1))
	writeFile(t, dir, "z/i-twice.traj.json", strings.Replace(doc, `"role":"user"`, `"role":"user","role":"tool"`, 1))
	got := items(t, sources.Config{}, 0, dir)
	want := []string{
		"night/octo__cat-7/octo__cat-7.traj.json: octo__cat-7 rocket night ",
		"night/octo__cat-7/patch.diff: ignored",
		"night/octo__cat-7/report.json: ignored",
		"night/plain.json: octo__cat-7 rocket night ",
		"z/a-cut.traj.json: row 0: miniswe: messages[2].content: the document ends here",
		"z/b-other.traj.json: row 0: no format recognises this document: it is an object with the keys rows, x",
		"z/c-text.traj: row 0: no format recognises this document: it begins with \"hello\"",
		"z/d-empty.traj: row 0: no format recognises this document: it begins with \"\"",
		"z/e-broken.json: ignored",
		"z/f-both.traj: row 0: several formats claim this document: mini-swe-agent, swe-agent",
		"z/g-deep.traj.json: row 0: miniswe: info.other: nested deeper than 128",
		"z/h-role.traj.json: row 0: miniswe: messages[1].role: a number where a string belongs",
		"z/i-twice.traj.json: row 0: miniswe: messages[0].role: key appears twice",
	}
	if len(got) != len(want) {
		t.Fatalf("%d items: %s", len(got), strings.Join(got, "\n"))
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// The same tree gives the same items in a directory, in an archive, and with
// any number of workers.
func TestOrderAndIDsDoNotDependOnWorkersOrPacking(t *testing.T) {
	dir, _ := generatedRuns(t, 40, 3)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archived := t.TempDir()
	writeFile(t, archived, "runs.tar", b.String())
	want := items(t, sources.Config{}, 1, dir)
	if len(want) != 40 {
		t.Fatal(want)
	}
	for _, workers := range []int{2, 7} {
		if d := cmp.Diff(want, items(t, sources.Config{}, workers, dir)); d != "" {
			t.Errorf("%d workers: %s", workers, d)
		}
	}
	if d := cmp.Diff(want, items(t, sources.Config{}, 3, filepath.Join(archived, "runs.tar"))); d != "" {
		t.Errorf("archive: %s", d)
	}
}

func TestFlagsFillInNamesAndLeaveTheID(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a.traj.json", doc)
	plain := items(t, sources.Config{}, 0, dir)
	named := items(t, sources.Config{Policy: "mine", Run: "r2", Source: "s", Scaffold: "x"}, 0, dir)
	alias := items(t, sources.Config{}, 0, dir)
	id := plain[0][strings.LastIndex(plain[0], " "):]
	if plain[0] != "a.traj.json: octo__cat-7 rocket named"+id || named[0] != "a.traj.json: octo__cat-7 mine r2"+id || alias[0] != plain[0] {
		t.Errorf("%q %q", plain, named)
	}
}

func TestForcedFormatStillFailsLoudly(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a.traj.json", doc)
	writeFile(t, dir, "b.json", doc)
	got := items(t, sources.Config{Format: "swe-agent"}, 0, dir)
	if len(got) != 2 || strings.HasSuffix(got[0], "ignored") || got[1] != "b.json: ignored" {
		t.Errorf("%q", got)
	}
}

func TestLargeFiles(t *testing.T) {
	dir := t.TempDir()
	for name, head := range map[string]string{"log.txt": "text", "rows.json": `{"rows":[`, "run.json": doc[:60], "run.traj.json": doc[:60]} {
		p := filepath.Join(dir, name)
		writeFile(t, dir, name, head)
		if err := os.Truncate(p, sources.MaxFileBytes+1); err != nil { // a hole: no disk behind it
			t.Fatal(err)
		}
	}
	got := items(t, sources.Config{}, 0, dir)
	want := []string{"log.txt: ignored", "rows.json: ignored", "run.json: row 0: larger than the limit", "run.traj.json: row 0: larger than the limit"}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("%q", got)
		}
	}
}

func TestDuplicatesAndEmptyAttemptsAreDropped(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	writeFile(t, a, "x.traj.json", doc)
	writeFile(t, b, "x.traj.json", doc)
	writeFile(t, b, "y.traj.json", strings.Replace(doc, `{"role":"assistant","content":"Done."},`, "", 1))
	writeFile(t, b, "z.traj.json", "{")
	res, d := runImport(t, &sources.Config{}, 0, a, b)
	want := map[pipeline.DropReason]int64{pipeline.DropDuplicate: 1, pipeline.DropNoMessages: 1}
	if res.In != 4 || res.Out != 1 || res.Failed != 1 || !cmp.Equal(want, res.Dropped) || res.UnknownSource != 1 {
		t.Errorf("%+v", res)
	}
	all := rows(t, d)
	if len(all) != 1 || *all[0].Rollout != 2 || *all[0].Repo != "octo/cat" || all[0].TaskID != "octo__cat-7" || *all[0].PolicyRaw != "acme/rocket" {
		t.Errorf("%+v", all)
	}
	if !strings.HasPrefix(all[0].Origin.ContentHash, "blake3:") || all[0].Origin.URI != "x.traj.json" {
		t.Errorf("%+v", all[0].Origin)
	}
}

func TestCancelLeavesNoDataset(t *testing.T) {
	dir, _ := generatedRuns(t, 30, 3)
	st := sources.Stage()
	cfg := st.NewConfig()
	key, err := pipeline.TaskKey(st.Name, st.Version, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "ds")
	task := &pipeline.Task{Stage: st, Config: cfg, Key: key, Out: out, Inputs: []pipeline.Input{{Port: "raw", Name: "r", URI: dir}}}
	if err := st.Run(ctx, task); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := dataset.Open(context.Background(), out); !errors.Is(err, dataset.ErrNone) {
		t.Errorf("a dataset is there: %v", err)
	}
	if err := st.Run(context.Background(), task); err != nil || task.Result.(*sources.Result).Out != 30 {
		t.Errorf("%v %+v", err, task.Result)
	}
}

func TestConfigListsEveryFault(t *testing.T) {
	err := (&sources.Config{Format: "x", Codec: "y", Policies: map[string]string{"a": ""}, PartBytes: -1}).Validate()
	for _, want := range []string{"format", "codec", "policies", "part_bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestNamesComeFromAPort(t *testing.T) {
	dir, tables := t.TempDir(), t.TempDir()
	writeFile(t, dir, "x.traj.json", doc)
	writeFile(t, tables, "names.yaml", "policies:\n  acme/rocket: rocket-one\n")
	st := sources.Stage()
	cfg := st.NewConfig()
	key, _ := pipeline.TaskKey(st.Name, st.Version, cfg, nil)
	task := &pipeline.Task{Stage: st, Config: cfg, Key: key, Out: filepath.Join(t.TempDir(), "ds"), Inputs: []pipeline.Input{
		{Port: "raw", Name: "r", URI: dir, Kind: pipeline.KindRaw}, {Port: "names", Name: "n", URI: filepath.Join(tables, "names.yaml"), Kind: pipeline.KindRaw}}}
	if err := st.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	if got := task.Result.(*sources.Result).Policies; got["rocket-one"] != 1 {
		t.Errorf("%v", got)
	}
}

func TestRealLooseFiles(t *testing.T) {
	res, d := runImport(t, &sources.Config{}, 0, testpath.Real(t, "mini"), testpath.Real(t, "sweagent"))
	if res.In != 27 || res.Out != 24 || res.Failed != 0 || res.Dropped[pipeline.DropNoMessages] != 3 {
		t.Fatalf("%+v", res)
	}
	demos := 0
	for _, tr := range rows(t, d) {
		if tr.Usage.Turns == nil || *tr.Usage.Turns == 0 {
			t.Errorf("%s: no turn", *tr.InstanceID)
		}
		for _, m := range tr.Messages {
			if m.Kind == pipeline.KindDemo {
				demos++
			}
		}
		if tr.Patch != nil && (strings.HasPrefix(*tr.Patch, "\n") || strings.HasPrefix(*tr.Patch, "\r")) {
			t.Errorf("%s: the patch begins with a line end", *tr.InstanceID)
		}
	}
	if demos != 2 || res.Sources["swe-smith"] != 3 || res.Policies["claude-3-7-sonnet"] != 3 {
		t.Errorf("%d demonstrations, %+v", demos, res)
	}
}

// A name is held where text is not, so what is too long to be one is refused.
func TestNamesAreBounded(t *testing.T) {
	long := strings.Repeat("n", 4097)
	cases := map[string]string{
		"a instance_id":  strings.Replace(doc, "octo__cat-7_2", long, 1),
		"b policy":       strings.Replace(doc, "acme/rocket", long, 1),
		"c exit_status":  strings.Replace(doc, "Submitted", long, 1),
		"d messages[1]":  strings.Replace(doc, `"content":"Done."`, `"tool_calls":[{"id":"`+long+`","function":{"name":"bash","arguments":"{}"}}]`, 1),
		"e messages[0]":  strings.Replace(doc, `"content":"Fix it."`, `"name":"`+long+`"`, 1),
		"f octo__cat-7 ": strings.Replace(doc, `"content":"Fix it."`, `"content":"`+long+`"`, 1),
	}
	dir := t.TempDir()
	for name, text := range cases {
		writeFile(t, dir, name[:1]+".traj.json", text)
	}
	got := items(t, sources.Config{}, 0, dir)
	for i, name := range slices.Sorted(maps.Keys(cases)) {
		if i >= len(got) || !strings.Contains(got[i], name[2:]) || i < 5 && !strings.Contains(got[i], "4097 bytes where a name has at most 4096") {
			t.Fatalf("%s: %.300q", name, got)
		}
	}
}

// A packed file says nothing of its size: several at once, each past what one
// may hold before it waits for the large buffer, between small ones.
func TestLargePackedFiles(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	long := strings.Replace(doc, `"messages"`, `"other":"`+strings.Repeat("k", 20<<20)+`","messages"`, 1)
	if _, err := z.Write([]byte(long)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		name, text := fmt.Sprintf("%02d.traj.json", i), doc
		if i%2 == 0 {
			name, text = name+".gz", packed.String()
		}
		writeFile(t, dir, name, text)
	}
	got := items(t, sources.Config{}, 4, dir)
	if len(got) != 12 {
		t.Fatalf("%q", got)
	}
	for i, line := range got {
		if !strings.HasPrefix(line, fmt.Sprintf("%02d.traj.json", i)) || !strings.Contains(line, "octo__cat-7 rocket") {
			t.Error(line)
		}
	}
}

// A cancelled reader ends: what a job that was cut short has to say is no
// failure of its file.
func TestNothingFollowsCancellation(t *testing.T) {
	dir := t.TempDir()
	for i := range 60 {
		writeFile(t, dir, fmt.Sprintf("%02d.traj.json", i), doc)
	}
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		r := sources.Reader{Inputs: []pipeline.Input{{Name: "x", URI: dir}}, Workers: 2}
		var last error
		for it, err := range r.All(ctx) {
			if last = err; err == nil && ctx.Err() != nil {
				t.Fatalf("%v after the end: %v", it.At, it.Err)
			}
			cancel()
		}
		cancel()
		if !errors.Is(last, context.Canceled) {
			t.Fatal(last)
		}
	}
}
