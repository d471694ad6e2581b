package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/pipeline/run"
)

// killPipeline goes through every stage. Training checkpoints inside its run.
const killPipeline = `
out: out
stages:
  - {id: plant, stage: plant, with: {tasks: 100, rollouts: 2, noise: 0.1, seed: 1}}
  - {id: import, stage: import, inputs: {raw: plant}, with: {source: planted, part_bytes: 500000}}
  - {id: world, stage: world, with: {tasks: 60, seed: 1}}
  - {id: collect, stage: collect, inputs: {tasks: world}, with: {seed: 1}}
  - {id: exec, stage: label_exec, inputs: {dataset: collect, tasks: world}}
  - {id: label, stage: label_reports, inputs: {dataset: import, reports: plant}}
  - {id: split, stage: split, inputs: {dataset: import, labels: label}, with: {method: exact, fractions: {train: 0.6, dev: 0.1, test: 0.3}}}
  - {id: mix, stage: mix, inputs: {view: split, labels: label}, with: {split: train, scales: [40, 80], ratio: "1:1"}}
  - {id: tokenizer, stage: tokenizer, inputs: {dataset: import, view: split}, with: {vocab_size: 600}}
  - {id: tokenize, stage: tokenize, inputs: {dataset: import, tokenizer: tokenizer}, with: {max_tokens: 1024}}
  - id: train
    stage: train
    inputs: {tokens: tokenize, tokenizer: tokenizer, view: split, labels: label}
    with:
      model: {layers: 2, hidden: 64, heads: 2, kv_heads: 1, head_dim: 32, experts: 4, top_k: 2, moe_intermediate: 64}
      optimizer: {lr: 3.0e-3}
      batch: {sequences: 16}
      steps: 20
      checkpoint_every: 4
      seed: 1
  - {id: score, stage: score, inputs: {checkpoint: train, tokens: tokenize, view: split}, with: {splits: [dev, test]}}
  - {id: calibrate, stage: calibrate, inputs: {checkpoint: train, scores: score, labels: label, view: split}}
  - {id: evaluate, stage: evaluate, inputs: {scores: score, labels: label, view: split, dataset: import, calibration: calibrate}, with: {ks: [1, 2], resamples: 300}}
`

var killStages = []string{"plant", "import", "world", "collect", "exec", "label", "split", "mix", "tokenizer", "tokenize", "train", "score", "calibrate", "evaluate"}

// smallKillPipeline are settings that make it a matter of a second.
var smallKillPipeline = []string{"plant.tasks=16", "world.tasks=3", "import.part_bytes=100000", "mix.scales=[4, 8]", "train.batch.sequences=4",
	"train.steps=6", "train.checkpoint_every=2", "tokenize.max_tokens=512", "evaluate.resamples=100"}

// comparedFiles are endings of what must be among the files that are compared.
var comparedFiles = []string{"/manifest.json", ".parquet", ".jsonl.zst", "/metrics.jsonl", "/model.safetensors", "/optimizer.safetensors",
	"/evaluation.json", "run.json"}

// A killer runs the pipeline in real processes, stops them where it wants, and
// holds what is there in the end against a run that nobody disturbed.
type killer struct {
	t        *testing.T
	binary   string
	settings []string
	workers  []int // one of them at every start
	rng      *rand.Rand

	want  map[string]string        // what the undisturbed run left
	took  map[string]time.Duration // its stages
	total time.Duration
	hits  map[string]int // kills that were inside a stage
	other int            // kills inside a run without a stage in mind
}

func newKiller(t *testing.T, binary string, seed uint64, workers []int, settings ...string) *killer {
	t.Helper()
	k := &killer{t: t, binary: binary, settings: settings, workers: workers, rng: rand.New(rand.NewPCG(seed, 1)),
		took: map[string]time.Duration{}, hits: map[string]int{}}
	dir := k.fresh()
	start := time.Now()
	k.through(dir)
	k.total = time.Since(start)
	k.want = contents(t, dir)
	for _, ending := range comparedFiles {
		k.fileWith(ending)
	}
	for _, e := range events(dir, 0) {
		if e.Event == run.EventFinish {
			k.took[e.ID] = time.Duration(e.Seconds * float64(time.Second))
		}
	}
	if len(k.took) != len(killStages) {
		t.Fatalf("stages that ran: %v", k.took)
	}
	return k
}

// fileWith returns the first compared file of a kind. A run without one would
// make a comparison that compares nothing.
func (k *killer) fileWith(ending string) string {
	k.t.Helper()
	for _, name := range sorted(k.want) {
		if strings.HasSuffix(name, ending) {
			return name
		}
	}
	k.t.Fatalf("nothing ends in %s in %v", ending, sorted(k.want))
	return ""
}

func (k *killer) fresh() string { return newRunDir(k.t) }

func newRunDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.yaml"), []byte(killPipeline), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (k *killer) command(dir string) *exec.Cmd {
	workers := fmt.Sprint(k.workers[k.rng.IntN(len(k.workers))])
	return commandIn(k.binary, dir, append([]string{"run", "run.yaml", "-q", "--no-wait", "-j", workers}, k.settings...)...)
}

func swermIn(dir string, args ...string) *exec.Cmd { return commandIn("swerm", dir, args...) }

func commandIn(binary, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir, "TERM=dumb")
	return cmd
}

// through runs to the end.
func (k *killer) through(dir string) {
	k.t.Helper()
	if out, err := k.command(dir).CombinedOutput(); err != nil {
		k.t.Fatalf("%v: %s", err, out)
	}
}

// strike starts a run, sends it a signal at a random moment of the first share
// of a stage, or of the whole run where stage is empty, and reports whether the run was under
// way then: the process ended by the signal, and the ledger has the stage
// begun and not ended.
func (k *killer) strike(dir, stage string, signal os.Signal, share float64) (hit bool) {
	k.t.Helper()
	seen := len(events(dir, 0))
	cmd := k.command(dir)
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	span := k.total
	if stage != "" {
		span = k.took[stage]
		for running := true; running && !begun(events(dir, seen), stage); {
			select {
			case err := <-ended:
				ended <- err
				running = false
			case <-time.After(time.Millisecond):
			}
		}
	}
	time.Sleep(time.Duration(k.rng.Float64() * share * float64(span)))
	_ = cmd.Process.Signal(signal) // the process may be gone
	<-ended
	code, flying := cmd.ProcessState.ExitCode(), inFlight(events(dir, seen))
	switch {
	case signal == os.Kill && code == -1:
		return stage == "" || slices.Contains(flying, stage)
	case code == -1: // Ctrl-C before there is a handler
		return stage == ""
	case signal == os.Interrupt && code == exitInterrupted:
		interrupted := slices.ContainsFunc(events(dir, seen), func(e run.Event) bool { return e.ID == stage && e.Event == run.EventInterrupt })
		return stage == "" || interrupted
	case code != 0:
		k.t.Fatalf("exit code %d: %s", code, text.String())
	}
	return false
}

// hitIn strikes fresh runs until a strike falls inside the stage, and returns the
// directory of that run.
func (k *killer) hitIn(stage string, signal os.Signal) string {
	k.t.Helper()
	const tries = 30
	share := 0.9
	for range tries {
		dir := k.fresh()
		if k.strike(dir, stage, signal, share) {
			k.hits[stage]++
			return dir
		}
		share *= 0.8 // a stage of milliseconds is sometimes over
	}
	k.t.Fatalf("%d strikes, and none inside %s, which takes %v", tries, stage, k.took[stage])
	return ""
}

// same fails unless the run ended as the undisturbed one did.
func (k *killer) same(dir, what string) {
	k.t.Helper()
	if diff := cmp.Diff(k.want, contents(k.t, dir)); diff != "" {
		k.t.Errorf("%s (-undisturbed +this):\n%s", what, diff)
	}
}

// events reads the ledger from its nth line on. The last line may be half written.
func events(dir string, from int) []run.Event {
	text, err := os.ReadFile(filepath.Join(dir, "out", "ledger.jsonl"))
	if err != nil {
		return nil
	}
	var all []run.Event
	for line := range bytes.Lines(text) {
		var e run.Event
		if json.Unmarshal(line, &e) == nil {
			all = append(all, e)
		}
	}
	return all[min(from, len(all)):]
}

func begun(es []run.Event, stage string) bool {
	return slices.ContainsFunc(es, func(e run.Event) bool { return e.ID == stage && e.Event == run.EventStart })
}

// inFlight lists the stages that have begun and not ended.
func inFlight(es []run.Event) []string {
	var ids []string
	for _, e := range es {
		if e.Event == run.EventStart {
			ids = append(ids, e.ID)
		} else if i := slices.Index(ids, e.ID); i >= 0 {
			ids = slices.Delete(ids, i, i+1)
		}
	}
	return ids
}

// contents maps every file of a run to the hash of its bytes, except the two
// that tell what happened and not what came out.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := filepath.Join(dir, "out")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, p)
		switch {
		case err != nil || rel == "." || rel == "ledger.jsonl" || rel == ".lock":
			return err
		case d.IsDir():
			files[rel+"/"] = "directory"
			return nil
		}
		text, err := os.ReadFile(p)
		sum := sha256.Sum256(text)
		files[rel] = hex.EncodeToString(sum[:8])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sorted(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestKilledRunEndsTheSame kills a run in its import, among its test runs and in
// its training, and interrupts one in its scoring; the soak does it everywhere.
func TestKilledRunEndsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a pipeline five times")
	}
	k := newKiller(t, "swerm", 1, []int{1, 4}, smallKillPipeline...)
	for stage, signal := range map[string]os.Signal{"import": os.Kill, "exec": os.Kill, "train": os.Kill, "score": os.Interrupt} {
		dir := k.hitIn(stage, signal)
		k.through(dir)
		k.same(dir, fmt.Sprintf("after a %s inside %s", signal, stage))
	}
	k.noticesDamage()
}

// damage flips a bit of a file, takes the file away and puts it back.
func (k *killer) damage(dir, name string, differs func(string)) {
	k.t.Helper()
	path := filepath.Join(dir, "out", name)
	text, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	flip := func() { // in place: outputs may share a file
		text[len(text)/2] ^= 1
		if err := os.WriteFile(path, text, 0o666); err != nil {
			k.t.Fatal(err)
		}
	}
	flip()
	differs("a flipped bit of " + name)
	flip()
	if err := os.Rename(path, path+"~"); err != nil {
		k.t.Fatal(err)
	}
	differs("another name of " + name)
	if err := os.Rename(path+"~", path); err != nil {
		k.t.Fatal(err)
	}
}

// noticesDamage makes sure that the comparison can fail: it changes, renames
// and adds files of a run that ended well, and strikes one that is over.
func (k *killer) noticesDamage() {
	k.t.Helper()
	dir := k.fresh()
	k.through(dir)
	k.same(dir, "undisturbed, a second time")
	differs := func(what string) {
		k.t.Helper()
		if cmp.Equal(k.want, contents(k.t, dir)) {
			k.t.Errorf("%s is not noticed", what)
		}
	}
	for _, ending := range comparedFiles {
		k.damage(dir, k.fileWith(ending), differs)
	}
	stray := filepath.Join(dir, "out", ".train-left")
	if err := os.Mkdir(stray, 0o777); err != nil {
		k.t.Fatal(err)
	}
	differs("a stray directory")
	if err := os.Remove(stray); err != nil {
		k.t.Fatal(err)
	}
	k.same(dir, "put back")
	if k.strike(dir, "train", os.Kill, 0.9) {
		k.t.Error("a strike at a run that has nothing to do counts as one inside training")
	}
}
