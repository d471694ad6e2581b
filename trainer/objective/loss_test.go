package objective_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/swerm/swerm/trainer/objective"
)

// closed is an objective written out by hand: loss and gradient of one row.
type closed func(l objective.Logits, t float64) (loss float64, d objective.Logits)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func softplus(x float64) float64 {
	return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

func closedTwoWay(l objective.Logits, t float64) (float64, objective.Logits) {
	m := l.Yes - l.No
	d := sigmoid(m) - t
	return softplus(m) - t*m, objective.Logits{Yes: d, No: -d}
}

func closedFull(l objective.Logits, t float64) (float64, objective.Logits) {
	hi := max(l.Yes, l.No, l.Rest)
	lse := hi + math.Log(math.Exp(l.Yes-hi)+math.Exp(l.No-hi)+math.Exp(l.Rest-hi))
	p := func(x float64) float64 { return math.Exp(x - lse) }
	return lse - t*l.Yes - (1-t)*l.No, objective.Logits{Yes: p(l.Yes) - t, No: p(l.No) - (1 - t), Rest: p(l.Rest)}
}

func closedBrier(l objective.Logits, t float64) (float64, objective.Logits) {
	p := sigmoid(l.Yes - l.No)
	d := 2 * (p - t) * p * (1 - p)
	return (p - t) * (p - t), objective.Logits{Yes: d, No: -d}
}

func closedFocal(g float64) closed {
	return func(l objective.Logits, t float64) (float64, objective.Logits) {
		p := sigmoid(l.Yes - l.No)
		q := 1 - p
		loss := -t*math.Pow(q, g)*math.Log(p) - (1-t)*math.Pow(p, g)*math.Log(q)
		d := t*(g*math.Pow(q, g)*p*math.Log(p)-math.Pow(q, g+1)) - (1-t)*(g*math.Pow(p, g)*q*math.Log(q)-math.Pow(p, g+1))
		return loss, objective.Logits{Yes: d, No: -d}
	}
}

func batch(rng *rand.Rand, n int, spread float64) ([]objective.Logits, []objective.Row) {
	logits, rows := make([]objective.Logits, n), make([]objective.Row, n)
	for i := range rows {
		logits[i] = objective.Logits{Yes: spread * rng.NormFloat64(), No: spread * rng.NormFloat64(), Rest: spread * rng.NormFloat64()}
		rows[i] = objective.Row{Target: float64(rng.IntN(2)), Weight: 0.25 + rng.Float64(), Group: int32(rng.IntN(1 + n/3))}
	}
	return logits, rows
}

func sizes() []int { return []int{1, 2, 3, 4, 7, 8, 13, 33} }

func TestClosedForm(t *testing.T) {
	for _, c := range []struct {
		name  string
		gamma float64
		want  closed
	}{
		{objective.NameTwoWay, 0, closedTwoWay},
		{objective.NameFull, 0, closedFull},
		{objective.NameBrier, 0, closedBrier},
		{objective.NameFocal, 2, closedFocal(2)},
		{objective.NameFocal, 0, closedTwoWay},
	} {
		for _, smoothing := range []float64{0, 0.1} {
			obj, err := objective.Named(c.name, objective.Options{LabelSmoothing: smoothing, Gamma: c.gamma})
			if err != nil {
				t.Fatal(err)
			}
			loss := objective.NewLoss(obj)
			for _, n := range sizes() {
				rng := rand.New(rand.NewPCG(uint64(n), 1))
				logits, rows := batch(rng, n, 3)
				grad := make([]objective.Logits, n)
				const scale = 0.37
				got, err := loss.Sum(logits, rows, scale, grad)
				if err != nil {
					t.Fatal(err)
				}
				var want float64
				for i := range rows {
					target := rows[i].Target*(1-smoothing) + smoothing/2
					v, d := c.want(logits[i], target)
					want += rows[i].Weight * v
					k := scale * rows[i].Weight
					near(t, fmt.Sprintf("%s n=%d yes[%d]", obj.Name, n, i), grad[i].Yes, k*d.Yes)
					near(t, fmt.Sprintf("%s n=%d no[%d]", obj.Name, n, i), grad[i].No, k*d.No)
					near(t, fmt.Sprintf("%s n=%d rest[%d]", obj.Name, n, i), grad[i].Rest, k*d.Rest)
				}
				near(t, fmt.Sprintf("%s n=%d sum", obj.Name, n), got, want)
			}
		}
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	// Gorgonia's softplus(x) is x above 16, which is exact to 1.2e-7.
	if math.Abs(got-want) > 2e-7*(1+math.Abs(want)) {
		t.Errorf("%s: got %.12g, want %.12g", what, got, want)
	}
}

func TestPairwiseClosedForm(t *testing.T) {
	loss := objective.NewLoss(objective.Pairwise())
	for _, n := range sizes() {
		logits, rows := batch(rand.New(rand.NewPCG(uint64(n), 2)), n, 2)
		grad := make([]objective.Logits, n)
		got, err := loss.Sum(logits, rows, 1, grad)
		if err != nil {
			t.Fatal(err)
		}
		var want, weights float64
		d := make([]float64, n)
		for i, a := range rows {
			for j, b := range rows {
				if a.Group != b.Group || a.Target <= b.Target {
					continue
				}
				w := a.Weight * b.Weight
				m := (logits[i].Yes - logits[i].No) - (logits[j].Yes - logits[j].No)
				want += w * softplus(-m)
				weights += w
				d[i] -= w * sigmoid(-m)
				d[j] += w * sigmoid(-m)
			}
		}
		near(t, "sum", got, want)
		near(t, "weights", loss.WeightSum(rows), weights)
		for i := range d {
			near(t, fmt.Sprintf("n=%d yes[%d]", n, i), grad[i].Yes, d[i])
			near(t, fmt.Sprintf("n=%d no[%d]", n, i), grad[i].No, -d[i])
		}
	}
}

func TestGradientByFiniteDifferences(t *testing.T) {
	const h = 1e-5
	for _, obj := range objective.Builtin(objective.Options{LabelSmoothing: 0.05, Gamma: 1.5}) {
		loss := objective.NewLoss(obj)
		logits, rows := batch(rand.New(rand.NewPCG(7, 7)), 9, 1)
		for i := range rows {
			rows[i].Target = float64(i%5) / 4 // targets between the ends too
		}
		grad, none := make([]objective.Logits, 9), make([]objective.Logits, 9)
		if _, err := loss.Sum(logits, rows, 1, grad); err != nil {
			t.Fatal(err)
		}
		at := func(p *float64, d float64) float64 {
			was := *p
			*p += d
			v, err := loss.Sum(logits, rows, 1, none)
			if err != nil {
				t.Fatal(err)
			}
			*p = was
			return v
		}
		for i := range logits {
			for k, p := range []*float64{&logits[i].Yes, &logits[i].No, &logits[i].Rest} {
				fd := (at(p, h) - at(p, -h)) / (2 * h)
				got := []float64{grad[i].Yes, grad[i].No, grad[i].Rest}[k]
				if math.Abs(fd-got) > 1e-8 {
					t.Errorf("%s: d[%d][%d] = %g, finite difference %g", obj.Name, i, k, got, fd)
				}
			}
		}
	}
}

func TestExtremeLogits(t *testing.T) {
	logits := []objective.Logits{{Yes: 1e4, No: -1e4, Rest: 5e3}, {Yes: -1e4, No: 1e4, Rest: -5e3}, {Yes: 80, No: 80, Rest: 80}}
	rows := []objective.Row{{Target: 1, Weight: 1}, {Target: 1, Weight: 1}, {Target: 0, Weight: 1}}
	for _, obj := range objective.Builtin(objective.Options{Gamma: 2}) {
		grad := make([]objective.Logits, 3)
		sum, err := objective.NewLoss(obj).Sum(logits, rows, 1, grad)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{sum, grad[0].Yes, grad[1].Yes, grad[1].No, grad[2].Rest} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: sum %v, gradients %v", obj.Name, sum, grad)
				break
			}
		}
	}
}

func TestWeightZeroIsSilent(t *testing.T) {
	nan := math.NaN()
	for _, obj := range objective.Builtin(objective.Options{}) {
		logits := []objective.Logits{{Yes: 1}, {Yes: nan, No: nan, Rest: nan}, {No: 2}}
		rows := []objective.Row{{Target: 1, Weight: 1}, {Target: 1, Weight: 0}, {Target: 0, Weight: 1}}
		grad := make([]objective.Logits, 3)
		sum, err := objective.NewLoss(obj).Sum(logits, rows, 1, grad)
		if err != nil || math.IsNaN(sum) || grad[1] != (objective.Logits{}) || grad[0].Yes == 0 {
			t.Errorf("%s: sum %v, gradient %v, error %v", obj.Name, sum, grad, err)
		}
	}
}

// The order of evaluations, and other sizes in between, leave no trace.
func TestSameBitsAlways(t *testing.T) {
	for _, obj := range objective.Builtin(objective.Options{Gamma: 2, LabelSmoothing: 0.1}) {
		shared := objective.NewLoss(obj)
		for round := range 3 {
			for _, n := range sizes() {
				logits, rows := batch(rand.New(rand.NewPCG(uint64(n), 3)), n, 2)
				a, b := make([]objective.Logits, n), make([]objective.Logits, n)
				sa, err := shared.Sum(logits, rows, 0.5, a)
				if err != nil {
					t.Fatal(err)
				}
				sb, _ := objective.NewLoss(obj).Sum(logits, rows, 0.5, b)
				if sa != sb {
					t.Fatalf("%s n=%d round %d: %v and %v", obj.Name, n, round, sa, sb)
				}
				for i := range a {
					if a[i] != b[i] {
						t.Fatalf("%s n=%d round %d row %d: %v and %v", obj.Name, n, round, i, a[i], b[i])
					}
				}
			}
		}
	}
}

func TestNoLeak(t *testing.T) {
	loss := objective.NewLoss(objective.Full(objective.Options{}))
	logits, rows := batch(rand.New(rand.NewPCG(5, 5)), 32, 1)
	grad := make([]objective.Logits, 32)
	heap := func(rounds int) uint64 {
		for range rounds {
			if _, err := loss.Sum(logits, rows, 1, grad); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap(200)
	after := heap(4000)
	if after > before+256<<10 {
		t.Errorf("heap grew from %d to %d bytes over 4000 evaluations", before, after)
	}
}

func TestFaultsAreErrors(t *testing.T) {
	one := []objective.Logits{{Yes: 1}}
	row := []objective.Row{{Target: 1, Weight: 1}}
	for name, obj := range map[string]objective.Objective{
		"panics":         {Name: "x", Terms: func(objective.Inputs) *gorgonia.Node { panic("boom") }},
		"unused logit":   {Name: "x", Terms: func(in objective.Inputs) *gorgonia.Node { return objective.Square(in.Yes) }},
		"unused rest":    {Name: "x", Full: true, Terms: func(in objective.Inputs) *gorgonia.Node { return in.Margin() }},
		"missing rest":   {Name: "x", Terms: func(in objective.Inputs) *gorgonia.Node { return objective.Add(in.Margin(), in.Rest) }},
		"wrong shape":    {Name: "x", Scope: objective.Pairs, Terms: func(in objective.Inputs) *gorgonia.Node { return in.Margin() }},
		"nothing at all": {Name: "x", Terms: func(objective.Inputs) *gorgonia.Node { return nil }},
	} {
		if _, err := objective.NewLoss(obj).Sum(one, row, 1, make([]objective.Logits, 1)); !errors.Is(err, objective.ErrGraph) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := objective.Named("nope", objective.Options{}); err == nil {
		t.Error("an unknown name is accepted")
	}
	if err := (objective.Options{LabelSmoothing: 1, Gamma: -1}).Validate(); err == nil {
		t.Error("bad options are accepted")
	}
	n := objective.MaxPairSequences + 1
	_, err := objective.NewLoss(objective.Pairwise()).Sum(make([]objective.Logits, n), make([]objective.Row, n), 1, make([]objective.Logits, n))
	if !errors.Is(err, objective.ErrTooMany) {
		t.Errorf("%d pairs: error %v", n, err)
	}
}
