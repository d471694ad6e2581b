package dataset

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/swerm/swerm/pipeline"
)

func readSet(t testing.TB) (*Dataset, []*pipeline.Trajectory) {
	t.Helper()
	rows := newGen(20).trajectories(500)
	spec := testSpec(pipeline.KindTrajectories)
	spec.PartBytes = 200_000
	return write(t, filepath.Join(t.TempDir(), "ds"), spec, rows), rows
}

func TestReadAtReadsChosenRows(t *testing.T) {
	d, rows := readSet(t)
	var all []Ref
	for i, p := range d.Manifest.Parts {
		_ = i
		for r := range p.Rows {
			all = append(all, Ref{p.Key, r})
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 40, 500, 900} {
		var refs []Ref
		var want []*pipeline.Trajectory
		picked := make([]int, len(all))
		for range n {
			k := rng.IntN(len(all))
			picked[k]++
			refs = append(refs, all[k])
		}
		for k, times := range picked {
			for range times {
				want = append(want, rows[k])
			}
		}
		d.SortRefs(refs)
		var got []*pipeline.Trajectory
		for l, err := range ReadAt[pipeline.Trajectory](t.Context(), d, refs, ReadOptions{Workers: 1 + n%3}) {
			if err != nil {
				t.Fatal(err)
			}
			if (Ref{l.PartKey, l.Row}) != refs[len(got)] {
				t.Fatalf("row %d is %v, asked for %v", len(got), l, refs[len(got)])
			}
			got = append(got, l.Value)
		}
		same(t, "rows", got, want)
	}
}

func TestReadAtRefusesBadRefs(t *testing.T) {
	d, _ := readSet(t)
	key := d.Manifest.Parts[0].Key
	for want, refs := range map[string][]Ref{
		"no part":         {{testKey("x"), 0}},
		"no such row":     {{key, 1 << 40}},
		"row -1":          {{key, -1}},
		"not sorted":      {{key, 2}, {key, 1}},
		"not sorted by p": {{d.Manifest.Parts[1].Key, 0}, {key, 1}},
	} {
		var err error
		for _, err = range ReadAt[pipeline.Trajectory](t.Context(), d, refs, ReadOptions{}) {
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v", refs, err)
		}
	}
}

func TestColumnsAreReadAlone(t *testing.T) {
	d, rows := readSet(t)
	for i, r := range readAll[pipeline.Trajectory](t, d, ReadOptions{Columns: []string{"patch", "trajectory_id", "usage"}}) {
		same(t, "row", *r, pipeline.Trajectory{ID: rows[i].ID, Patch: rows[i].Patch, Usage: rows[i].Usage})
	}
	for name, want := range map[string]string{"verdict": `no column "verdict"`, "messages.x": `messages: no column "x"`,
		"patch.x": `column "patch" has no parts`, "": "no column"} {
		for _, err := range Read[pipeline.Trajectory](t.Context(), d, ReadOptions{Columns: []string{name}}) {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q gives %v", name, err)
			}
		}
	}
}

func TestPartsOfColumnsAreReadAlone(t *testing.T) {
	d, rows := readSet(t)
	o := ReadOptions{Columns: []string{"messages.content", "messages.tool_calls.arguments", "messages.role", "usage.turns", "messages.role", "patch"}}
	for i, got := range readAll[pipeline.Trajectory](t, d, o) {
		want := pipeline.Trajectory{Patch: rows[i].Patch, Usage: pipeline.Usage{Turns: rows[i].Usage.Turns}}
		if rows[i].Messages != nil {
			want.Messages = []pipeline.Message{}
		}
		for _, m := range rows[i].Messages {
			part := pipeline.Message{Role: m.Role, Content: m.Content}
			if m.ToolCalls != nil {
				part.ToolCalls = []pipeline.ToolCall{}
			}
			for _, c := range m.ToolCalls {
				part.ToolCalls = append(part.ToolCalls, pipeline.ToolCall{Arguments: c.Arguments})
			}
			want.Messages = append(want.Messages, part)
		}
		same(t, "row", *got, want)
	}
}

func TestScalarsAgreeWithRows(t *testing.T) {
	d, rows := readSet(t)
	i := 0
	for l, err := range Scalars(t.Context(), d) {
		if err != nil {
			t.Fatal(err)
		}
		want := *rows[i]
		want.Messages, want.Tools, want.Patch, want.Claims = nil, nil, nil, nil
		same(t, "scalars", *l.Value, want)
		same(t, "facts", l.Facts, factsOf(rows[i]))
		i++
	}
	if i != len(rows) {
		t.Errorf("%d rows of %d", i, len(rows))
	}
}

func TestReadOfAnotherKindIsRefused(t *testing.T) {
	d, _ := readSet(t)
	for _, err := range Read[pipeline.Label](t.Context(), d, ReadOptions{}) {
		if err == nil || !strings.Contains(err.Error(), "holds trajectories, not labels") {
			t.Errorf("err = %v", err)
		}
	}
	if _, err := OpenKind(t.Context(), d.URI, pipeline.KindScores); err == nil {
		t.Error("OpenKind takes another kind")
	}
}

// TestReadEndsCleanly leaves streams in every way and looks for what they leave behind.
func TestReadEndsCleanly(t *testing.T) {
	d, rows := readSet(t)
	before := runtime.NumGoroutine()
	for stop := range 20 {
		n := 0
		for _, err := range Read[pipeline.Trajectory](t.Context(), d, ReadOptions{Workers: 4}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > stop*9 {
				break
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	n, last := 0, error(nil)
	for _, err := range Read[pipeline.Trajectory](ctx, d, ReadOptions{Workers: 2}) {
		if last = err; err != nil {
			break
		}
		if n++; n == 100 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n == len(rows) {
		t.Errorf("a cancelled read ends with %v after %d rows", last, n)
	}
	cancel()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestDamagedPartIsAnErrorThatNamesIt(t *testing.T) {
	d, _ := readSet(t)
	p := d.Manifest.Parts[1]
	file := filepath.Join(d.URI, filepath.FromSlash(p.Path))
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/3] ^= 0x10
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	var last error
	n := int64(0)
	for _, last = range Read[pipeline.Trajectory](t.Context(), d, ReadOptions{}) {
		n++
	}
	if last == nil || !strings.Contains(last.Error(), p.Path) {
		t.Errorf("err = %v", last)
	}
	if n <= d.Manifest.Parts[0].Rows {
		t.Errorf("the undamaged part gives %d rows", n)
	}
}

func TestDatasetThatIsNotThere(t *testing.T) {
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "x")); !errors.Is(err, ErrNone) {
		t.Errorf("err = %v", err)
	}
}
