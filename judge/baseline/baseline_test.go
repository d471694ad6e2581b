package baseline

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/swerm/swerm/pipeline"
)

// world makes rows in which only the named trait decides the verdict.
func world(n int, trait string) ([]Features, []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	rows, y := make([]Features, n), make([]float64, n)
	for i := range rows {
		good := r.Float64() < 0.4
		text := fmt.Sprintf("word%d word%d filler", r.IntN(50), r.IntN(50))
		tr := &pipeline.Trajectory{}
		status, patch := []string{"submitted", "limit"}[r.IntN(2)], strings.Repeat("+", 1+r.IntN(400))
		turns := 1 + r.IntN(30)
		flip := good != (r.Float64() < 0.1)
		switch trait {
		case "exit_status":
			status = map[bool]string{true: "submitted", false: "limit"}[flip]
		case "patch_size":
			patch = strings.Repeat("+", map[bool]int{true: 50, false: 500}[flip]+r.IntN(100))
		case "turns":
			turns = map[bool]int{true: 5, false: 40}[flip] + r.IntN(5)
		case "length":
			text += strings.Repeat(" aa", map[bool]int{true: 10, false: 800}[flip])
		case "tfidf":
			text += map[bool]string{true: " passed", false: " Traceback"}[flip]
		}
		for range turns {
			c := "x"
			tr.Messages = append(tr.Messages, pipeline.Message{Role: pipeline.RoleAssistant, Content: &c})
		}
		tr.Messages = append(tr.Messages, pipeline.Message{Role: pipeline.RoleTool, Content: &text})
		tr.Patch, tr.ExitStatus = &patch, &status
		rows[i] = Extract(tr)
		if good {
			y[i] = 1
		}
	}
	return rows, y
}

func accuracy(s Scorer, rows []Features, y []float64) float64 {
	var ok float64
	for i := range rows {
		if (s(&rows[i]) > 0.5) == (y[i] > 0.5) {
			ok++
		}
	}
	return ok / float64(len(rows))
}

// TestEachBaselineReadsItsTrait: where one trait decides the verdict, the
// baseline that knows it is right nine times in ten, and one that does not
// know it is no better than always guessing the majority.
func TestEachBaselineReadsItsTrait(t *testing.T) {
	for _, trait := range []string{"length", "turns", "patch_size", "exit_status", "tfidf"} {
		rows, y := world(1500, trait)
		train, test := rows[:1000], rows[1000:]
		for _, name := range Names() {
			s, err := Fit(name, train, y[:1000])
			if err != nil {
				t.Fatal(err)
			}
			got := accuracy(s, test, y[1000:])
			knows := name == trait || name == "numbers" && trait != "tfidf"
			if knows && got < 0.85 {
				t.Errorf("%s decides, but baseline %s is right in %.2f only", trait, name, got)
			}
			if name == "constant" && got > 0.7 {
				t.Errorf("a constant is right in %.2f", got)
			}
			if trait == "exit_status" && (name == "turns" || name == "patch_size") && got > 0.7 {
				t.Errorf("%s decides, but baseline %s is right in %.2f: it reads what it should not know", trait, name, got)
			}
		}
	}
}

// TestNewtonFindsTheMinimum compares with the gradient, which vanishes there.
func TestNewtonFindsTheMinimum(t *testing.T) {
	rows, y := world(300, "turns")
	x := make([][]float64, len(rows))
	for i := range rows {
		x[i] = []float64{rows[i].Turns, rows[i].Bytes, 3}
	}
	m, err := fitLogistic(x, y)
	if err != nil {
		t.Fatal(err)
	}
	z := make([][]float64, len(x))
	for i := range x {
		z[i] = m.transform(x[i])
	}
	grad, _ := derivatives(z, y, m.weight)
	for j, g := range grad.RawVector().Data {
		if math.Abs(g) > 1e-5 {
			t.Errorf("gradient[%d] = %g at the minimum", j, g)
		}
	}
}

func TestSparseGradientMatchesFiniteDifferences(t *testing.T) {
	x := [][]Term{{{1, 0.5}, {3, 0.2}}, {{0, 1}}, {{3, -0.7}}}
	y := []float64{1, 0, 1}
	w := []float64{0.3, -0.2, 0.1, 0.7, 0.05}
	grad := make([]float64, len(w))
	sparseGrad(x, y, w, grad)
	for j := range w {
		const h = 1e-6
		up, down := append([]float64{}, w...), append([]float64{}, w...)
		up[j] += h
		down[j] -= h
		want := (sparseLoss(x, y, up) - sparseLoss(x, y, down)) / (2 * h)
		if math.Abs(grad[j]-want) > 1e-6 {
			t.Errorf("gradient[%d] = %g, finite difference %g", j, grad[j], want)
		}
	}
}

func TestOneClassIsAnError(t *testing.T) {
	rows, y := world(20, "turns")
	for i := range y {
		y[i] = 0
	}
	for _, name := range Names()[1:] {
		if _, err := Fit(name, rows, y); !errors.Is(err, ErrOneClass) {
			t.Errorf("%s: error is %v, want ErrOneClass", name, err)
		}
	}
}

func TestFitIsDeterministic(t *testing.T) {
	rows, y := world(400, "tfidf")
	for _, name := range Names() {
		a, err := Fit(name, rows, y)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Fit(name, rows, y)
		for i := range rows {
			if a(&rows[i]) != b(&rows[i]) {
				t.Fatalf("%s: two fits of the same rows differ on row %d", name, i)
			}
		}
	}
}

func TestFeaturesIgnoreWhatMustNotBeRead(t *testing.T) {
	c, patch, claims := "some words here", "+x", `{"resolved":true}`
	tr := &pipeline.Trajectory{Messages: []pipeline.Message{{Role: pipeline.RoleAssistant, Content: &c}}, Patch: &patch}
	a := Extract(tr)
	tr.Claims, tr.Policy = &claims, "other"
	tr.Origin.URI = "resolved/x.json"
	if b := Extract(tr); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("features changed with claims, policy or origin: %v and %v", a, b)
	}
}

func TestTermsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxTerms {
		fmt.Fprintf(&b, "w%d ", i)
	}
	text := b.String()
	tr := &pipeline.Trajectory{Messages: []pipeline.Message{{Role: pipeline.RoleTool, Content: &text}}}
	if n := len(Extract(tr).Terms); n != maxTerms {
		t.Errorf("%d terms kept, want %d", n, maxTerms)
	}
}

func BenchmarkExtract(b *testing.B) {
	text := strings.Repeat("def test_add(self): assert add(1, 2) == 3  # ok\n", 4000)
	tr := &pipeline.Trajectory{Messages: []pipeline.Message{{Role: pipeline.RoleTool, Content: &text}}}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Extract(tr)
	}
}
