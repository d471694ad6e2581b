package sources_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
	"github.com/swerm/swerm/sources"
)

// compactRun is a run on one line.
func compactRun(t testing.TB, i, steps int) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, generatedRun(i, steps)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// rowsOf are as many runs on lines of their own, some of them longer than a
// piece of a file.
func rowsOf(t testing.TB, n int) []string {
	t.Helper()
	rows := make([]string, n)
	for i := range rows {
		steps := 3
		if i%7 == 6 {
			steps = 700
		}
		rows[i] = compactRun(t, i, steps)
	}
	return rows
}

// rowLines are items without what depends on the name of the file.
func rowLines(t *testing.T, cfg sources.Config, workers int, root string) []string {
	t.Helper()
	var lines []string
	for _, l := range items(t, cfg, workers, root) {
		lines = append(lines, strings.TrimPrefix(l, filepath.Base(root)))
	}
	return lines
}

func TestFilesOfRows(t *testing.T) {
	rows := rowsOf(t, 30)
	dir := t.TempDir()
	writeFile(t, dir, "a.jsonl", strings.Join(rows, "\n")+"\n")
	writeFile(t, dir, "b.json", "\ufeff[\n"+strings.Join(rows, " ,\n")+"\n]\n")
	writeFile(t, dir, "c.jsonl", strings.Join(rows, "\n"))
	writeFile(t, dir, "d.json", "["+strings.Join(rows, ",")+"]")
	want := rowLines(t, sources.Config{}, 1, filepath.Join(dir, "a.jsonl"))
	if len(want) != 30 || !strings.Contains(want[29], "octo__cat-29 rocket named") {
		t.Fatalf("%q", want)
	}
	strip := func(lines []string) []string { // ids hold the name of the file
		var out []string
		for _, l := range lines {
			out = append(out, l[:len(l)-8])
		}
		return out
	}
	for _, name := range []string{"a.jsonl", "b.json", "c.jsonl", "d.json"} {
		for _, workers := range []int{1, 4} {
			if d := cmp.Diff(strip(want), strip(rowLines(t, sources.Config{}, workers, filepath.Join(dir, name)))); d != "" {
				t.Errorf("%s, %d workers: %s", name, workers, d)
			}
		}
	}
}

func TestBrokenRowsEndThemselves(t *testing.T) {
	rows := rowsOf(t, 6)
	rows[1] = rows[1][:len(rows[1])-10]
	rows[2] = `{"other":1}`
	rows[4] = `{"trajectory_format":7` + strings.Repeat(" ", 3<<20) + `}`
	lines := strings.Join(rows, "\n\n") + "\n"
	dir := t.TempDir()
	writeFile(t, dir, "a.jsonl", lines)
	got := items(t, sources.Config{MaxDocument: 2 << 20}, 0, dir)
	want := []string{
		"a.jsonl: octo__cat-0 ", "a.jsonl: row 2: miniswe: ", "a.jsonl: row 4: no format recognises this document: it is an object with the keys other",
		"a.jsonl: octo__cat-3 ", "a.jsonl: row 8: larger than the limit of 2097152 bytes", "a.jsonl: octo__cat-5 ",
	}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%.200s, want %s", got[i], want[i])
		}
	}
}

func TestBrokenListsSayWhatIsLost(t *testing.T) {
	rows := rowsOf(t, 3)
	for body, want := range map[string]string{
		"[" + rows[0] + ",\n" + rows[1] + rows[2] + "]":       "row 1: '{' follows an element of the list",
		"[" + rows[0] + "," + rows[1]:                         "row 1: the document ends here",
		"[" + rows[0] + "]\n" + rows[1]:                       "row 1: more follows the end of the list",
		"[" + rows[0] + ",]":                                  "row 1: ']' begins no value",
		"[" + rows[0] + "," + rows[1][:len(rows[1])-9] + "]]": "row 1: ",
	} {
		dir := t.TempDir()
		writeFile(t, dir, "a.json", body)
		got := items(t, sources.Config{}, 0, dir)
		if n := len(got); n < 2 || !strings.HasPrefix(got[0], "a.json: octo__cat-0 ") || !strings.HasPrefix(got[n-1], "a.json: "+want) || !strings.HasSuffix(got[n-1], "is not read") {
			t.Errorf("%q, want %s", got, want)
		}
	}
}

func TestFilesOfOtherRowsAreIgnored(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a.jsonl", strings.Repeat(`{"x":1}`+"\n", 10))
	writeFile(t, dir, "b.json", `[{"x":1},{"x":2}]`)
	writeFile(t, dir, "c.json", `[]`)
	writeFile(t, dir, "d.json", `[1,2]`)
	writeFile(t, dir, "e.jsonl", `{"meta":true}`+"\n"+compactRun(t, 1, 2)+"\n")
	got := items(t, sources.Config{}, 0, dir)
	want := []string{"a.jsonl: ignored", "b.json: ignored", "c.json: ignored", "d.json: ignored", "e.jsonl: row 0: no format", "e.jsonl: octo__cat-1 "}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%.200s, want %s", got[i], want[i])
		}
	}
	if got := items(t, sources.Config{}, 0, filepath.Join(dir, "a.jsonl")); len(got) != 1 || !strings.Contains(got[0], "its first row is an object with the keys x") {
		t.Errorf("%q", got)
	}
}

// tableOf writes runs as tables of nested columns.
func tableOf(t *testing.T, rows []string) (parquet, stream, file []byte) {
	t.Helper()
	text := func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
	}
	schema := arrow.NewSchema([]arrow.Field{
		text("trajectory_format"), text("instance_id"),
		{Name: "info", Type: arrow.StructOf(text("exit_status"), text("submission"), arrow.Field{Name: "config", Type: arrow.StructOf(
			arrow.Field{Name: "model", Type: arrow.StructOf(text("model_name")), Nullable: true}), Nullable: true}), Nullable: true},
		{Name: "messages", Type: arrow.ListOf(arrow.StructOf(text("role"), text("content"))), Nullable: true},
	}, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader("["+strings.Join(rows, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	var p, s, f bytes.Buffer
	w, err := columnar.NewWriter(&p, schema, columnar.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := w.NewRowGroup()
	sw := ipc.NewWriter(&s, ipc.WithSchema(schema))
	fw, err := ipc.NewFileWriter(&f, ipc.WithSchema(schema))
	for _, step := range []func() error{func() error { return err }, func() error { return g.Write(b) }, func() error { return w.Commit(g) }, w.Close,
		func() error { return sw.Write(b) }, sw.Close, func() error { return fw.Write(b) }, fw.Close} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return p.Bytes(), s.Bytes(), f.Bytes()
}

func TestTables(t *testing.T) {
	var rows []string
	for i := range 9 {
		rows = append(rows, strings.Replace(doc, "octo__cat-7_2", fmt.Sprintf("octo__cat-%d", i), 1))
	}
	parquet, stream, file := tableOf(t, rows)
	dir := t.TempDir()
	writeFile(t, dir, "a.parquet", string(parquet))
	writeFile(t, dir, "b.arrow", string(stream))
	writeFile(t, dir, "c.arrow", string(file))
	writeFile(t, dir, "d.parquet", string(parquet[:len(parquet)-3]))
	writeFile(t, dir, "e.arrow", string(stream[:len(stream)/2]))
	got := items(t, sources.Config{}, 0, dir)
	if len(got) != 29 {
		t.Fatalf("%q", got)
	}
	for i := range 9 {
		for k, name := range []string{"a.parquet", "b.arrow", "c.arrow"} {
			if want := fmt.Sprintf("%s: octo__cat-%d rocket ", name, i); !strings.HasPrefix(got[9*k+i], want) {
				t.Errorf("%s, want %s", got[9*k+i], want)
			}
		}
	}
	for i, want := range []string{"d.parquet: row 0: ", "e.arrow: row 0: "} {
		if !strings.HasPrefix(got[27+i], want) {
			t.Errorf("%s, want %s", got[27+i], want)
		}
	}
}

// The same files as a folder, a tar and a zip give the same rows and ids,
// wherever in a stream the files stand that others are read with.
func TestPackingChangesNeitherRowsNorIDs(t *testing.T) {
	parquet, _, _ := tableOf(t, []string{doc})
	const traj = `{"environment":"swe_main","trajectory":[],"history":[{"role":"user","content":"Fix it.","agent":"primary"},{"role":"assistant","content":"Done.","agent":"primary"}],"info":{}}`
	files := map[string]string{
		"a/octo__cat-1.traj": traj, "a/octo__cat-2.traj": traj, "a/args.yaml": "agent:\n  model:\n    model_name: acme/late\n",
		"b.jsonl": strings.Join(rowsOf(t, 9), "\n"), "c.parquet": string(parquet), "d/x.traj.json": doc, "e/notes.txt": "none",
	}
	dir := t.TempDir()
	var names []string
	for name, body := range files {
		writeFile(t, dir, "tree/"+name, body)
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Reverse(names)
	var tb, zb bytes.Buffer
	tw, zw := tar.NewWriter(&tb), zip.NewWriter(&zb)
	for _, name := range names {
		if err := tw.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(files[name])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
		w, err := zw.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "runs.tar", tb.String())
	writeFile(t, dir, "runs.zip", zb.String())
	want := items(t, sources.Config{}, 0, filepath.Join(dir, "tree"))
	slices.Sort(want)
	if len(want) != 15 || !strings.HasPrefix(want[0], "a/args.yaml: ignored") || !strings.HasPrefix(want[1], "a/octo__cat-1.traj: octo__cat-1 late ") {
		t.Fatalf("%q", want)
	}
	for _, packed := range []string{"runs.tar", "runs.zip"} {
		for _, workers := range []int{1, 3} {
			got := items(t, sources.Config{}, workers, filepath.Join(dir, packed))
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", packed, d)
			}
		}
	}
}

func TestLargeFilesOfRowsAreReadRowByRow(t *testing.T) {
	rows := rowsOf(t, 60)
	dir := t.TempDir()
	writeFile(t, dir, "a.jsonl", strings.Join(rows, "\n"))
	writeFile(t, dir, "b.json", "["+strings.Join(rows, ",\n")+"]")
	st, err := os.Stat(filepath.Join(dir, "a.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	limit := st.Size() / 2
	for _, name := range []string{"a.jsonl", "b.json"} {
		if got := items(t, sources.Config{MaxDocument: limit}, 0, filepath.Join(dir, name)); len(got) != 60 || strings.Contains(got[59], "limit") {
			t.Errorf("%s: %d items, %.300q", name, len(got), got)
		}
	}
}

// Files, rows of files and tables give the same parts, byte for byte, whatever
// the number of workers, and again when they are imported again.
func TestBytesDoNotDependOnWorkers(t *testing.T) {
	parquet, stream, _ := tableOf(t, []string{doc, strings.Replace(doc, "octo__cat-7_2", "octo__cat-8", 1)})
	dir, _ := generatedRuns(t, 20, 8)
	writeFile(t, dir, "a.jsonl", strings.Join(rowsOf(t, 15), "\n"))
	writeFile(t, dir, "b.parquet", string(parquet))
	writeFile(t, dir, "c.arrow", string(stream))
	_, want := runImport(t, &sources.Config{PartBytes: 1 << 18}, 1, dir)
	if len(want.Manifest.Parts) < 3 {
		t.Fatalf("%d parts prove little", len(want.Manifest.Parts))
	}
	for _, workers := range []int{1, 2, 5} {
		if _, got := runImport(t, &sources.Config{PartBytes: 1 << 18}, workers, dir); !cmp.Equal(want.Manifest.Parts, got.Manifest.Parts) {
			t.Errorf("%d workers: %s", workers, cmp.Diff(want.Manifest.Parts, got.Manifest.Parts))
		}
	}
}
