package metrics

import (
	"bufio"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"strconv"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
)

type goldenRow struct {
	InstanceID string  `json:"instance_id"`
	Policy     string  `json:"policy"`
	Score      float64 `json:"score"`
	Resolved   bool    `json:"resolved"`
}

type goldenBin struct {
	Count        int      `json:"count"`
	MeanScore    *float64 `json:"mean_score"`
	ResolvedRate *float64 `json:"resolved_rate"`
}

type goldenPart struct {
	Pooled  map[string]json.RawMessage `json:"pooled"`
	Ranking struct {
		Instances  int                 `json:"instances"`
		Random     float64             `json:"random"`
		RM         map[string]float64  `json:"rm_at_k"`
		Pass       map[string]float64  `json:"pass_at_k"`
		GapClosed  map[string]*float64 `json:"gap_closed"`
		PairMicro  float64             `json:"pair_accuracy_micro"`
		PairMacro  float64             `json:"pair_accuracy_macro"`
		MixedCount int                 `json:"mixed_instances"`
		Pairs      int64               `json:"pairs"`
	} `json:"ranking"`
}

type goldenEval struct {
	ECE10   float64 `json:"ece_10"`
	ECE15   float64 `json:"ece_15"`
	Brier   float64 `json:"brier"`
	LogLoss float64 `json:"log_loss_clip_1e-7"`
}

type golden struct {
	All         goldenPart `json:"all"`
	PolicyA     goldenPart `json:"policy-a"`
	PolicyB     goldenPart `json:"policy-b"`
	Calibration struct {
		Before      goldenEval `json:"before"`
		Temperature struct {
			T    float64    `json:"T"`
			NLL  float64    `json:"nll_fit"`
			Eval goldenEval `json:"eval"`
		} `json:"temperature"`
		Platt struct {
			A    float64    `json:"a"`
			B    float64    `json:"b"`
			NLL  float64    `json:"nll_fit"`
			Eval goldenEval `json:"eval"`
		} `json:"platt"`
		Isotonic struct {
			X    []float64  `json:"x_thresholds"`
			Y    []float64  `json:"y_thresholds"`
			Eval goldenEval `json:"eval"`
		} `json:"isotonic"`
	} `json:"calibration"`
	Small []struct {
		Name     string            `json:"name"`
		Score    []float64         `json:"score"`
		Resolved []int             `json:"resolved"`
		Bin10    []int             `json:"bin_index_10"`
		Bin15    []int             `json:"bin_index_15"`
		ECE10    float64           `json:"ece_10"`
		AUC      *float64          `json:"roc_auc"`
		AP       *float64          `json:"average_precision"`
		RM       map[string]string `json:"rm_at_k"`
		Pass     map[string]string `json:"pass_at_k"`
	} `json:"small_cases"`
}

func loadGolden(t *testing.T) (*golden, []goldenRow) {
	t.Helper()
	raw, err := os.ReadFile(testpath.Golden(t, "metrics", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(testpath.Golden(t, "metrics", "scores.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []goldenRow
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var r goldenRow
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if len(rows) != 3200 {
		t.Fatalf("%d golden rows, want 3200", len(rows))
	}
	return &g, rows
}

func near(t *testing.T, what string, got *float64, want *float64, tol float64) {
	t.Helper()
	if (got == nil) != (want == nil) {
		t.Errorf("%s: got %v, want %v", what, got, want)
		return
	}
	if got != nil && !(math.Abs(*got-*want) <= tol) {
		t.Errorf("%s: got %.17g, want %.17g", what, *got, *want)
	}
}

func TestGoldenPooledAndRanking(t *testing.T) {
	g, rows := loadGolden(t)
	for _, part := range []struct {
		policy string
		want   *goldenPart
	}{{"", &g.All}, {"policy-a", &g.PolicyA}, {"policy-b", &g.PolicyB}} {
		t.Run("part="+part.policy, func(t *testing.T) {
			var s []float64
			var y []bool
			var task []string
			for _, r := range rows {
				if part.policy == "" || r.Policy == part.policy {
					s, y, task = append(s, r.Score), append(y, r.Resolved), append(task, r.InstanceID)
				}
			}
			checkPooled(t, s, y, part.want)
			checkRanking(t, s, y, task, part.want)
		})
	}
}

func checkPooled(t *testing.T, s []float64, y []bool, want *goldenPart) {
	p, err := Pool(s, s, y)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewForecast(s, y)
	if err != nil {
		t.Fatal(err)
	}
	must := func(v float64, ok bool, err error) *float64 {
		if err != nil {
			t.Fatal(err)
		}
		return Optional(v, ok)
	}
	got := map[string]*float64{
		"roc_auc": p.AUC, "average_precision": p.AveragePrecision, "brier": p.Brier,
		"log_loss_clip_1e-7": p.LogLoss, "log_loss_sklearn": Optional(f.LogLoss(0x1p-52)),
		"ece_10": p.ECE10, "ece_15": p.ECE15, "mce_10": must(f.MCE(10)), "mce_15": p.MCE15,
		"ece_equal_mass_10": must(f.EqualMassECE(10)), "ece_equal_mass_15": p.EqualMassECE15,
		"spearman": p.Spearman, "point_biserial": p.PointBiserial, "kendall_tau_b": p.KendallTauB,
	}
	n, positives := float64(p.N), float64(p.Positives)
	got["n"], got["positives"] = &n, &positives
	for name, raw := range want.Pooled {
		if name == "reliability_10" || name == "reliability_15" {
			bins, _ := strconv.Atoi(name[len("reliability_"):])
			checkTable(t, f, bins, raw)
			continue
		}
		v, ok := got[name]
		if !ok {
			t.Errorf("golden figure %s is not computed", name)
			continue
		}
		var w *float64
		if err := json.Unmarshal(raw, &w); err != nil {
			t.Fatal(err)
		}
		near(t, name, v, w, 1e-12)
	}
}

func checkTable(t *testing.T, f *Forecast, bins int, raw json.RawMessage) {
	var want []goldenBin
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Reliability(bins)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d bins, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Count != want[i].Count {
			t.Errorf("bin %d of %d holds %d, want %d", i, bins, got[i].Count, want[i].Count)
		}
		near(t, "mean score", got[i].MeanScore, want[i].MeanScore, 1e-12)
		near(t, "resolved rate", got[i].ResolvedRate, want[i].ResolvedRate, 1e-12)
	}
}

func checkRanking(t *testing.T, s []float64, y []bool, task []string, want *goldenPart) {
	group, names := GroupBy(task)
	if len(names) != want.Ranking.Instances {
		t.Fatalf("%d tasks, want %d", len(names), want.Ranking.Instances)
	}
	r, err := NewRanker(Candidates{Group: group, Score: s, Resolved: y}, 16)
	if err != nil {
		t.Fatal(err)
	}
	var ks []int
	for k := range want.Ranking.RM {
		n, _ := strconv.Atoi(k)
		ks = append(ks, n)
	}
	rk, err := r.Ranking(ks)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Choice{rk.Scored, rk.Strict} {
		near(t, "random", c.Random, &want.Ranking.Random, 1e-12)
		near(t, "pair micro", c.PairAccuracyMicro, &want.Ranking.PairMicro, 1e-12)
		near(t, "pair macro", c.PairAccuracyMacro, &want.Ranking.PairMacro, 1e-12)
		if c.Pairs != want.Ranking.Pairs || c.MixedGroups != want.Ranking.MixedCount {
			t.Errorf("%d pairs in %d groups, want %d in %d", c.Pairs, c.MixedGroups, want.Ranking.Pairs, want.Ranking.MixedCount)
		}
		for _, at := range c.At {
			k := strconv.Itoa(at.K)
			rm, pass := want.Ranking.RM[k], want.Ranking.Pass[k]
			near(t, "RM@"+k, at.RM, &rm, 1e-12)
			near(t, "Pass@"+k, at.Pass, &pass, 1e-12)
			near(t, "gap@"+k, at.GapClosed, want.Ranking.GapClosed[k], 1e-12)
		}
	}
}

func TestGoldenSmallCases(t *testing.T) {
	g, _ := loadGolden(t)
	for _, c := range g.Small {
		t.Run(c.Name, func(t *testing.T) {
			y := make([]bool, len(c.Resolved))
			for i, v := range c.Resolved {
				y[i] = v == 1
				if got := BinIndex(c.Score[i], 10); got != c.Bin10[i] {
					t.Errorf("%v lies in bin %d of 10, want %d", c.Score[i], got, c.Bin10[i])
				}
				if got := BinIndex(c.Score[i], 15); got != c.Bin15[i] {
					t.Errorf("%v lies in bin %d of 15, want %d", c.Score[i], got, c.Bin15[i])
				}
			}
			p, err := Pool(c.Score, c.Score, y)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "AUC", p.AUC, c.AUC, 1e-12)
			near(t, "AP", p.AveragePrecision, c.AP, 1e-12)
			near(t, "ECE", p.ECE10, &c.ECE10, 1e-12)
			r, err := NewRanker(Candidates{Group: make([]int32, len(y)), Score: c.Score, Resolved: y}, len(y))
			if err != nil {
				t.Fatal(err)
			}
			for k := 1; k <= len(y); k++ {
				rk, err := r.Ranking([]int{k})
				if err != nil {
					t.Fatal(err)
				}
				rm, pass := fraction(t, c.RM[strconv.Itoa(k)]), fraction(t, c.Pass[strconv.Itoa(k)])
				near(t, "RM", rk.Scored.At[0].RM, &rm, 1e-12)
				near(t, "Pass", rk.Scored.At[0].Pass, &pass, 1e-12)
			}
		})
	}
}

func fraction(t *testing.T, s string) float64 {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no fraction", s)
	}
	f, _ := r.Float64()
	return f
}

func TestGoldenCalibration(t *testing.T) {
	g, rows := loadGolden(t)
	var s, z [2][]float64
	var y [2][]bool
	for _, r := range rows {
		n, err := strconv.Atoi(r.InstanceID[5:])
		if err != nil {
			t.Fatal(err)
		}
		half := n / 100
		s[half], z[half], y[half] = append(s[half], r.Score), append(z[half], Logit(r.Score)), append(y[half], r.Resolved)
	}
	check := func(name string, want goldenEval, tol float64, apply func(i int) float64) {
		t.Helper()
		p := make([]float64, len(s[1]))
		for i := range p {
			p[i] = apply(i)
		}
		got, err := Pool(p, p, y[1])
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" ece_10", got.ECE10, &want.ECE10, tol)
		near(t, name+" ece_15", got.ECE15, &want.ECE15, tol)
		near(t, name+" brier", got.Brier, &want.Brier, tol)
		near(t, name+" log-loss", got.LogLoss, &want.LogLoss, tol)
	}
	check("before", g.Calibration.Before, 1e-12, func(i int) float64 { return s[1][i] })

	temp, err := FitTemperature(z[0], y[0])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "T", &temp.T, &g.Calibration.Temperature.T, 1e-6*g.Calibration.Temperature.T)
	near(t, "NLL of T", &temp.NLL, &g.Calibration.Temperature.NLL, 1e-10)
	check("temperature", g.Calibration.Temperature.Eval, 1e-6, func(i int) float64 { return temp.Apply(z[1][i]) })

	platt, err := FitPlatt(z[0], y[0])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a", &platt.A, &g.Calibration.Platt.A, 1e-6)
	near(t, "b", &platt.B, &g.Calibration.Platt.B, 1e-6)
	near(t, "NLL of Platt", &platt.NLL, &g.Calibration.Platt.NLL, 1e-10)
	check("platt", g.Calibration.Platt.Eval, 1e-6, func(i int) float64 { return platt.Apply(z[1][i]) })

	iso, err := FitIsotonic(s[0], y[0])
	if err != nil {
		t.Fatal(err)
	}
	want := Isotonic{g.Calibration.Isotonic.X, g.Calibration.Isotonic.Y}
	check("isotonic", g.Calibration.Isotonic.Eval, 1e-9, func(i int) float64 { return iso.Apply(s[1][i]) })
	for i, v := range s[1] {
		if got, w := iso.Apply(v), want.Apply(v); math.Abs(got-w) > 1e-9 {
			t.Fatalf("isotonic of row %d (%v): got %v, want %v", i, v, got, w)
		}
	}
}
