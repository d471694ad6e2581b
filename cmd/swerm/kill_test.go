package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
)

const killed = `
out: out
stages:
  - {id: plant, stage: plant, with: {tasks: 60}}
  - {id: import, stage: import, inputs: {raw: plant}, with: {source: planted}}
  - {id: label, stage: label_reports, inputs: {dataset: import, reports: plant}}
  - {id: split, stage: split, inputs: {dataset: import, labels: label}, with: {method: exact, fractions: {train: 0.4, dev: 0.3, test: 0.3}}}
  - {id: tokenizer, stage: tokenizer, inputs: {dataset: import, view: split}, with: {vocab_size: 400}}
  - {id: tokenize, stage: tokenize, inputs: {dataset: import, tokenizer: tokenizer}, with: {max_tokens: 4096}}
  - id: train
    stage: train
    inputs: {tokens: tokenize, tokenizer: tokenizer, view: split, labels: label}
    with:
      model: {layers: 1, hidden: 32, heads: 2, kv_heads: 1, head_dim: 16, experts: 2, top_k: 1, moe_intermediate: 32}
      batch: {sequences: 4}
      steps: 12
      checkpoint_every: 2
  - {id: score, stage: score, inputs: {checkpoint: train, tokens: tokenize, view: split}}
`

// TestKilledRunsEndTheSame kills runs at arbitrary instants until one gets
// through, and holds what is there then against an undisturbed run, file by
// file.
func TestKilledRunsEndTheSame(t *testing.T) {
	testpath.Soak(t)
	want := newRunDir(t)
	if out, err := swermIn(want, "run", "run.yaml").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		dir := newRunDir(t)
		kills := 0
		for ; ; kills++ {
			cmd := swermIn(dir, "run", "run.yaml", "--no-wait")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			limit := time.Duration(50+rng.IntN(300)+20*kills) * time.Millisecond
			timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			if timer.Stop() {
				if err != nil {
					t.Fatalf("after %d kills: %v", kills, err)
				}
				break
			}
		}
		t.Logf("%d kills", kills)
		if diff := cmp.Diff(contents(t, want), contents(t, dir)); diff != "" {
			t.Errorf("after %d kills: %s", kills, diff)
		}
	}
}

func newRunDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.yaml"), []byte(killed), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func swermIn(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("swerm", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
	return cmd
}

// contents maps every file of the outputs to the hash of its bytes. The
// ledger tells what happened, so it differs; metrics of training hold times.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "out"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		if name == "ledger.jsonl" || strings.HasPrefix(name, ".") {
			return nil
		}
		text, err := os.ReadFile(p)
		sum := sha256.Sum256(text)
		rel, _ := filepath.Rel(dir, p)
		files[rel] = hex.EncodeToString(sum[:8])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
