package trainer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

func testJoin(t *testing.T, cfg *Config) *join {
	t.Helper()
	dir := t.TempDir()
	tokens, err := createTokenFile(filepath.Join(dir, "tokens"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.close() })
	rejects, err := createRejects(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rejects.close() })
	return newJoin(cfg, 100, tokens, rejects)
}

func labelRows(labels ...pipeline.Label) func(func(dataset.Located[pipeline.Label], error) bool) {
	return func(yield func(dataset.Located[pipeline.Label], error) bool) {
		for i := range labels {
			if !yield(dataset.Located[pipeline.Label]{Row: int64(i), Value: &labels[i]}, nil) {
				return
			}
		}
	}
}

// Every row of a view with every fault is used once, dropped once with its
// reason, or failed once.
func TestJoinKeepsTheLaw(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Data.Scale = 100
	j := testJoin(t, cfg)
	if err := j.readLabels(labelRows(
		pipeline.Label{TrajectoryID: "good", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "good", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "dev", Verdict: pipeline.VerdictUnresolved},
		pipeline.Label{TrajectoryID: "infra", Verdict: pipeline.VerdictInfra},
		pipeline.Label{TrajectoryID: "no tokens", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "empty", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "foreign", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "count", Verdict: pipeline.VerdictResolved},
	)); err != nil {
		t.Fatal(err)
	}
	for i, s := range []pipeline.Selection{
		{TrajectoryID: "good", Split: "train", Scale: 50, TaskID: "a", Count: 3, Verdict: pipeline.VerdictUnresolved},
		{TrajectoryID: "good", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "dev", Split: "dev", TaskID: "b", Count: 1},
		{TrajectoryID: "test", Split: "test", TaskID: "c", Count: 1},
		{TrajectoryID: "large", Split: "train", Scale: 500, TaskID: "a", Count: 1},
		{TrajectoryID: "infra", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "unlabelled", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "no tokens", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "empty", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "foreign", Split: "train", Scale: 50, TaskID: "a", Count: 1},
		{TrajectoryID: "count", Split: "train", Scale: 50, TaskID: "a", Count: 0},
	} {
		if err := j.selection(&s, place{"data/part", int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range []pipeline.TokenRow{
		{TrajectoryID: "dev", IDs: []int32{1, 2}},
		{TrajectoryID: "elsewhere", IDs: []int32{1}},
		{TrajectoryID: "good", IDs: []int32{3, 4, 5}},
		{TrajectoryID: "good", IDs: []int32{9}},
		{TrajectoryID: "empty"},
		{TrajectoryID: "foreign", IDs: []int32{1, 100}},
		{TrajectoryID: "infra", IDs: []int32{1}},
	} {
		if err := j.tokenRow(&r, true, place{"data/tokens", int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.finish(); err != nil {
		t.Fatal(err)
	}
	want := pipeline.Counts{In: 11, Out: 2, Failed: 3, Dropped: map[pipeline.DropReason]int64{
		pipeline.DropDuplicate: 1, pipeline.DropOtherSplit: 1, pipeline.DropOtherScale: 1,
		pipeline.DropNoVerdict: 1, pipeline.DropNoLabel: 1, pipeline.DropNoTokens: 1}}
	if d := cmp.Diff(want, j.counts); d != "" {
		t.Error(d)
	}
	c := j.corpus
	if len(c.train) != 1 || len(c.dev) != 1 || c.train[0].target != 1 || c.train[0].count != 3 || c.dev[0].target != 0 {
		t.Fatalf("train %+v dev %+v", c.train, c.dev)
	}
	ids, err := c.tokens.read(nil, c.train[0].offset, c.train[0].length)
	if d := cmp.Diff([]int32{3, 4, 5}, ids); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestJoinWithoutViewTakesEveryTokenRow(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Objective.Name = ObjectiveNextToken
	j := testJoin(t, cfg)
	for i := range 5 {
		r := pipeline.TokenRow{TrajectoryID: fmt.Sprint(i % 4), TaskID: "a", IDs: []int32{int32(i), 1}}
		if err := j.tokenRow(&r, false, place{"data/tokens", int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.finish(); err != nil {
		t.Fatal(err)
	}
	if j.counts.String() != "5 in, 4 out, 1 dropped (duplicate)" {
		t.Error(j.counts)
	}
}

func TestJoinRefusesTwoVerdicts(t *testing.T) {
	err := testJoin(t, DefaultConfig()).readLabels(labelRows(
		pipeline.Label{TrajectoryID: "a", Verdict: pipeline.VerdictResolved},
		pipeline.Label{TrajectoryID: "a", Verdict: pipeline.VerdictUnresolved}))
	if !errors.Is(err, ErrTwoVerdicts) {
		t.Errorf("error %v", err)
	}
}

func TestTooManyVisits(t *testing.T) {
	j := testJoin(t, DefaultConfig())
	for i := range 2 {
		s := pipeline.Selection{TrajectoryID: fmt.Sprint(i), Split: "train", Count: maxVisits/2 + int32(i), Verdict: pipeline.VerdictResolved}
		if err := j.selection(&s, place{}); err != nil {
			t.Fatal(err)
		}
		if err := j.tokenRow(&pipeline.TokenRow{TrajectoryID: fmt.Sprint(i), IDs: []int32{1}}, true, place{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.finish(); !errors.Is(err, ErrTooManyVisits) {
		t.Errorf("error %v", err)
	}
}

// Whatever the three inputs hold, every row of the view is in one place.
func TestJoinOnRandomRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	id := func() string { return fmt.Sprint(rng.IntN(30)) }
	for range 60 {
		cfg := DefaultConfig()
		cfg.Data.Scale = rng.Int64N(3)
		j := testJoin(t, cfg)
		j.verdicts = map[string]pipeline.Verdict{}
		for range rng.IntN(40) {
			j.verdicts[id()] = pipeline.Verdicts()[rng.IntN(7)]
		}
		rows := rng.IntN(40)
		for i := range rows {
			s := pipeline.Selection{TrajectoryID: id(), Split: []string{"train", "dev", "test", ""}[rng.IntN(4)],
				Scale: rng.Int64N(4), Count: rng.Int32N(3), TaskID: id()}
			if err := j.selection(&s, place{row: int64(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range rng.IntN(60) {
			r := pipeline.TokenRow{TrajectoryID: id(), IDs: make([]int32, rng.IntN(3))}
			if len(r.IDs) > 0 {
				r.IDs[0] = rng.Int32N(120) - 5
			}
			if err := j.tokenRow(&r, true, place{row: int64(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.finish(); err != nil && !errors.Is(err, ErrNoSamples) {
			t.Fatal(err)
		}
		c := j.counts
		if err := c.Check(); err != nil || c.In != int64(rows) || c.Out != int64(len(j.corpus.train)+len(j.corpus.dev)) {
			t.Fatalf("%d rows, %s, %d train, %d dev, error %v", rows, c, len(j.corpus.train), len(j.corpus.dev), err)
		}
	}
}

func TestNothingToTrainOn(t *testing.T) {
	if err := testJoin(t, DefaultConfig()).finish(); !errors.Is(err, ErrNoSamples) {
		t.Errorf("error %v", err)
	}
}

func TestRejectsNameRowAndReason(t *testing.T) {
	dir := t.TempDir()
	r, err := createRejects(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := pipeline.Reject{Reason: "failed", URI: "data/part", Row: 7, ID: "x", Error: "no token"}
	if err := errors.Join(r.add(want), r.close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, rejectsName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var got pipeline.Reject
	if err := json.NewDecoder(z).Decode(&got); err != nil || got != want {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestChunk(t *testing.T) {
	list := []sample{{id: "a", offset: 10, length: 7}, {id: "b", offset: 17, length: 3}, {id: "c", offset: 20, length: 1}}
	var got [][2]int64
	for _, s := range chunk(list, 3) {
		got = append(got, [2]int64{s.offset, int64(s.length)})
	}
	if d := cmp.Diff([][2]int64{{10, 3}, {13, 3}, {17, 3}, {20, 1}}, got); d != "" {
		t.Error(d)
	}
	if len(chunk(list, 0)) != 3 {
		t.Error("0 does not mean whole")
	}
}
