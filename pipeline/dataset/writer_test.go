package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// feed plays a stage: some records are kept, some dropped, some broken, some
// files ignored. It starts at from and stops before record stop.
func feed(w *Writer[pipeline.Trajectory], rows []*pipeline.Trajectory, from Cursor, stop int) error {
	for i := int(from.Row); i < min(stop, len(rows)); i++ {
		at := Cursor{0, int64(i)}
		var err error
		switch {
		case i%7 == 3:
			err = w.Drop(pipeline.DropDuplicate, pipeline.Reject{URI: "in.jsonl", Row: at.Row, ID: rows[i].ID}, at)
		case i%11 == 5:
			err = w.Fail(&pipeline.RecordError{URI: "in.jsonl", Row: at.Row, Err: errors.New("bad \xff json")}, at)
		case i%13 == 1:
			err = w.Ignore("notes.txt", at)
		default:
			err = w.Add(rows[i], at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func smallParts(workers int) Spec {
	s := testSpec(pipeline.KindTrajectories)
	s.PartBytes, s.Workers = 150_000, workers
	return s
}

func build(t testing.TB, uri string, spec Spec, rows []*pipeline.Trajectory) *Dataset {
	t.Helper()
	w, err := Create[pipeline.Trajectory](t.Context(), uri, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := feed(w, rows, Cursor{}, len(rows)); err != nil {
		t.Fatal(err)
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWorkersDoNotChangeBytes(t *testing.T) {
	rows := newGen(2).trajectories(400)
	one := filepath.Join(t.TempDir(), "ds")
	d := build(t, one, smallParts(1), rows)
	if len(d.Manifest.Parts) < 3 {
		t.Fatalf("only %d parts: the test needs more", len(d.Manifest.Parts))
	}
	mustVerify(t, one)
	for _, workers := range []int{2, 3, 8} {
		many := filepath.Join(t.TempDir(), "ds")
		build(t, many, smallParts(workers), rows)
		same(t, fmt.Sprint(workers, " workers"), tree(t, many), tree(t, one))
	}
	for _, readers := range []int{1, 2, 7} {
		same(t, "rows read", readAll[pipeline.Trajectory](t, d, ReadOptions{Workers: readers}), kept(rows))
	}
}

// kept is what feed adds.
func kept(rows []*pipeline.Trajectory) []*pipeline.Trajectory {
	var out []*pipeline.Trajectory
	for i, r := range rows {
		if i%7 != 3 && i%11 != 5 && i%13 != 1 {
			out = append(out, r)
		}
	}
	return out
}

func TestCountsFollowTheLaw(t *testing.T) {
	rows := newGen(3).trajectories(300)
	uri := filepath.Join(t.TempDir(), "ds")
	d := build(t, uri, smallParts(2), rows)
	c := d.Manifest.Counts
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if c.Out != int64(len(kept(rows))) || c.Dropped[pipeline.DropDuplicate] == 0 || c.Failed == 0 || c.Ignored == 0 {
		t.Errorf("counts are %v", c)
	}
	if c.In+c.Ignored != int64(len(rows)) {
		t.Errorf("%d in and %d ignored of %d records", c.In, c.Ignored, len(rows))
	}
	n := int64(0)
	for r, err := range Rejects(t.Context(), d) {
		if err != nil {
			t.Fatal(err)
		}
		if r.URI != "in.jsonl" || r.Reason == pipeline.RejectFailed && !strings.Contains(r.Error, "bad \uFFFD json") {
			t.Errorf("reject %+v", r)
		}
		n++
	}
	if n != c.Failed+c.DroppedTotal() {
		t.Errorf("%d rejects, counts %v", n, c)
	}
}

// TestKilledWriterGoesOn drops a writer after every number of records, without
// any clean-up, and goes on with a fresh one.
func TestKilledWriterGoesOn(t *testing.T) {
	rows := newGen(4).trajectories(400)
	whole := filepath.Join(t.TempDir(), "ds")
	build(t, whole, smallParts(2), rows)
	want := tree(t, whole)
	resumed := 0
	for _, stop := range []int{0, 1, 37, 120, 121, 250, 399, 400} {
		for _, fromStart := range []bool{false, true} {
			uri := filepath.Join(t.TempDir(), "ds")
			if killAndGoOn(t, uri, rows, stop, fromStart) {
				resumed++
			}
			same(t, fmt.Sprintf("killed at %d", stop), tree(t, uri), want)
			same(t, "leftovers", names(t, filepath.Dir(uri)), []string{"ds"})
		}
	}
	if resumed < 6 {
		t.Errorf("only %d of the kills left something durable: the test tests nothing", resumed)
	}
}

func killAndGoOn(t *testing.T, uri string, rows []*pipeline.Trajectory, stop int, fromStart bool) (resumed bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Create[pipeline.Trajectory](ctx, uri, smallParts(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := feed(w, rows, Cursor{}, stop); err != nil {
		t.Fatal(err)
	}
	cancel() // and no Abort: open files and half parts stay as they are
	w.stage.unlock()
	<-drained(w)
	litter(t, w)

	w, err = Create[pipeline.Trajectory](t.Context(), uri, smallParts(3))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	from, counts, ok := w.Resume()
	if err := counts.Check(); err != nil {
		t.Fatal(err)
	}
	if n := len(readAll[pipeline.Trajectory](t, w.Durable(), ReadOptions{})); int64(n) != counts.Out {
		t.Fatalf("%d rows are durable, the journal counts %d", n, counts.Out)
	}
	if fromStart {
		from = Cursor{}
	}
	if err := feed(w, rows, from, len(rows)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ok
}

// drained waits until the writer's goroutines touch no file any more.
func drained[T Row](w *Writer[T]) <-chan struct{} {
	close(w.order)
	w.order = nil
	return w.settled
}

// litter adds what a kill can leave: a torn journal line, a cut part, rejects
// of the open part.
func litter[T Row](t *testing.T, w *Writer[T]) {
	t.Helper()
	for name, content := range map[string]string{
		filepath.Join(w.stage.dir, journalName): `{"part":{"path":"data/par`,
		w.stage.tree(rejectsName):               "torn frame",
	} {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if err := os.WriteFile(w.stage.tree("data/part-00099-0123456789.parquet"), []byte("PAR1"), 0o644); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestCreateNeverOverwrites(t *testing.T) {
	rows := newGen(5).trajectories(5)
	uri := filepath.Join(t.TempDir(), "ds")
	build(t, uri, smallParts(1), rows)
	before := tree(t, uri)
	check := func(uri string, spec Spec, want error) {
		t.Helper()
		if _, err := Create[pipeline.Trajectory](t.Context(), uri, spec); !errors.Is(err, want) {
			t.Errorf("Create at %s gives %v, not %v", filepath.Base(uri), err, want)
		}
	}
	check(uri, smallParts(1), ErrExists)
	other := smallParts(1)
	other.Key = testKey("other")
	check(uri, other, ErrOther)
	foreign := filepath.Join(t.TempDir(), "home")
	if err := os.MkdirAll(filepath.Join(foreign, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, "sub", "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	check(foreign, other, ErrOther)
	same(t, "dataset", tree(t, uri), before)
	if _, err := CreateArtifact(t.Context(), uri, other); !errors.Is(err, ErrOther) {
		t.Errorf("CreateArtifact gives %v", err)
	}
}

func TestTwoWritersOfOneDataset(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1)); !errors.Is(err, ErrBusy) {
		t.Errorf("the second writer gets %v", err)
	}
	w.Abort()
	again, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1))
	if err != nil {
		t.Fatalf("after Abort: %v", err)
	}
	again.Abort()
}

func TestPublishDoesNotReplaceWhatAppeared(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := os.MkdirAll(filepath.Join(uri, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(t.Context()); !errors.Is(err, ErrOther) {
		t.Fatalf("Close gives %v", err)
	}
	same(t, "what was there", names(t, uri), []string{"x"})
}

func TestEmptyDatasetHasItsColumns(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	d := write[pipeline.Label](t, uri, testSpec(pipeline.KindLabels), nil)
	if len(d.Manifest.Parts) != 1 || len(readAll[pipeline.Label](t, d, ReadOptions{})) != 0 {
		t.Errorf("manifest %+v", d.Manifest)
	}
	mustVerify(t, uri)
}

func TestBadRowsAreRefusedAndNamed(t *testing.T) {
	bad := "ok\xff"
	good := newGen(6).trajectory()
	cases := map[string]func(*pipeline.Trajectory){
		"messages[1].content: not UTF-8 at byte 2": func(r *pipeline.Trajectory) {
			r.Messages = []pipeline.Message{{}, {Content: &bad}}
		},
		"messages[0].tool_calls[1].arguments: not UTF-8 at byte 2": func(r *pipeline.Trajectory) {
			r.Messages = []pipeline.Message{{ToolCalls: []pipeline.ToolCall{{}, {Arguments: bad}}}}
		},
		"origin.uri: not UTF-8 at byte 2": func(r *pipeline.Trajectory) { r.Origin.URI = bad },
		"patch: not UTF-8 at byte 2":      func(r *pipeline.Trajectory) { r.Patch = &bad },
		"trajectory_id is empty":          func(r *pipeline.Trajectory) { r.ID = "" },
	}
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for want, spoil := range cases {
		row := *good
		spoil(&row)
		if err := w.Add(&row, Cursor{2, 5}); err == nil || !strings.Contains(err.Error(), "input 2 row 5: "+want) {
			t.Errorf("Add gives %v, not %q", err, want)
		}
	}
	if err := w.Reject(pipeline.Reject{Reason: "dog ate it"}, Cursor{2, 5}); err == nil {
		t.Error("a reason outside the closed set is taken")
	}
	if err := w.Add(good, Cursor{2, 6}); err != nil {
		t.Fatal(err)
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := d.Manifest.Counts; c.In != 1 || c.Out != 1 {
		t.Errorf("refused rows are counted: %v", c)
	}
}

func TestLawsOfNarrowRows(t *testing.T) {
	one := 1.0
	refuse(t, pipeline.KindLabels, &pipeline.Label{TrajectoryID: "t", Verdict: "maybe"}, "verdict")
	refuse(t, pipeline.KindView, &pipeline.Selection{TrajectoryID: "t", Part: "p", Verdict: "unknown"}, "count 0")
	refuse(t, pipeline.KindView, &pipeline.Selection{TrajectoryID: "t", Count: 1, Verdict: "unknown"}, "no place")
	refuse(t, pipeline.KindScores, &pipeline.Score{TrajectoryID: "t"}, "no score and no reason")
	refuse(t, pipeline.KindScores, &pipeline.Score{TrajectoryID: "t", Score: &one, Reason: "overflow"}, "a score and a reason")
	refuse(t, pipeline.KindTokens, &pipeline.TokenRow{}, "trajectory_id is empty")
}

func refuse[T Row](t *testing.T, kind pipeline.Kind, row *T, want string) {
	t.Helper()
	w, err := Create[T](t.Context(), filepath.Join(t.TempDir(), "ds"), testSpec(kind))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.Add(row, Cursor{}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Add gives %v, not %q", err, want)
	}
}

func TestPositionsNeverGoBack(t *testing.T) {
	w, err := Create[pipeline.Trajectory](t.Context(), filepath.Join(t.TempDir(), "ds"), smallParts(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	g := newGen(7)
	if err := w.Add(g.trajectory(), Cursor{1, 0}); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(g.trajectory(), Cursor{0, 9}); err == nil {
		t.Error("an earlier position is taken")
	}
	if _, err := w.Close(t.Context()); err == nil {
		t.Error("a writer that was misused publishes")
	}
}

func TestExpectFindsLostRecords(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](t.Context(), uri, smallParts(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.Add(newGen(8).trajectory(), Cursor{}); err != nil {
		t.Fatal(err)
	}
	w.Expect(2)
	if _, err := w.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "2 candidate records were expected, 1 are") {
		t.Errorf("Close gives %v", err)
	}
	if _, err := Open(t.Context(), uri); !errors.Is(err, ErrNone) {
		t.Errorf("Open gives %v", err)
	}
}

func TestCancelledWriterPublishesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.Trajectory](ctx, uri, smallParts(2))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	rows := newGen(9).trajectories(100)
	if err := feed(w, rows, Cursor{}, 50); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := feed(w, rows, Cursor{0, 50}, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("Add gives %v", err)
	}
	if _, err := w.Close(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("Close gives %v", err)
	}
	if _, err := Open(t.Context(), uri); !errors.Is(err, ErrNone) {
		t.Errorf("Open gives %v", err)
	}
}

func TestAttachedFilesAreListed(t *testing.T) {
	uri := filepath.Join(t.TempDir(), "ds")
	w, err := Create[pipeline.TokenRow](t.Context(), uri, testSpec(pipeline.KindTokens))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, name := range []string{"manifest.json", "data/x", "../x", "/x", "", "README.md", "rejects/y"} {
		if err := w.Attach(name, nil); err == nil {
			t.Errorf("Attach(%q) is taken", name)
		}
	}
	if err := w.Attach("contract.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := d.ReadFile(t.Context(), "contract.json"); err != nil || string(raw) != "{}" {
		t.Errorf("ReadFile gives %q, %v", raw, err)
	}
	if !slices.ContainsFunc(d.Manifest.Files, func(p Part) bool { return p.Path == "contract.json" }) {
		t.Error("the manifest does not list contract.json")
	}
	mustVerify(t, uri)
}
