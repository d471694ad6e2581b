package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline"
)

// gen makes records from a seed. Every optional field is absent, empty and
// present in turn, since null and empty must not be confused.
type gen struct{ *rand.Rand }

func newGen(seed uint64) gen { return gen{rand.New(rand.NewPCG(seed, 7))} }

func (g gen) text(maxLen int) string {
	words := []string{"fix", "patch", "\n", "déjà", "数据", "🙂", "", " ", "\x00", "assert x == 1", strings.Repeat("a", 40)}
	var b strings.Builder
	for n := g.IntN(maxLen + 1); b.Len() < n; {
		b.WriteString(words[g.IntN(len(words))])
		b.WriteString(" ")
	}
	return b.String()
}

func opt[V any](g gen, make func() V) *V {
	if g.IntN(3) == 0 {
		return nil
	}
	v := make()
	return &v
}

func (g gen) optText(maxLen int) *string { return opt(g, func() string { return g.text(maxLen) }) }
func (g gen) optInt32() *int32           { return opt(g, func() int32 { return int32(g.Uint32()) }) }
func (g gen) optInt64() *int64           { return opt(g, func() int64 { return int64(g.Uint64()) }) }
func (g gen) optFloat() *float64         { return opt(g, func() float64 { return g.NormFloat64() }) }

// slice is nil, empty or filled.
func slice[V any](g gen, maxLen int, make_ func() V) []V {
	if g.IntN(4) == 0 {
		return nil
	}
	s := make([]V, g.IntN(maxLen+1))
	for i := range s {
		s[i] = make_()
	}
	return s
}

func (g gen) call() pipeline.ToolCall {
	return pipeline.ToolCall{ID: g.optText(8), Name: g.text(10), Arguments: g.text(60)}
}

func (g gen) message() pipeline.Message {
	roles := []pipeline.Role{pipeline.RoleSystem, pipeline.RoleUser, pipeline.RoleAssistant, pipeline.RoleTool}
	return pipeline.Message{Role: roles[g.IntN(len(roles))], Kind: pipeline.KindAction,
		Content: g.optText(300), Reasoning: g.optText(50), RawOutput: g.optText(50), ReturnCode: g.optInt32(),
		Name: g.optText(9), ToolCallID: g.optText(9), ToolCalls: slice(g, 3, g.call),
		Mask: opt(g, func() bool { return g.IntN(2) == 0 }), Reward: g.optFloat(), Extra: g.optText(20)}
}

func (g gen) trajectory() *pipeline.Trajectory {
	t := &pipeline.Trajectory{
		InstanceID: g.optText(20), Repo: g.optText(20), BaseCommit: g.optText(20), TaskID: g.text(20),
		Source: fmt.Sprint("source-", g.IntN(3)), Policy: fmt.Sprint("policy-", g.IntN(3)), PolicyRaw: g.optText(9),
		Scaffold: "mini", Run: g.optText(9), Rollout: g.optInt32(), Attempt: g.optInt32(), ParentID: g.optText(9),
		Language: g.optText(4), CreatedAt: g.optText(10), License: g.optText(4), Environment: g.optText(9),
		Sampling: g.optText(20), Messages: slice(g, 12, g.message), Tools: g.optText(40), Patch: g.optText(200),
		ExitStatus: g.optText(9),
		Usage: pipeline.Usage{Turns: g.optInt32(), APICalls: g.optInt32(), CostUSD: g.optFloat(),
			PromptTokens: g.optInt64(), CompletionTokens: g.optInt64(), WallSeconds: g.optFloat()},
		Claims: g.optText(80), Extra: g.optText(30),
		Origin: pipeline.Origin{URI: g.text(20), Row: g.Int64(), ContentHash: g.text(9), Format: "f", Version: "1"},
	}
	t.ID = t.ComputeID()
	return t
}

func (g gen) trajectories(n int) []*pipeline.Trajectory {
	ts := make([]*pipeline.Trajectory, n)
	for i := range ts {
		ts[i] = g.trajectory()
	}
	return ts
}

func testKey(name string) pipeline.Key { return pipeline.HashKey([]byte(name)) }

func testSpec(kind pipeline.Kind) Spec {
	return Spec{Kind: kind, Stage: "test", StageVersion: 3, Config: map[string]any{"b": 1, "a": "x<y"},
		Key: testKey("k"), Parents: []Parent{{Port: "raw", URI: "in.jsonl", Key: testKey("p"), Kind: pipeline.KindRaw}}}
}

// write publishes rows, one source record each.
func write[T Row](t testing.TB, uri string, spec Spec, rows []*T) *Dataset {
	t.Helper()
	w, err := Create[T](t.Context(), uri, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, r := range rows {
		if err := w.Add(r, Cursor{0, int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func readAll[T Row](t testing.TB, d *Dataset, o ReadOptions) []*T {
	t.Helper()
	var rows []*T
	part, row := 0, int64(0)
	for l, err := range Read[T](t.Context(), d, o) {
		if err != nil {
			t.Fatal(err)
		}
		if l.Part != part {
			part, row = l.Part, 0
		}
		if l.Row != row || l.PartKey != d.Manifest.Parts[part].Key {
			t.Fatalf("row %d of part %d is called row %d of %s", row, part, l.Row, l.PartKey)
		}
		row++
		rows = append(rows, l.Value)
	}
	return rows
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// tree hashes every file below a directory.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		files[rel] = string(pipeline.HashKey(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func mustVerify(t testing.TB, uri string) Report {
	t.Helper()
	r, err := Verify(context.Background(), uri)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoundTripKeepsNullAndEmptyApart(t *testing.T) {
	g := newGen(1)
	t.Run("trajectories", func(t *testing.T) {
		roundTrip(t, pipeline.KindTrajectories, g.trajectories(200))
	})
	t.Run("labels", func(t *testing.T) { roundTrip(t, pipeline.KindLabels, g.labels(300)) })
	t.Run("view", func(t *testing.T) { roundTrip(t, pipeline.KindView, g.selections(300)) })
	t.Run("tokens", func(t *testing.T) { roundTrip(t, pipeline.KindTokens, g.tokens(300)) })
	t.Run("scores", func(t *testing.T) { roundTrip(t, pipeline.KindScores, g.scores(300)) })
}

func roundTrip[T Row](t *testing.T, kind pipeline.Kind, rows []*T) {
	t.Helper()
	uri := filepath.Join(t.TempDir(), "ds")
	d := write(t, uri, testSpec(kind), rows)
	same(t, "rows", readAll[T](t, d, ReadOptions{}), rows)
	again, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "manifest", again.Manifest, d.Manifest)
	if r := mustVerify(t, uri); r.Rows != int64(len(rows)) {
		t.Errorf("verify counts %d rows of %d", r.Rows, len(rows))
	}
	for _, name := range sortedKeys(tree(t, filepath.Dir(uri))) {
		if !strings.HasPrefix(name, "ds/") {
			t.Errorf("%s is left beside the dataset", name)
		}
	}
	var parsed map[string]any
	raw, _ := os.ReadFile(filepath.Join(uri, manifestName))
	if err := json.Unmarshal(raw, &parsed); err != nil {
		t.Error(err)
	}
}

func (g gen) labels(n int) []*pipeline.Label {
	rows := make([]*pipeline.Label, n)
	for i := range rows {
		verdicts := pipeline.Verdicts()
		rows[i] = &pipeline.Label{TrajectoryID: fmt.Sprint("t", i), PatchHash: g.optText(9),
			Verdict: verdicts[g.IntN(len(verdicts))], Reason: g.text(9), PassRate: g.optFloat(), Runs: g.optInt32(),
			Rules: g.text(5), RulesVersion: "1", Parser: g.text(5), ParserVersion: "2", Harness: "h", HarnessVersion: "3",
			F2PPass: g.optInt32(), F2PTotal: g.optInt32(), P2PPass: g.optInt32(), P2PTotal: g.optInt32(),
			StatusHash: g.optText(9), Findings: slice(g, 4, func() string { return g.text(12) }), EvidenceKey: g.optText(9)}
	}
	return rows
}

func (g gen) selections(n int) []*pipeline.Selection {
	rows := make([]*pipeline.Selection, n)
	for i := range rows {
		rows[i] = &pipeline.Selection{TrajectoryID: fmt.Sprint("t", i), Part: string(testKey("part")), Row: int64(i),
			Count: 1 + g.Int32N(3), Split: "train", Scale: g.Int64N(5), TaskID: g.text(9), Repo: g.optText(9),
			Source: "s", Policy: "p", Scaffold: "c", Verdict: pipeline.VerdictUnknown}
	}
	return rows
}

func (g gen) tokens(n int) []*pipeline.TokenRow {
	rows := make([]*pipeline.TokenRow, n)
	for i := range rows {
		rows[i] = &pipeline.TokenRow{TrajectoryID: fmt.Sprint("t", i), TaskID: g.text(9),
			IDs: slice(g, 500, func() int32 { return g.Int32N(150_000) }), TokensFull: g.Int32(), TokensElided: 2,
			Segments: 1, Overflow: g.text(4)}
	}
	return rows
}

func (g gen) scores(n int) []*pipeline.Score {
	rows := make([]*pipeline.Score, n)
	for i := range rows {
		s := &pipeline.Score{TrajectoryID: fmt.Sprint("t", i), TaskID: g.text(9), TokensRead: 5, TokensFull: 9}
		if g.IntN(3) == 0 {
			s.Reason = string(pipeline.DropOverflow)
		} else {
			yes, no, p := g.NormFloat64(), g.NormFloat64(), g.Float64()
			s.LogitYes, s.LogitNo, s.Score, s.LogitRest = &yes, &no, &p, g.optFloat()
		}
		rows[i] = s
	}
	return rows
}
