package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func journalFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), metricsFile)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestJournal(t *testing.T) {
	got, err := readTraining(journalFile(t, `{"step":1,"loss":0.7,"lr":0.1}
{"step":2,"loss":null,"lr":0.2,"skipped":"loss","dev":{"loss":0.6,"auc":0.5,"sequences":3,"expert_load":[[1,2],[3,4]]}}
{"step":3,"loss":0.5,"lr":0.3,"dev":{"sequences":3,"expert_load":[[7]]}}
`), 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.steps) != 3 || got.steps[1].loss != nil || got.skipped != 1 || len(got.devs) != 2 || got.devs[1].auc != nil || got.loadAt != 2 {
		t.Errorf("%+v", got)
	}
	smooth := got.smoothed(3)
	if len(smooth) != 3 || smooth[1].y != 0.6 {
		t.Errorf("a step without a loss counts in the mean: %v", smooth)
	}
}

func TestBrokenJournals(t *testing.T) {
	for name, c := range map[string]struct{ text, where string }{
		"no JSON":            {"{\"step\":1}\nnot json\n", "line 2"},
		"step backwards":     {"{\"step\":2}\n{\"step\":1}\n", "line 2"},
		"step zero":          {"{\"step\":0}\n", "line 1"},
		"uneven layers":      {`{"step":1,"dev":{"expert_load":[[1,2],[3]]}}`, "layer 2 has 1 experts"},
		"no experts":         {`{"step":1,"dev":{"expert_load":[[]]}}`, "no layer has experts"},
		"negative load":      {`{"step":1,"dev":{"expert_load":[[-1]]}}`, "got -1 tokens"},
		"number out of JSON": {`{"step":1,"loss":1e999}`, "line 1"},
	} {
		_, err := readTraining(journalFile(t, c.text), 1)
		if !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readTraining(journalFile(t, strings.Repeat("x", maxJournalLine+1)), 0); err == nil || !strings.HasPrefix(err.Error(), metricsFile) {
		t.Errorf("a line over the limit: %v", err)
	}
}

// FuzzJournal holds that no journal breaks the reader, and that what it takes
// can be drawn inside its frame.
func FuzzJournal(f *testing.F) {
	f.Add(`{"step":1,"loss":0.7,"lr":0.1,"dev":{"loss":0.6,"auc":0.5,"sequences":3,"expert_load":[[1,2]]}}`)
	f.Add("{\"step\":1,\"loss\":null}\n{\"step\":9,\"loss\":-1e308,\"lr\":1e308}\n")
	f.Add("{\"step\":1,\"loss\":1e-320,\"dev\":{\"auc\":7}}\n{\"step\":9223372036854775807,\"lr\":-1}\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readTraining(journalFile(t, text), 3)
		if err != nil || len(got.steps) == 0 {
			return
		}
		if d := drawTraining(got, got.window(), figureWidth); len(d.marks) > 0 {
			checkDrawing(t, "training", d)
		}
		if len(got.load) > 0 {
			checkDrawing(t, "experts", drawExperts(got.load, figureWidth))
			checkDrawing(t, "load", (&evidence{training: got}).loadFigure().draw(figureWidth))
		}
	})
}
