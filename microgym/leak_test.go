package microgym_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/judge/baseline"
	"github.com/swerm/swerm/metrics"
)

var update = flag.Bool("update", false, "write the leak table into docs/microgym.md (with SWERM_SOAK=1)")

// How many runs the table is made of, by default and under SWERM_SOAK=1.
const (
	leakRuns     = 1500
	leakRunsSoak = 10_000
)

// A figure is one row of the table: how well one thing alone tells resolved
// from unresolved runs, and between what bounds it must.
type figure struct {
	name     string
	auc      float64
	low, top float64 // bounds; top 0 = shown and not bound
	note     string
}

// TestLeakTable bounds what can be known of a run without reading it in order.
// Bounds hold over 10,000 runs; over fewer they are widened by three standard
// errors.
func TestLeakTable(t *testing.T) {
	if testing.Short() {
		t.Skip("the leak table takes thousands of runs: leave out -short")
	}
	n, soak := leakRuns, os.Getenv("SWERM_SOAK") == "1"
	if soak {
		n = leakRunsSoak
	}
	runs := leakSample(t, n)
	slack := 0.0
	if !soak {
		slack = 3 * aucError(runs)
	}
	table := leakFigures(t, runs)
	for _, f := range table {
		if f.top != 0 && (f.auc < f.low-slack || f.auc > f.top+slack) {
			t.Errorf("%s alone has AUC %.3f, outside %.2f to %.2f (slack %.3f)", f.name, f.auc, f.low, f.top, slack)
		}
	}
	rates := successRates(runs)
	for _, rate := range rates {
		se := 3 * math.Sqrt(rate.share*(1-rate.share)/float64(rate.n))
		if soak {
			se = 0
		}
		if rate.share < 0.25-se || rate.share > 0.60+se {
			t.Errorf("%s: %.3f of %d runs are resolved, outside 0.25 to 0.60", rate.name, rate.share, rate.n)
		}
	}
	sizes := textSizes(runs)
	if sizes.median > 2200 || sizes.max > 6000 {
		t.Errorf("transcripts: median %d bytes, largest %d; want at most 2200 and 6000", sizes.median, sizes.max)
	}
	text := leakText(runs, table, rates, sizes)
	t.Log("\n" + text)
	if *update {
		if !soak {
			t.Fatal("-update needs SWERM_SOAK=1: the table in docs is that of 10,000 runs")
		}
		writeLeakSection(t, text)
	}
}

func leakFigures(t *testing.T, runs []leakRun) []figure {
	number := func(f func(*leakRun) float64) float64 { return auc(t, runs, scores(runs, f)) }
	rate := func(f func(*leakRun) string) float64 { return auc(t, runs, targetRates(runs, f)) }
	last := func(r *leakRun) string { return r.facts.LastVisible }
	seen := func(r *leakRun) string {
		return fmt.Sprint(r.facts.LastRepro, r.facts.EditAfterLastRepro, r.facts.LastVisible, r.facts.EditAfterLastTest)
	}
	shuffled := shuffleLabels(runs)
	three := 3 * aucError(runs)
	return []figure{
		{"length in bytes", number(func(r *leakRun) float64 { return r.features.Bytes }), 0.40, 0.60, ""},
		{"turns", number(func(r *leakRun) float64 { return r.features.Turns }), 0.40, 0.60, ""},
		{"patch size", number(func(r *leakRun) float64 { return r.features.PatchBytes }), 0.40, 0.60, ""},
		{"exit status", rate(func(r *leakRun) string { return r.facts.ExitStatus }), 0.40, 0.60, ""},
		{"policy", rate(func(r *leakRun) string { return r.policy }), 0.40, 0.60, ""},
		{"kind of bug", rate(func(r *leakRun) string { return r.bug }), 0.40, 0.60, ""},
		{"all of these together", auc(t, runs, jointly(runs, outsideColumns(runs))), 0, 0.65, "logistic, out of fold"},
		{"last visible test result", rate(last), 0, 0.75, ""},
		{"all together, labels shuffled", auc(t, shuffled, jointly(shuffled, outsideColumns(shuffled))), 0.5 - three, 0.5 + three, ""},
		{"how often each outcome was seen", auc(t, runs, jointly(runs, countColumns(runs))), 0, 0, "logistic on counts"},
		{"words (TF-IDF, logistic)", wordsAUC(t, runs, func(r *leakRun) *baseline.Features { return &r.features }), 0, 0, "held-out templates"},
		{"pairs of neighbouring words (the same)", wordsAUC(t, runs, func(r *leakRun) *baseline.Features { return &r.pairs }), 0, 0, "held-out templates"},
		{"last run of the issue's example", rate(func(r *leakRun) string { return r.facts.LastRepro }), 0, 0, ""},
		{"the same, with edits after it", rate(func(r *leakRun) string { return fmt.Sprint(r.facts.LastRepro, r.facts.EditAfterLastRepro) }), 0, 0, "order"},
		{"last results, with edits after them", rate(seen), 0, 0, "order"},
		{"the same, by style and what was edited", rate(func(r *leakRun) string {
			return seen(r) + fmt.Sprint(r.facts.Style, r.facts.EditedTests, r.facts.SpecialCased, r.facts.Undone)
		}), 0, 0, "order"},
	}
}

// wordsAUC fits the bag of words on most templates and scores the rest.
func wordsAUC(t *testing.T, runs []leakRun, words func(*leakRun) *baseline.Features) float64 {
	var fit, held []leakRun
	for _, r := range runs {
		h := fnv.New32a()
		h.Write([]byte(r.template))
		if h.Sum32()%10 < 3 {
			held = append(held, r)
		} else {
			fit = append(fit, r)
		}
	}
	rows := func(list []leakRun) (x []baseline.Features, y []float64) {
		for _, r := range list {
			x = append(x, *words(&r))
			v := 0.0
			if r.resolved {
				v = 1
			}
			y = append(y, v)
		}
		return x, y
	}
	x, y := rows(fit)
	score, err := baseline.Fit("tfidf", x, y)
	if err != nil {
		t.Fatal(err)
	}
	return auc(t, held, scores(held, func(r *leakRun) float64 { return score(words(r)) }))
}

func auc(t *testing.T, runs []leakRun, score []float64) float64 {
	resolved := make([]bool, len(runs))
	for i := range runs {
		resolved[i] = runs[i].resolved
	}
	v, err := metrics.AUC(score, resolved)
	if err != nil || v == nil {
		t.Fatalf("AUC of %d runs: %v", len(runs), err)
	}
	return *v
}

// aucError is the standard error of an AUC near one half.
func aucError(runs []leakRun) float64 {
	pos := 0
	for _, r := range runs {
		if r.resolved {
			pos++
		}
	}
	return math.Sqrt((1/float64(pos) + 1/float64(len(runs)-pos)) / 12)
}

func leakText(runs []leakRun, table []figure, rates []successRate, sizes sizeSummary) string {
	var b strings.Builder
	var disagree, shown int
	for _, r := range runs {
		if r.visible != r.resolved {
			disagree++
		}
		if r.facts.SawSite {
			shown++
		}
	}
	fmt.Fprintf(&b, "%d runs.\n\n| what is known | AUC | bound | |\n|---|---|---|---|\n", len(runs))
	for _, f := range table {
		bound := ""
		switch {
		case f.top == 0:
		case f.low == 0:
			bound = fmt.Sprintf("≤ %.2f", f.top)
		default:
			bound = fmt.Sprintf("%.2f to %.2f", f.low, f.top)
		}
		fmt.Fprintf(&b, "| %s | %.3f | %s | %s |\n", f.name, f.auc, bound, f.note)
	}
	fmt.Fprintf(&b, "\n| policy | runs | resolved |\n|---|---|---|\n")
	for _, r := range rates {
		fmt.Fprintf(&b, "| %s | %d | %.3f |\n", r.name, r.n, r.share)
	}
	n := float64(len(runs))
	fmt.Fprintf(&b, "\nVisible and hidden tests disagree about %.3f of the final trees. %.3f of the transcripts show the code at fault as it was; every patch\nshows what became of it. Text of a transcript: median %d bytes, 90 %% within %d, largest %d.\n",
		float64(disagree)/n, float64(shown)/n, sizes.median, sizes.most, sizes.max)
	return b.String()
}

// Marks around the section of docs/microgym.md that the test writes.
const (
	leakBegin = "<!-- leak table: written by go test ./microgym -run TestLeakTable -update -->\n"
	leakEnd   = "<!-- end of leak table -->\n"
)

func writeLeakSection(t *testing.T, text string) {
	path := filepath.Join("..", "docs", "microgym.md")
	doc, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(doc, []byte(leakBegin))
	_, tail, closed := bytes.Cut(rest, []byte(leakEnd))
	if !ok || !closed {
		head, tail = append(doc, "\n## Leaks\n\n"...), nil
	}
	out := fmt.Sprintf("%s%s\n%s\n%s%s", head, leakBegin, text, leakEnd, tail)
	if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

func background() context.Context { return context.Background() }
