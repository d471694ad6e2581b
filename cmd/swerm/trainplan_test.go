package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
)

// The page of training shows plans of a model that is too large for most
// machines, made by the commands that it names.
const (
	trainingPage = "docs/training.md"
	plansBegin   = "<!-- written by the commands below: go generate ./cmd/swerm -->\n"
	plansEnd     = "<!-- end of what the commands wrote -->\n"
)

var plannedLayouts = []string{
	"--nproc 1 -j 16 --rate 1500",
	"--nproc 8 --ep 8 -j 16 --rate 1500 memory.recompute=layer",
	"--nproc 32 --ep 16 -j 16 --rate 1500 memory.recompute=layer",
	"--nproc 8 --ep 8 -j 16 --rate 1500 memory.recompute=layer lora.rank=16 checkpoint_every=100",
}

// planned runs one command and shows it with what it printed.
func planned(t *testing.T, layout string) string {
	t.Helper()
	const fixed = "train --plan --shape configs/shapes/qwen3-30b-a3b.json --length 16384 batch.sequences=32"
	t.Chdir(testpath.Root())
	var out bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: os.Stderr, stages: stages()}
	c := a.command()
	c.SetArgs(strings.Fields(fixed + " " + layout))
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("```\n$ swerm %s %s\n%s```\n\n", fixed, layout, out.String())
}

func TestPlansAreFresh(t *testing.T) {
	if kernelFamily() == "generic" {
		t.Skip("the plans on the page count the padding of wide kernels")
	}
	path := filepath.Join(testpath.Root(), trainingPage)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), plansBegin)
	_, after, ok := strings.Cut(rest, plansEnd)
	if !ok {
		t.Fatalf("%s has no place for plans", trainingPage)
	}
	var plans strings.Builder
	for _, layout := range plannedLayouts {
		plans.WriteString(planned(t, layout))
	}
	want := before + plansBegin + plans.String() + plansEnd + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is stale, run go generate ./cmd/swerm (-want +have):\n%s", trainingPage, diff)
	}
}
