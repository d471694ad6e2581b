package microgym_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/microgym"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

type ticks struct{ total, done int64 }

func (p *ticks) Total(n int64, _ string) { p.total = n }
func (p *ticks) Add(n int64)             { p.done += n }

// worldInto makes a world and returns its tasks.jsonl.
func worldInto(t *testing.T, out string, cfg microgym.WorldConfig, workers int) ([]byte, *microgym.WorldResult) {
	t.Helper()
	st, p := microgym.WorldStage(), &ticks{}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	work := &pipeline.Task{Stage: st, Config: &cfg, Out: out, Key: testKey, Workers: workers, Progress: p}
	if err := st.Run(context.Background(), work); err != nil {
		t.Fatal(err)
	}
	if p.total != int64(cfg.Tasks) || p.done != p.total {
		t.Errorf("progress says %d of %d", p.done, p.total)
	}
	data, err := os.ReadFile(filepath.Join(out, microgym.TasksFile))
	if err != nil {
		t.Fatal(err)
	}
	return data, work.Result.(*microgym.WorldResult)
}

func TestWorldGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	cfg := microgym.WorldConfig{Tasks: 12, Seed: 3}
	one, res := worldInto(t, filepath.Join(dir, "one"), cfg, 1)
	four, _ := worldInto(t, filepath.Join(dir, "four"), cfg, 4)
	if !bytes.Equal(one, four) {
		t.Error("four workers write other tasks than one")
	}
	cfg.Tasks = 5
	if few, _ := worldInto(t, filepath.Join(dir, "few"), cfg, 2); !bytes.HasPrefix(one, few) {
		t.Error("a larger world does not begin with the smaller one")
	}
	cfg.Seed = 4
	if other, _ := worldInto(t, filepath.Join(dir, "other"), cfg, 2); bytes.HasPrefix(one, other) {
		t.Error("another seed gives the same tasks")
	}
	if res.Tasks != 12 || res.Failed != 0 || res.Bytes != int64(len(one)) || len(res.Templates) < 6 {
		t.Errorf("result %+v", res)
	}
	n := 0
	for tk, err := range task.Read(filepath.Join(dir, "one", microgym.TasksFile)) {
		if err != nil {
			t.Fatal(err)
		}
		if tk.Repo != "microgym/"+tk.Template {
			t.Errorf("repo %q of template %q", tk.Repo, tk.Template)
		}
		n++
	}
	if n != 12 {
		t.Errorf("%d tasks were read", n)
	}
	if _, err := dataset.Verify(context.Background(), filepath.Join(dir, "one")); err != nil {
		t.Error(err)
	}
}

func TestWorldHoldsTemplatesOut(t *testing.T) {
	dir := t.TempDir()
	_, all := worldInto(t, filepath.Join(dir, "a"), microgym.WorldConfig{Tasks: 4, Templates: []string{"word_wrap", "slug"}}, 2)
	if len(all.Templates) != 2 || all.Templates["word_wrap"]+all.Templates["slug"] != 4 {
		t.Errorf("templates %v", all.Templates)
	}
	_, one := worldInto(t, filepath.Join(dir, "b"), microgym.WorldConfig{Tasks: 2, Templates: []string{"word_wrap", "slug"}, Exclude: []string{"slug"}}, 2)
	if one.Templates["word_wrap"] != 2 {
		t.Errorf("templates %v", one.Templates)
	}
}

func TestWorldConfigFaults(t *testing.T) {
	err := (&microgym.WorldConfig{Tasks: 0, Templates: []string{"slug", "no_such"}, Exclude: []string{"nor_this"}}).Validate()
	for _, want := range []string{"tasks: 0", "templates[1]", "no_such", "exclude[0]", "nor_this"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if err := (&microgym.WorldConfig{Tasks: 1, Templates: []string{"slug"}, Exclude: []string{"slug"}}).Validate(); err == nil {
		t.Error("a world without templates is accepted")
	}
}

func TestWorldStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	st, out := microgym.WorldStage(), filepath.Join(t.TempDir(), "w")
	err := st.Run(ctx, &pipeline.Task{Stage: st, Config: &microgym.WorldConfig{Tasks: 100, Seed: 1}, Out: out, Key: testKey, Workers: 2})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a stopped world was published")
	}
}
