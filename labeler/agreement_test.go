package labeler

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// labelSet writes labels, `id verdict` each.
func labelSet(t *testing.T, rows ...string) *dataset.Dataset {
	t.Helper()
	dir := t.TempDir() + "/labels"
	task := &pipeline.Task{Stage: ReportsStage(), Config: &ReportsConfig{}, Out: dir, Key: pipeline.HashKey([]byte(dir)), Progress: pipeline.NoProgress{}}
	w, err := dataset.Create[pipeline.Label](context.Background(), dir, dataset.SpecOf(task))
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		id, verdict, _ := strings.Cut(row, " ")
		l := pipeline.Label{TrajectoryID: id, Verdict: pipeline.Verdict(verdict), Reason: "r"}
		if err := w.Add(&l, dataset.Cursor{Row: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	w.Expect(int64(len(rows)))
	if _, err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCompare(t *testing.T) {
	a := labelSet(t, "1 resolved", "2 resolved", "3 unresolved", "4 unresolved", "5 infra", "6 resolved", "7 unknown")
	b := labelSet(t, "1 resolved", "2 unresolved", "3 unresolved", "4 unresolved", "5 unresolved", "6 resolved", "8 resolved")
	g, err := Compare(context.Background(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	if g.Both != 6 || g.OnlyA != 1 || g.OnlyB != 1 || g.Agree != 4 || g.Scores != 5 || len(g.Differ) != 1 || g.Differ[0].TrajectoryID != "2" {
		t.Errorf("%+v", g)
	}
	// By hand: agreement 4/6, chance (3·2 + 2·4)/36; of the scores 4/5 and (3·2 + 2·3)/25.
	if math.Abs(*g.Kappa-(4./6-14./36)/(1-14./36)) > 1e-12 || math.Abs(*g.KappaScores-(4./5-12./25)/(1-12./25)) > 1e-12 {
		t.Errorf("kappa %v, of scores %v", *g.Kappa, *g.KappaScores)
	}
	if text := g.String(); !strings.Contains(text, "infra") || !strings.Contains(text, "kappa 0.455") {
		t.Error(text)
	}
}

func TestKappaIsNotDefinedWithoutVariation(t *testing.T) {
	one := labelSet(t, "1 resolved", "2 resolved")
	g, err := Compare(context.Background(), one, labelSet(t, "1 resolved", "2 resolved"))
	if err != nil || g.Kappa != nil || g.KappaScores != nil || g.Agree != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	if g, err := Compare(context.Background(), one, labelSet(t, "3 resolved")); err != nil || g.Both != 0 || g.Kappa != nil {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := Compare(context.Background(), one, labelSet(t, "1 resolved", "1 unresolved")); err == nil || !strings.Contains(err.Error(), "two labels") {
		t.Errorf("%v", err)
	}
}
