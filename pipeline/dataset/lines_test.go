package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/swerm/swerm/pipeline"
)

func linesOf(t testing.TB, d *Dataset, o ReadOptions) []string {
	t.Helper()
	stream, err := Lines(t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for l, err := range stream {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(l))
	}
	return lines
}

func TestLinesHoldEveryValue(t *testing.T) {
	g := newGen(30)
	t.Run("trajectories", func(t *testing.T) {
		compareLines(t, pipeline.KindTrajectories, g.trajectories(150))
	})
	t.Run("labels", func(t *testing.T) { compareLines(t, pipeline.KindLabels, g.labels(700)) })
	t.Run("view", func(t *testing.T) { compareLines(t, pipeline.KindView, g.selections(700)) })
	t.Run("tokens", func(t *testing.T) { compareLines(t, pipeline.KindTokens, g.tokens(700)) })
	t.Run("scores", func(t *testing.T) { compareLines(t, pipeline.KindScores, g.scores(700)) })
}

// compareLines wants what Arrow's own JSON of the rows that were written says,
// and the columns in their order.
func compareLines[T Row](t *testing.T, kind pipeline.Kind, rows []*T) {
	t.Helper()
	spec := testSpec(kind)
	spec.PartBytes = 30_000
	d := write(t, filepath.Join(t.TempDir(), "ds"), spec, rows)
	if len(d.Manifest.Parts) < 2 {
		t.Fatalf("%d parts", len(d.Manifest.Parts))
	}
	c := codecOf[T]()
	raw, err := batchOf(t, c, rows).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var want []any
	decode(t, raw, &want)
	for _, workers := range []int{1, 3} {
		lines := linesOf(t, d, ReadOptions{Workers: workers})
		if len(lines) != len(want) {
			t.Fatalf("%d lines of %d rows", len(lines), len(want))
		}
		for i, l := range lines {
			var got any
			decode(t, []byte(l), &got)
			same(t, fmt.Sprint("row ", i), got, want[i])
		}
		last := -1
		for _, f := range c.schema.Fields() {
			at := strings.Index(lines[0][last+1:], `"`+f.Name+`":`) + last + 1 // nested names may come before
			if at <= last {
				t.Errorf("column %s is out of order in %s", f.Name, lines[0])
			}
			last = at
		}
	}
}

func decode(t *testing.T, text []byte, v any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func TestLinesOfSomeColumns(t *testing.T) {
	d, rows := readSet(t)
	o := ReadOptions{Columns: []string{"usage.turns", "policy", "messages.tool_calls.name"}}
	for i, l := range linesOf(t, d, o) {
		var got struct {
			Policy   string
			Messages []struct {
				Calls []map[string]string `json:"tool_calls"`
			}
			Usage map[string]*int32
		}
		if err := json.Unmarshal([]byte(l), &got); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(l, `{"policy":`) || got.Policy != rows[i].Policy || len(got.Messages) != len(rows[i].Messages) || len(got.Usage) != 1 {
			t.Fatalf("row %d: %s", i, l)
		}
		for m, msg := range got.Messages {
			for k, c := range msg.Calls {
				if len(c) != 1 || c["name"] != rows[i].Messages[m].ToolCalls[k].Name {
					t.Fatalf("row %d: %s", i, l)
				}
			}
		}
	}
	if lines := linesOf(t, d, ReadOptions{Columns: []string{}}); len(lines) != len(rows) || lines[0] != "{}" {
		t.Errorf("no columns give %q", lines[:1])
	}
}

func TestLinesThatCannotBe(t *testing.T) {
	d, _ := readSet(t)
	if _, err := Lines(t.Context(), d, ReadOptions{Columns: []string{"verdict"}}); err == nil || !strings.Contains(err.Error(), `no column "verdict"`) {
		t.Errorf("err = %v", err)
	}
	d.Manifest.Kind = pipeline.KindCheckpoint
	if _, err := Lines(t.Context(), d, ReadOptions{}); err == nil || !strings.Contains(err.Error(), "a checkpoint has no rows") {
		t.Errorf("err = %v", err)
	}
	nan := math.NaN()
	scores := []*pipeline.Score{{TrajectoryID: "t", LogitYes: &nan, LogitNo: &nan, Score: &nan}}
	d = write(t, filepath.Join(t.TempDir(), "ds"), testSpec(pipeline.KindScores), scores)
	stream, err := Lines(t.Context(), d, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range stream {
	}
	if err == nil || !strings.Contains(err.Error(), "row 0: column logit_yes: NaN is no number") {
		t.Errorf("err = %v", err)
	}
}

func TestLinesAreSafeToShow(t *testing.T) {
	evil := "\x1b]0;title\a \x7f \u009b2J \u202e \u2028 \"\\ \U0001f642 é\x00"
	d := write(t, filepath.Join(t.TempDir(), "ds"), testSpec(pipeline.KindTokens), []*pipeline.TokenRow{{TrajectoryID: evil}})
	l := linesOf(t, d, ReadOptions{Columns: []string{"trajectory_id"}})[0]
	for _, r := range l {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("%U is in %s", r, l)
		}
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(l), &got); err != nil || got["trajectory_id"] != evil {
		t.Errorf("%v: %q, want %q", err, got, evil)
	}
}

func BenchmarkLines(b *testing.B) {
	d, bytes := benchSet(b, "zstd")
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		linesOf(b, d, ReadOptions{})
	}
}
