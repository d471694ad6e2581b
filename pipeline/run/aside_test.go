package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKilledBetweenPublishAndNote makes what a run leaves that is killed after
// train is published and before run.json and the ledger say so.
func TestKilledBetweenPublishAndNote(t *testing.T) {
	f, dir := &fakes{}, newDir(t)
	file := load(t, f, dir, chain, "train.text=avx2")
	mustRun(t, file, Options{Kernel: "avx2"})
	out := filepath.Join(dir, "out")
	want, err := ReadState(out)
	if err != nil {
		t.Fatal(err)
	}
	if want.Stages["train"].Kernel != "avx2" {
		t.Fatalf("%+v", want.Stages["train"])
	}
	half := State{Name: want.Name, Stages: map[string]Output{}}
	for id, o := range want.Stages {
		if id != "train" {
			half.Stages[id] = o
		}
	}
	text, err := json.Marshal(half)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(out, stateName), string(text))
	ledger, err := os.ReadFile(filepath.Join(out, ledgerName))
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(slices.Collect(strings.Lines(string(ledger))), func(l string) bool {
		return strings.Contains(l, `"event":"finish","id":"train"`)
	})
	write(t, filepath.Join(out, ledgerName), strings.Join(lines, ""))
	unnamed := filepath.Join(out, "."+stateName+"-123")
	write(t, unnamed, "{")

	s := mustRun(t, file, Options{Kernel: "avx512", MixKernels: true})
	for _, r := range s.Rows {
		if r.State != StateCached {
			t.Errorf("%s: %s", r.ID, r.State)
		}
	}
	got, err := ReadState(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run.json (-undisturbed +this):\n%s", diff)
	}
	if _, err := os.Lstat(unnamed); err == nil {
		t.Errorf("%s is still there", unnamed)
	}
}
