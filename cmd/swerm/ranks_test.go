//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/moe"
)

// ranksFile trains a small model. Layouts of ranks agree to rounding of
// float32; package trainer compares them in float64.
const ranksFile = `
out: shared
stages:
  - {id: plant, stage: plant, with: {tasks: 24, rollouts: 2, noise: 0.1, seed: 1}}
  - {id: import, stage: import, inputs: {raw: plant}, with: {source: planted}}
  - {id: label, stage: label_reports, inputs: {dataset: import, reports: plant}}
  - {id: split, stage: split, inputs: {dataset: import, labels: label}, with: {method: exact, fractions: {train: 0.6, dev: 0.1, test: 0.3}}}
  - {id: tokenizer, stage: tokenizer, inputs: {dataset: import, view: split}, with: {vocab_size: 400}}
  - {id: tokenize, stage: tokenize, inputs: {dataset: import, tokenizer: tokenizer}, with: {max_tokens: 1024, overflow: elide_all}}
  - id: train
    stage: train
    inputs: {tokens: tokenize, tokenizer: tokenizer, view: split, labels: label}
    with:
      model: {layers: 2, hidden: 16, heads: 2, kv_heads: 1, head_dim: 8, experts: 4, top_k: 2, moe_intermediate: 16}
      optimizer: {lr: 3.0e-3}
      batch: {sequences: 5, max_tokens_per_microbatch: 2000}
      steps: 30
      checkpoint_every: 3
      seed: 1
  - {id: score, stage: score, inputs: {checkpoint: train, tokens: tokenize, view: split}, with: {splits: [dev, test]}}
`

// newRanksDir holds the run file with everything before the training done.
func newRanksDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.yaml"), []byte(ranksFile), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func trainRanks(dir, out string, more ...string) *exec.Cmd {
	return swermIn(dir, append([]string{"train", "run.yaml", "-q", "-o", out}, more...)...)
}

func mustTrain(t *testing.T, dir, out string, more ...string) []metricsLine {
	t.Helper()
	if text, err := trainRanks(dir, out, more...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return readMetrics(t, filepath.Join(dir, out, "metrics.jsonl"))
}

type metricsLine struct {
	Step     int64
	Loss     float64
	GradNorm float64 `json:"grad_norm"`
	Tokens   int64
}

// readMetrics expects one whole line for every step.
func readMetrics(t *testing.T, path string) (lines []metricsLine) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		var l metricsLine
		if err := json.Unmarshal(line, &l); err != nil || l.Step != int64(i+1) {
			t.Fatalf("line %d of %s: %s: %v", i+1, path, line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// sameCurve compares to a bound; at one layout a run that was stopped gives the
// same bits, and the bound is 0.
func sameCurve(t *testing.T, what string, got, want []metricsLine, bound float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d lines, want %d", what, len(got), len(want))
	}
	for i, l := range got {
		if w := want[i]; l.Tokens != w.Tokens || math.Abs(l.Loss-w.Loss) > bound || math.Abs(l.GradNorm-w.GradNorm) > 10*bound {
			t.Errorf("%s: line %+v, want %+v", what, l, w)
		}
	}
}

// Ranks in processes of their own train the model that one process trains,
// and what they write is a checkpoint like any other.
func TestRanksInProcesses(t *testing.T) {
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "alone")
	for _, layout := range [][2]int{{2, 1}, {2, 2}, {4, 2}, {3, 3}} {
		out := fmt.Sprintf("n%d-ep%d", layout[0], layout[1])
		got := mustTrain(t, dir, out, "--nproc", fmt.Sprint(layout[0]), "--ep", fmt.Sprint(layout[1]))
		sameCurve(t, out, got, want, 1e-3)
	}
	for _, ckpt := range []string{"alone", "n4-ep2"} {
		if text, err := exec.Command("sh", "-c", "cd "+dir+" && swerm verify "+ckpt+" && swerm score "+ckpt+" shared/tokenize-* --view shared/split-* -q -o scores-"+ckpt).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	text, err := trainRanks(dir, "n4-ep2", "--nproc", "2").CombinedOutput()
	if err != nil || !bytes.Contains(text, []byte("cached")) {
		t.Errorf("the same again: %v: %s", err, text)
	}
}

func TestRanksUsage(t *testing.T) {
	dir := newRanksDir(t)
	for want, args := range map[string][]string{
		"multiple":        {"--nproc", "3", "--ep", "2"},
		"needs that many": {"--ep", "2"},
		"start at 1":      {"--nproc", "0"},
	} {
		text, err := trainRanks(dir, "x", args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%v: %v: %s", args, err, text)
		}
	}
	// Experts are known when the model is: it fails, and says so once for all.
	text, err := trainRanks(dir, "x", "--nproc", "6", "--ep", "6").CombinedOutput()
	if err == nil || !bytes.Contains(text, []byte("some would hold none")) {
		t.Errorf("%v: %s", err, text)
	}
}

// startRanks starts ranks as torchrun does, each with arguments of its own, and
// returns what they said and how they ended.
func startRanks(t *testing.T, dir string, args ...[]string) (texts []string, codes []int) {
	return startRanksIn(t, dir, make([][]string, len(args)), args...)
}

// startRanksIn starts each in an environment of its own, too.
func startRanksIn(t *testing.T, dir string, env [][]string, args ...[]string) (texts []string, codes []int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	cmds, outs := make([]*exec.Cmd, len(args)), make([]bytes.Buffer, len(args))
	for r := range args {
		cmds[r] = trainRanks(dir, "tcp", args[r]...)
		cmds[r].Env = append(cmds[r].Env, "RANK="+fmt.Sprint(r), "WORLD_SIZE="+fmt.Sprint(len(args)), "MASTER_PORT="+port,
			"SWERM_TOKEN=a secret of some length")
		cmds[r].Env = append(cmds[r].Env, env[r]...)
		cmds[r].Stdout, cmds[r].Stderr = &outs[r], &outs[r]
		if err := cmds[r].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for r := range cmds {
		_ = cmds[r].Wait()
		texts, codes = append(texts, outs[r].String()), append(codes, cmds[r].ProcessState.ExitCode())
	}
	return texts, codes
}

// Ranks that another launcher started meet over TCP, and only where they were
// started for the same run.
func TestRanksOfAnotherLauncher(t *testing.T) {
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "alone")
	texts, codes := startRanks(t, dir, []string{"--ep", "2"}, []string{"--ep", "2", "--steps", "7"})
	if codes[0] != exitFailed || codes[1] != exitFailed || !strings.Contains(texts[0]+texts[1], "same command line") {
		t.Errorf("another command line: %v %q", codes, texts)
	}
	if moe.KernelFamily() != "generic" {
		texts, codes = startRanksIn(t, dir, [][]string{nil, {"SWERM_KERNEL=generic"}}, []string{"--ep", "2"}, []string{"--ep", "2"})
		if codes[0] != exitTold || codes[1] != exitFailed || !strings.Contains(texts[0], "another kernel family") {
			t.Errorf("other kernels: %v %q", codes, texts)
		}
	}
	texts, codes = startRanks(t, dir, []string{"--ep", "2"}, []string{"--ep", "2"})
	if codes[0] != exitDone || codes[1] != exitDone {
		t.Fatalf("%v %q", codes, texts)
	}
	sameCurve(t, "over tcp", readMetrics(t, filepath.Join(dir, "tcp", "metrics.jsonl")), want, 1e-3)
}

// children are the processes that one started.
func children(pid int) (pids []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if len(text) == 0 { // another thread may have started them
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, path := range tasks {
			more, _ := os.ReadFile(path)
			text = append(text, more...)
		}
	}
	for _, field := range strings.Fields(string(text)) {
		var child int
		if _, err := fmt.Sscan(field, &child); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// finishedSteps counts the lines of a training that is under way or done.
func finishedSteps(dir, out string) int {
	most := 0
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "metrics.jsonl" && strings.Contains(path, out) {
			text, _ := os.ReadFile(path)
			most = max(most, bytes.Count(text, []byte("\n")))
		}
		return nil
	})
	return most
}

// TestKilledRanks kills ranks at random moments between the first step and the
// last; the run goes on by itself and ends with the curve of one that nobody
// disturbed.
func TestKilledRanks(t *testing.T) {
	kills := 3
	if os.Getenv("SWERM_SOAK") != "" {
		kills = 10
	}
	const steps = 150
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "calm", "--steps", fmt.Sprint(steps), "--nproc", "3", "--ep", "3")
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	cmd := trainRanks(dir, "killed", "--steps", fmt.Sprint(steps), "--nproc", "3", "--ep", "3", "--max-restarts", fmt.Sprint(2*kills))
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	hits, all := 0, map[int]bool{}
	for hits < kills {
		next := steps * (hits + 1) / (kills + 2)
		for finishedSteps(dir, "killed") < next {
			select {
			case err := <-ended:
				t.Fatalf("it ended after %d kills: %v: %s", hits, err, text.String())
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		ranks := children(cmd.Process.Pid)
		for _, pid := range ranks {
			all[pid] = true
		}
		if len(ranks) == 0 {
			continue // between two attempts
		}
		before := finishedSteps(dir, "killed")
		if syscall.Kill(ranks[rng.IntN(len(ranks))], syscall.SIGKILL) == nil && before > 0 && before < steps {
			hits++
		}
	}
	if err := <-ended; err != nil {
		t.Fatalf("%v: %s", err, text.String())
	}
	sameCurve(t, "killed", readMetrics(t, filepath.Join(dir, "killed", "metrics.jsonl")), want, 0)
	for pid := range all {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "killed", "work*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// A launcher that is killed takes its ranks with it, and the same command goes
// on.
func TestKilledLauncher(t *testing.T) {
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "alone", "--steps", "60")
	cmd := trainRanks(dir, "killed", "--steps", "60", "--nproc", "2")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for finishedSteps(dir, "killed") < 10 {
		time.Sleep(time.Millisecond)
	}
	ranks := children(cmd.Process.Pid)
	if len(ranks) != 2 {
		t.Fatalf("ranks %v", ranks)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, pid := range ranks {
		for syscall.Kill(pid, 0) == nil { // the test's own time limit ends it otherwise
			time.Sleep(time.Millisecond)
		}
	}
	sameCurve(t, "resumed", mustTrain(t, dir, "killed", "--steps", "60", "--nproc", "4", "--ep", "2"), want, 1e-3)
}

// An interrupted launcher leaves a checkpoint and says that it goes on.
func TestInterruptedRanks(t *testing.T) {
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "alone", "--steps", "60")
	cmd := trainRanks(dir, "stopped", "--steps", "60", "--nproc", "2", "--ep", "2")
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for finishedSteps(dir, "stopped") < 5 {
		time.Sleep(time.Millisecond)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Fatalf("%v: %s", err, text.String())
	}
	sameCurve(t, "resumed", mustTrain(t, dir, "stopped", "--steps", "60", "--nproc", "3"), want, 1e-3)
}

// A rank that hangs is found and named, and the run goes on without waiting
// for it.
func TestHungRank(t *testing.T) {
	if os.Getenv("SWERM_SOAK") == "" {
		t.Skip("set SWERM_SOAK=1 to wait half a minute for a rank that hangs")
	}
	dir := newRanksDir(t)
	want := mustTrain(t, dir, "alone", "--steps", "60")
	cmd := trainRanks(dir, "hung", "--steps", "60", "--nproc", "3", "--max-restarts", "1")
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for finishedSteps(dir, "hung") < 10 {
		time.Sleep(time.Millisecond)
	}
	_ = syscall.Kill(children(cmd.Process.Pid)[1], syscall.SIGSTOP)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, text.String())
	}
	if !strings.Contains(text.String(), "rank 1") || !strings.Contains(text.String(), "no sign of life") {
		t.Errorf("it does not say who hung: %s", text.String())
	}
	sameCurve(t, "resumed", readMetrics(t, filepath.Join(dir, "hung", "metrics.jsonl")), want, 1e-3)
}

// halfWritten finds checkpoints under a temporary name.
func halfWritten(dir, out string) (found []string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".writing-") && strings.Contains(path, out) {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// TestKilledWhileItWritesACheckpoint kills everything while a checkpoint is
// being written beside the steps, which what is left proves; the same command
// ends with the bytes of a run that nobody disturbed.
func TestKilledWhileItWritesACheckpoint(t *testing.T) {
	const steps, kills = 40, 3
	dir := newRanksDir(t)
	args := []string{"--steps", fmt.Sprint(steps), "checkpoint_every=1", "--nproc", "2", "--ep", "2"}
	mustTrain(t, dir, "calm", args...)
	hits := 0
	for next := 2; hits < kills; {
		cmd := trainRanks(dir, "killed", args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for finishedSteps(dir, "killed") < next || len(halfWritten(dir, "killed")) == 0 {
			select {
			case err := <-ended:
				t.Fatalf("it ended after %d kills: %v", hits, err)
			default:
			}
		}
		ranks := children(cmd.Process.Pid)
		for _, pid := range append(ranks, cmd.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		<-ended
		for _, pid := range ranks {
			for syscall.Kill(pid, 0) == nil { // the test's own time limit ends it otherwise
				time.Sleep(time.Millisecond)
			}
		}
		if len(halfWritten(dir, "killed")) > 0 {
			hits++
		}
		next = finishedSteps(dir, "killed") + 2
		if next >= steps {
			t.Fatalf("%d steps went by with %d kills inside a checkpoint", steps, hits)
		}
	}
	mustTrain(t, dir, "killed", args...)
	want, got := filesOf(t, filepath.Join(dir, "calm")), filesOf(t, filepath.Join(dir, "killed"))
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 8 {
		t.Errorf("%d files (-undisturbed +this):\n%s", len(want), diff)
	}
	// How checkpoints are written is no part of the result; all ranks are told.
	mustTrain(t, dir, "between", append(args, "checkpoint_async=false")...)
	if diff := cmp.Diff(want, filesOf(t, filepath.Join(dir, "between"))); diff != "" {
		t.Errorf("written between steps (-beside +between):\n%s", diff)
	}
}

// filesOf maps the files of a checkpoint to hashes of their bytes.
func filesOf(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[rel] = sha256.Sum256(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// syncBuffer is written by a process and read by its test.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A training shows its numbers at an address on loopback while it runs, that of
// several ranks at one.
func TestMetricsAreServed(t *testing.T) {
	dir := newRanksDir(t)
	at := regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`)
	for _, nproc := range []string{"1", "2"} {
		cmd := swermIn(dir, "train", "run.yaml", "-o", "n"+nproc, "--steps", "100000", "--metrics-listen", ":0", "--nproc", nproc)
		var said syncBuffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		page := ""
		for !strings.Contains(page, "\nswerm_train_loss ") {
			select {
			case err := <-ended:
				t.Fatalf("it ended: %v: %s", err, said.String())
			case <-time.After(10 * time.Millisecond):
			}
			if url := at.FindString(said.String()); url != "" {
				if r, err := http.Get(url); err == nil {
					text, _ := io.ReadAll(r.Body)
					r.Body.Close()
					page = string(text)
				}
			}
		}
		if !strings.Contains(page, "# TYPE swerm_train_steps_total counter\n") {
			t.Errorf("the page is\n%s", page)
		}
		_ = cmd.Process.Signal(os.Interrupt)
		if <-ended; cmd.ProcessState.ExitCode() != exitInterrupted {
			t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), said.String())
		}
		if n := len(at.FindAllString(said.String(), -1)); n != 1 {
			t.Errorf("it is served %d times: %s", n, said.String())
		}
	}
	text, err := trainRanks(dir, "x", "--metrics-listen", "9090").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !bytes.Contains(text, []byte("HOST:PORT")) {
		t.Errorf("an address without a port: %v: %s", err, text)
	}
}
