package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// publish writes rows as a dataset, in parts of partBytes.
func publish[T dataset.Row](t testing.TB, kind pipeline.Kind, rows []T, partBytes int64) *dataset.Dataset {
	t.Helper()
	uri := filepath.Join(t.TempDir(), string(kind))
	w, err := dataset.Create[T](t.Context(), uri, dataset.Spec{Kind: kind, Stage: "test", StageVersion: 1, Config: 1,
		Key: pipeline.HashKey([]byte(uri)), PartBytes: partBytes})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Add(&rows[i], dataset.Cursor{Row: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func pool(t testing.TB, n int) *dataset.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	var rows []pipeline.Trajectory
	for i := range n {
		traj := generated(rng)
		traj.TaskID = fmt.Sprint("task-", i)
		traj.Origin = pipeline.Origin{URI: "pool.jsonl", Row: int64(i), Format: "test", Version: "1"}
		traj.ID = traj.ComputeID()
		rows = append(rows, *traj)
	}
	return publish(t, pipeline.KindTrajectories, rows, 64<<10)
}

// runStage runs a stage as a runner does and returns what it wrote.
func runStage(t testing.TB, s *pipeline.Stage, edit func(pipeline.Config), workers int, inputs ...pipeline.Input) (*dataset.Dataset, *pipeline.Task, error) {
	t.Helper()
	cfg := s.NewConfig()
	if edit != nil {
		edit(cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	var keys []pipeline.InputKey
	for _, in := range inputs {
		keys = append(keys, pipeline.InputKey{Port: in.Port, Key: in.Key})
	}
	key, err := pipeline.TaskKey(s.Name, s.Version, cfg, keys)
	if err != nil {
		t.Fatal(err)
	}
	task := &pipeline.Task{Stage: s, Config: cfg, Inputs: inputs, Out: filepath.Join(t.TempDir(), "out"), Key: key, Workers: workers,
		Log: slog.New(slog.DiscardHandler), Progress: pipeline.NoProgress{}}
	if err := s.Run(t.Context(), task); err != nil {
		return nil, task, err
	}
	d, err := dataset.Open(t.Context(), task.Out)
	return d, task, err
}

func input(port string, d *dataset.Dataset) pipeline.Input {
	return pipeline.Input{Port: port, URI: d.URI, Kind: d.Manifest.Kind, Key: d.Manifest.Key}
}

// files returns the content of every file but those that name the places of parents.
func files(t testing.TB, d *dataset.Dataset) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(d.URI), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || p == "manifest.json" || p == "README.md" {
			return err
		}
		b, err := os.ReadFile(filepath.Join(d.URI, p))
		out[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func smallVocab(c pipeline.Config) {
	cfg := c.(*TokenizerConfig)
	cfg.VocabSize, cfg.SampleBytes = 300, 100<<10
}

func TestTokenizeStages(t *testing.T) {
	trajectories := pool(t, 120)
	if n := len(trajectories.Manifest.Parts); n < 3 {
		t.Fatalf("the pool has %d parts", n)
	}
	var first, firstTok map[string]string
	for _, workers := range []int{1, 5} {
		tok, task, err := runStage(t, TokenizerStage(), smallVocab, workers, input("dataset", trajectories))
		if err != nil {
			t.Fatal(err)
		}
		res := task.Result.(*TokenizerResult)
		if res.VocabSize != 300 || res.SampledBytes != 100<<10 || res.Counts.Out == 0 || res.Counts.Dropped[pipeline.DropNotSelected] == 0 {
			t.Errorf("tokenizer result %+v", res)
		}
		tokens, task, err := runStage(t, TokenizeStage(), func(c pipeline.Config) { c.(*Options).MaxTokens = 700 }, workers,
			input("dataset", trajectories), input("tokenizer", tok))
		if err != nil {
			t.Fatal(err)
		}
		checkTokens(t, trajectories, tokens, task.Result.(*TokenizeResult))
		if first == nil {
			first, firstTok = files(t, tokens), files(t, tok)
			continue
		}
		if diff := cmp.Diff(firstTok, files(t, tok)); diff != "" {
			t.Errorf("%d workers give another tokenizer", workers)
		}
		if diff := cmp.Diff(first, files(t, tokens)); diff != "" {
			t.Errorf("%d workers give other tokens: %s", workers, diff)
		}
	}
}

// checkTokens encodes every row again by the contract that the dataset names.
func checkTokens(t *testing.T, trajectories, tokens *dataset.Dataset, res *TokenizeResult) {
	t.Helper()
	c, err := Of(t.Context(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range tokens.Manifest.Parents {
		if p.Port == "tokenizer" {
			tok, err := tokenizer.Load(filepath.Join(tokens.ParentURI(p), TokenizerFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Bind(tok); err != nil {
				t.Fatal(err)
			}
		}
	}
	side, err := tokens.ReadFile(t.Context(), ContractFile)
	if err != nil {
		t.Fatal(err)
	}
	if beside, err := Parse(side); err != nil || beside.Hash() != c.Hash() || res.Contract != c.Hash() {
		t.Errorf("%s differs from the manifest's contract: %v", ContractFile, err)
	}
	var want []pipeline.TokenRow
	dropped := int64(0)
	for row, err := range dataset.Read[pipeline.Trajectory](t.Context(), trajectories, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Encode(row.Value, nil)
		if err != nil {
			dropped++
			continue
		}
		want = append(want, r)
	}
	var got []pipeline.TokenRow
	for row, err := range dataset.Read[pipeline.TokenRow](t.Context(), tokens, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *row.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows differ: %.2000s", diff)
	}
	counts := tokens.Manifest.Counts
	if err := counts.Check(); err != nil || counts.In != trajectories.Rows() || counts.Dropped[pipeline.DropOverflow] != dropped || counts.Out != res.Rows {
		t.Errorf("counts %v, want %d dropped: %v", counts, dropped, err)
	}
	if res.RowsElided == 0 || res.ShareRead == nil || *res.ShareRead >= 1 || *res.ShareRead < 0.1 {
		t.Errorf("result %+v", res)
	}
	if _, err := dataset.Verify(t.Context(), tokens.URI); err != nil {
		t.Error(err)
	}
}

func TestTokenizeDropsAndKeepsEvidence(t *testing.T) {
	trajectories := pool(t, 60)
	tok := fileTokenizer(t)
	tokens, task, err := runStage(t, TokenizeStage(), func(c pipeline.Config) { *c.(*Options) = Options{MaxTokens: 600, Overflow: OverflowDrop} }, 3,
		input("dataset", trajectories), input("tokenizer", tok))
	if err != nil {
		t.Fatal(err)
	}
	res := task.Result.(*TokenizeResult)
	n := int64(0)
	for r, err := range dataset.Rejects(t.Context(), tokens) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Reason != string(pipeline.DropOverflow) || r.URI != "pool.jsonl" || r.ID == "" || !strings.Contains(r.Error, "the limit is 600") {
			t.Errorf("reject %+v", r)
		}
		n++
	}
	if n == 0 || n != res.Counts.Dropped[pipeline.DropOverflow] || res.TokensElided != 0 {
		t.Errorf("%d rejects, result %+v", n, res)
	}
}

// fileTokenizer is the tokenizer artifact made from a file.
func fileTokenizer(t testing.TB) *dataset.Dataset {
	t.Helper()
	path := filepath.Join(t.TempDir(), "given.json")
	if err := os.WriteFile(path, small(t).JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	d, _, err := runStage(t, TokenizerStage(), nil, 1, pipeline.Input{Port: "file", URI: path, Kind: pipeline.KindRaw, Key: pipeline.HashKey(small(t).JSON())})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTokenizerFromFile(t *testing.T) {
	got := files(t, fileTokenizer(t))
	if got[TokenizerFile] != string(small(t).JSON()) {
		t.Error("tokenizer.json is not the file that was given")
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(got["tokenizer_config.json"]), &config); err != nil || config["eos_token"] != "<|im_end|>" {
		t.Errorf("tokenizer_config.json is %v: %v", config, err)
	}
	_, _, err := runStage(t, TokenizerStage(), nil, 1)
	if err == nil || !strings.Contains(err.Error(), "connect port") {
		t.Errorf("no input gives %v", err)
	}
}

// view selects every third row twice, the rows in between as another split.
func view(t testing.TB, trajectories *dataset.Dataset) *dataset.Dataset {
	t.Helper()
	var rows []pipeline.Selection
	i := 0
	for row, err := range dataset.Scalars(t.Context(), trajectories) {
		if err != nil {
			t.Fatal(err)
		}
		s := pipeline.Selection{TrajectoryID: row.Value.ID, Part: string(row.PartKey), Row: row.Row, Count: 1, TaskID: row.Value.TaskID,
			Split: pipeline.SplitTest, Source: "s", Policy: "p", Scaffold: "h", Verdict: pipeline.VerdictUnknown}
		if i%3 == 0 {
			s.Split = pipeline.SplitTrain
			rows = append(rows, s, s)
		} else if i%3 == 1 {
			rows = append(rows, s)
		}
		i++
	}
	slices.Reverse(rows)
	return publish(t, pipeline.KindView, rows, 0)
}

func TestStagesOverAView(t *testing.T) {
	trajectories := pool(t, 90)
	v := view(t, trajectories)
	_, task, err := runStage(t, TokenizerStage(), smallVocab, 2, input("dataset", trajectories), input("view", v))
	if err != nil {
		t.Fatal(err)
	}
	counts := task.Result.(*TokenizerResult).Counts
	if counts.Dropped[pipeline.DropOtherSplit] != 60 || counts.Out+counts.Dropped[pipeline.DropNotSelected] != 30 {
		t.Errorf("of 30 training rows: %v", counts)
	}
	tokens, task, err := runStage(t, TokenizeStage(), nil, 2, input("dataset", trajectories), input("tokenizer", fileTokenizer(t)), input("view", v))
	if err != nil {
		t.Fatal(err)
	}
	if got := tokens.Manifest.Counts; got.In != 60 || got.Out != 60 {
		t.Errorf("of 60 distinct rows of the view: %v", got)
	}
	other := pool(t, 3)
	_, _, err = runStage(t, TokenizeStage(), nil, 2, input("dataset", other), input("tokenizer", fileTokenizer(t)), input("view", v))
	if err == nil || !strings.Contains(err.Error(), "another dataset") {
		t.Errorf("a view of another dataset gives %v", err)
	}
	_ = task
}

// stopping cancels a run after a number of reports.
type stopping struct {
	pipeline.NoProgress
	left   atomic.Int64
	cancel context.CancelFunc
}

func (s *stopping) Add(int64) {
	if s.left.Add(-1) == 0 {
		s.cancel()
	}
}

// TestTokenizeResumes kills runs at growing distances and ends with the bytes
// of a run that was never killed.
func TestTokenizeResumes(t *testing.T) {
	trajectories := pool(t, 80)
	tok := fileTokenizer(t)
	for _, in := range [][]pipeline.Input{
		{input("dataset", trajectories), input("tokenizer", tok)},
		{input("dataset", trajectories), input("tokenizer", tok), input("view", view(t, trajectories))},
	} {
		run := func(ctx context.Context, out string, p pipeline.Progress) error {
			task := &pipeline.Task{Stage: TokenizeStage(), Config: TokenizeStage().NewConfig(), Inputs: in, Out: out, Key: pipeline.HashKey([]byte("k")),
				Workers: 3, Log: slog.New(slog.DiscardHandler), Progress: p}
			c, err := contractFor(ctx, task, *task.Config.(*Options))
			if err != nil {
				return err
			}
			src, err := newSource(ctx, task)
			if err != nil {
				return err
			}
			spec := dataset.SpecOf(task)
			spec.PartBytes = 16 << 10
			w, err := dataset.Create[pipeline.TokenRow](ctx, out, spec)
			if err != nil {
				return err
			}
			defer w.Abort()
			w.Expect(src.rows)
			from, _, _ := w.Resume()
			if err := encodeAll(ctx, task, c, src, from, w); err != nil {
				return err
			}
			_, err = w.Close(ctx)
			return err
		}
		dir := t.TempDir()
		whole, broken := filepath.Join(dir, "whole"), filepath.Join(dir, "broken")
		if err := run(t.Context(), whole, pipeline.NoProgress{}); err != nil {
			t.Fatal(err)
		}
		resumed := 0
		for n := int64(5); ; n += 8 {
			ctx, cancel := context.WithCancel(t.Context())
			stop := &stopping{cancel: cancel}
			stop.left.Store(n)
			err := run(ctx, broken, stop)
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			resumed++
		}
		if resumed < 2 {
			t.Errorf("only %d runs were killed", resumed)
		}
		a, err := dataset.Open(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		b, err := dataset.Open(t.Context(), broken)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Manifest.Parts) < 3 {
			t.Errorf("only %d parts", len(a.Manifest.Parts))
		}
		if diff := cmp.Diff(files(t, a), files(t, b)); diff != "" {
			t.Errorf("resumed runs differ: %.1000s", diff)
		}
	}
}
