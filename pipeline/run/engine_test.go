package run

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

const chain = `
name: chain
out: ${DIR}/out
stages:
  - {id: import, stage: import, inputs: {raw: ["${DIR}/raw", "${DIR}/other/*.json"]}}
  - {id: label, stage: label_reports, inputs: {dataset: import}}
  - {id: mix, stage: mix, inputs: {dataset: import, labels: label}}
  - {id: side, stage: mix, inputs: {dataset: import}, with: {text: side}}
  - {id: train, stage: train, inputs: {view: mix}}
`

func mustRun(t *testing.T, f *File, o Options) *Summary {
	t.Helper()
	s, err := f.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func states(s *Summary) map[string]string {
	m := map[string]string{}
	for _, r := range s.Rows {
		m[r.ID] = r.State
	}
	return m
}

func TestSecondRunDoesNothing(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); len(got) != 5 {
		t.Fatalf("ran %v, want five stages", got)
	}
	before := snapshot(t, filepath.Join(dir, "out"))
	s := mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); got != nil {
		t.Errorf("second run ran %v", got)
	}
	for id, state := range states(s) {
		if state != StateCached {
			t.Errorf("%s is %s", id, state)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, filepath.Join(dir, "out"))); diff != "" {
		t.Errorf("the second run changed files: %s", diff)
	}
}

// snapshot maps every file below dir to its text.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		files[strings.TrimPrefix(p, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestChangedConfigRunsDependentsOnly(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	mustRun(t, load(t, f, dir, chain), Options{})
	f.took()
	for _, c := range []struct {
		settings []string
		want     []string
	}{
		{[]string{"label.text=x"}, []string{"label", "mix", "train"}},
		{[]string{"side.text=other"}, []string{"side"}},
		{[]string{"import.optim.lr=2"}, []string{"import", "label", "mix", "side", "train"}},
		{[]string{"name=renamed"}, nil},
	} {
		mustRun(t, load(t, f, dir, chain, c.settings...), Options{})
		got := f.took()
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.settings, diff)
		}
	}
	// Back to the first config: everything is still there.
	mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); got != nil {
		t.Errorf("ran %v", got)
	}
}

func TestChangedInputRunsAgain(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	a := mustRun(t, load(t, f, dir, chain), Options{})
	write(t, filepath.Join(dir, "raw/sub/b.json"), "owt") // same size
	b := mustRun(t, load(t, f, dir, chain), Options{})
	if a.Rows[0].Key == b.Rows[0].Key {
		t.Error("another content has the same key")
	}
	write(t, filepath.Join(dir, "raw/sub/b.json"), "two")
	c := mustRun(t, load(t, f, dir, chain), Options{})
	if a.Rows[0].Key != c.Rows[0].Key {
		t.Error("the first content has another key")
	}
	write(t, filepath.Join(dir, "raw/new.json"), "new")
	d := mustRun(t, load(t, f, dir, chain), Options{})
	if a.Rows[0].Key == d.Rows[0].Key {
		t.Error("one more file has the same key")
	}
}

func TestKeysAreStable(t *testing.T) {
	f := &fakes{}
	one, two := newDir(t), newDir(t) // another place, the same content
	a, err := load(t, f, one, chain).Plan(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := load(t, f, two, chain).Plan(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Tasks {
		if a.Tasks[i].Key != b.Tasks[i].Key {
			t.Errorf("%s: key depends on the place", a.Tasks[i].Step.ID)
		}
	}
	// Held as a value: a change of it makes every dataset be made again.
	if got, want := a.Tasks[0].Key, pipeline.Key("0b46976662f16d7c23a14efb1b3d688a"); got != want {
		t.Errorf("key of import is %s, was %s", got, want)
	}
	if _, err := os.Stat(filepath.Join(one, "out")); err == nil {
		t.Error("a plan wrote something")
	}
}

func TestFailureKeepsTheOthers(t *testing.T) {
	for _, how := range []string{"label.break=true", "label.panics=true", "label.lie=true"} {
		f, dir := &fakes{}, newDir(t)
		s, err := load(t, f, dir, chain, how).Run(context.Background(), Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "label: ") {
			t.Fatalf("%s: %v", how, err)
		}
		want := map[string]string{"import": StateDone, "label": StateFailed, "mix": StateSkipped, "side": StateDone, "train": StateSkipped}
		if diff := cmp.Diff(want, states(s)); diff != "" {
			t.Error(how, diff)
		}
		f.took()
		mustRun(t, load(t, f, dir, chain), Options{})
		got := f.took()
		slices.Sort(got)
		if diff := cmp.Diff([]string{"label", "mix", "train"}, got); diff != "" {
			t.Error(how, diff)
		}
	}
}

func TestTooManyRejects(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	for i := range 2 { // the same when everything is cached
		_, err := load(t, f, dir, chain, "side.fail=3").Run(context.Background(), Options{})
		if !errors.Is(err, ErrRejects) {
			t.Errorf("run %d: %v", i, err)
		}
	}
	for _, allowed := range []string{"max_reject=3", "max_reject=-1"} {
		mustRun(t, load(t, f, dir, chain, "side.fail=3", allowed), Options{})
	}
}

func TestCancelledRunIsResumed(t *testing.T) {
	f, dir := &fakes{wait: make(chan struct{}), inside: make(chan string, 9)}, newDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-f.inside; cancel() }()
	s, err := load(t, f, dir, chain).Run(ctx, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for id, state := range states(s) {
		if state != StateInterrupted {
			t.Errorf("%s is %s", id, state)
		}
	}
	f.wait = nil
	f.took()
	mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); len(got) != 5 {
		t.Errorf("ran %v", got)
	}
	events, err := ReadLedger(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		if e.ID == "import" {
			kinds = append(kinds, e.Event)
		}
	}
	if diff := cmp.Diff([]string{EventStart, EventInterrupt, EventStart, EventFinish}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestFrom(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	mustRun(t, load(t, f, dir, chain), Options{})
	f.took()
	mustRun(t, load(t, f, dir, chain), Options{From: "label"})
	got := f.took()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"label", "mix", "train"}, got); diff != "" {
		t.Error(diff)
	}
	// An attempt that fails leaves the output that was there.
	file := load(t, f, dir, chain)
	for _, s := range file.Steps {
		if s.ID == "label" {
			s.Stage = &pipeline.Stage{Name: s.Stage.Name, Version: 1, Inputs: s.Stage.Inputs, Output: s.Stage.Output,
				Run: func(context.Context, *pipeline.Task) error { return errors.New("no") }}
		}
	}
	if _, err := file.Run(context.Background(), Options{From: "label"}); err == nil {
		t.Fatal("no error")
	}
	mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); got != nil {
		t.Errorf("ran %v", got)
	}
	if _, err := load(t, f, dir, chain).Run(context.Background(), Options{From: "lable"}); err == nil || !strings.Contains(err.Error(), "did you mean label?") {
		t.Error(err)
	}
	// A run killed between the two renames.
	out := filepath.Join(dir, "out")
	st, err := ReadState(out)
	if err != nil {
		t.Fatal(err)
	}
	name := st.Stages["label"].Path
	if err := os.Mkdir(filepath.Join(out, asideDir), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(out, name), filepath.Join(out, asideDir, name)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, load(t, f, dir, chain), Options{})
	if got := f.took(); got != nil {
		t.Errorf("ran %v", got)
	}
}

func TestWorkersAreBounded(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		f, dir := &fakes{}, newDir(t)
		mustRun(t, load(t, f, dir, chain), Options{Workers: n})
		if f.peak > n {
			t.Errorf("%d workers at a time with a bound of %d", f.peak, n)
		}
	}
}

func TestLock(t *testing.T) {
	f, dir := &fakes{wait: make(chan struct{}), inside: make(chan string, 9)}, newDir(t)
	first := make(chan error, 1)
	go func() {
		_, err := load(t, f, dir, chain).Run(context.Background(), Options{})
		first <- err
	}()
	<-f.inside
	g := &fakes{}
	_, err := load(t, g, dir, chain).Run(context.Background(), Options{NoWait: true})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("no wait: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := load(t, g, dir, chain).Run(ctx, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	var log bytes.Buffer
	second := make(chan error, 1)
	go func() {
		_, err := load(t, g, dir, chain).Run(context.Background(), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		second <- err
	}()
	time.Sleep(20 * time.Millisecond)
	close(f.wait)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
	if got := g.took(); got != nil {
		t.Errorf("the second run ran %v, after the first had done it", got)
	}
	if !strings.Contains(log.String(), "waiting for the run directory") {
		t.Errorf("the wait was silent: %q", log.String())
	}
}

func TestStaleLockIsNoLock(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	write(t, filepath.Join(dir, "out", ".lock"), `{"pid":1,"host":"gone"}`)
	mustRun(t, load(t, f, dir, chain), Options{NoWait: true})
}

func TestTornLedgerIsMended(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	write(t, filepath.Join(dir, "out", ledgerName), `{"event":"start","id":"impo`)
	mustRun(t, load(t, f, dir, chain), Options{})
	events, err := ReadLedger(filepath.Join(dir, "out"))
	if err != nil || len(events) != 10 {
		t.Errorf("%d events, %v; want 10", len(events), err)
	}
}

func TestForeignOutputIsNotOverwritten(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	s := mustRun(t, load(t, f, dir, chain), Options{})
	if err := os.RemoveAll(s.Rows[0].URI); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.Rows[1].URI, s.Rows[0].URI); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, f, dir, chain).Run(context.Background(), Options{}); !errors.Is(err, dataset.ErrOther) {
		t.Errorf("another dataset in the place: %v", err)
	}
	write(t, filepath.Join(s.Rows[0].URI, "manifest.json"), "{")
	_, err := load(t, f, dir, chain).Run(context.Background(), Options{})
	if err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("a damaged manifest: %v", err)
	}
}

func TestKernelsAreNotMixed(t *testing.T) {
	text := chain + "  - {id: score, stage: score, inputs: {checkpoint: train}, with: {text: avx2}}\n"
	f, dir := &fakes{}, newDir(t)
	mustRun(t, load(t, f, dir, text, "train.text=avx2"), Options{Kernel: "avx2"})
	again := load(t, f, dir, text, "train.text=avx2", "score.optim.lr=3")
	if _, err := again.Run(context.Background(), Options{Kernel: "avx512"}); !errors.Is(err, ErrKernels) {
		t.Errorf("%v", err)
	}
	mustRun(t, again, Options{Kernel: "avx512", MixKernels: true})
	// What is all done is not computed, so nothing is mixed.
	mustRun(t, load(t, f, dir, text, "train.text=avx2"), Options{Kernel: "avx512"})
}

// TestKernelOfAConfig: what a step was computed with is held against what its own
// config would be computed with now, not against its follower's.
func TestKernelOfAConfig(t *testing.T) {
	text := chain + "  - {id: score, stage: score, inputs: {checkpoint: train}, with: {text: avx512}}\n"
	f, dir := &fakes{}, newDir(t)
	settings := []string{"train.text=tiles", "train.optim.lr=2", "mix.text=avx512"}
	mustRun(t, load(t, f, dir, text, settings...), Options{Kernel: "avx512"})
	mustRun(t, load(t, f, dir, text, append(settings, "score.optim.lr=3")...), Options{Kernel: "avx512"})
	settings[0] = "train.text=avx512" // as if by a process that was forced to
	mustRun(t, load(t, f, dir, text, settings...), Options{Kernel: "avx512"})
	again := load(t, f, dir, text, append(settings, "score.optim.lr=4")...)
	if _, err := again.Run(context.Background(), Options{Kernel: "avx512"}); !errors.Is(err, ErrKernels) {
		t.Errorf("%v", err)
	}
}

func TestRawOutputOfAStage(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	text := "out: ${DIR}/out\nstages:\n  - {id: plant, stage: plant}\n  - {id: import, stage: import, inputs: {raw: plant}}\n"
	mustRun(t, load(t, f, dir, text), Options{})
	if diff := cmp.Diff([]string{"plant", "import"}, f.took()); diff != "" {
		t.Error(diff)
	}
	mustRun(t, load(t, f, dir, text, "plant.text=x"), Options{})
	if diff := cmp.Diff([]string{"plant", "import"}, f.took()); diff != "" {
		t.Error(diff)
	}
}

func TestBoardLines(t *testing.T) {
	var w syncBuffer
	b := newLines(&w, time.Millisecond)
	p := b.Task("import")
	p.Total(2_500_000, "bytes")
	p.Add(1_000_000)
	for !strings.Contains(w.String(), "import: 1.0 MB of 2.5 MB") {
		time.Sleep(time.Millisecond)
	}
	b.end("import", true)
	b.Close()
	if !strings.Contains(w.String(), "import: done") {
		t.Error(w.String())
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	s := mustRun(t, load(t, f, dir, chain), Options{})
	left := filepath.Join(dir, "out", "."+filepath.Base(s.Rows[0].URI)+".staging-0123456789")
	write(t, filepath.Join(left, "journal"), "")
	mustRun(t, load(t, f, dir, chain), Options{})
	if _, err := os.Stat(left); err == nil {
		t.Error("the staging of a committed output is still there")
	}
}
