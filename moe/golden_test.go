package moe

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/moe/kernel"
)

// digest is a tensor of the reference: sum, Euclidean norm and a few entries.
type digest struct {
	Name   string
	Shape  []int
	Sum    float64
	L2     float64
	Idx    []int
	Val    []float64
	Logits *digest `json:"logits_digest"`
}

type goldenSequence struct {
	IDs         []int32 `json:"input_ids"`
	Label       string
	Final       digest    `json:"final_logits_digest"`
	FinalLogits []float64 `json:"final_logits"`
	Yes         float64   `json:"logit_yes"`
	No          float64   `json:"logit_no"`
	FullCE      float64   `json:"full_vocab_ce"`
	Aux         float64   `json:"aux_loss"`
	Hidden      []digest
	Router      []struct {
		Layer  int
		Logits digest  `json:"logits_digest"`
		Load   []int64 `json:"tokens_per_expert"`
	}
}

type golden struct {
	YesID   int32   `json:"yes_id"`
	NoID    int32   `json:"no_id"`
	AuxCoef float64 `json:"aux_coef"`
	AdamW   struct {
		LR          float64
		Betas       [2]float64
		Eps         float64
		WeightDecay float64  `json:"weight_decay"`
		NotDecayed  []string `json:"not_decayed"`
	}
	Float64 struct {
		Sequences []goldenSequence
		Gradients map[string]digest
		Train     []struct {
			Step     int
			Loss     float64
			CE, Aux  []float64
			GradNorm float64 `json:"grad_norm"`
		}
		Params map[string]digest `json:"params_after_3_steps"`
		After  []digest          `json:"after_3_steps_final_logits_digest"`
	}
}

var goldenNames = []string{"fp32-untied", "bf16-tied"}

func loadGolden(t *testing.T, name string) (*golden, *Model) {
	t.Helper()
	dir := testpath.Golden(t, "qwen3moe-tiny", name)
	data, err := os.ReadFile(dir + "/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{}
	if err := json.Unmarshal(data, g); err != nil {
		t.Fatal(err)
	}
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return g, m
}

// eachGolden runs do for both checkpoints on every kernel family.
func eachGolden(t *testing.T, do func(t *testing.T, g *golden, m *Model)) {
	for _, name := range goldenNames {
		for f := kernel.Generic; f <= kernel.Detect(); f++ {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				g, m := loadGolden(t, name)
				m.kern = f
				do(t, g, m)
			})
		}
	}
}

// check compares a tensor with its digest: entries to tol of the RMS entry,
// the norm to tolL2.
func (d *digest) check(t *testing.T, what string, x []float32, tol, tolL2 float64) {
	t.Helper()
	n := 1
	for _, s := range d.Shape {
		n *= s
	}
	if n != len(x) {
		t.Errorf("%s: %d numbers, reference shape %v", what, len(x), d.Shape)
		return
	}
	rms := d.L2 / math.Sqrt(float64(n))
	ss := 0.0
	for _, v := range x {
		ss += float64(v) * float64(v)
	}
	if diff := math.Abs(math.Sqrt(ss) - d.L2); !(diff <= tolL2*d.L2+1e-12) {
		t.Errorf("%s: L2 %v, reference %v", what, math.Sqrt(ss), d.L2)
	}
	for i, at := range d.Idx {
		if diff := math.Abs(float64(x[at]) - d.Val[i]); !(diff <= tol*rms+1e-12) {
			t.Errorf("%s[%d] = %v, reference %v (%.2g of RMS)", what, at, x[at], d.Val[i], diff/rms)
		}
	}
}

// allLogits multiplies row i of the head's input with the vocabulary.
func allLogits(p *Pass, i int) []float32 {
	out := make([]float32, p.V)
	for v := range out {
		out[v] = p.kern.Dot(p.hn[i*p.D:(i+1)*p.D], p.m.head.Data[v*p.D:(v+1)*p.D])
	}
	return out
}

// goldenBatch packs all sequences of the fixture.
func goldenBatch(g *golden) Batch {
	b := Batch{Offsets: []int32{0}}
	for _, s := range g.Float64.Sequences {
		b.IDs = append(b.IDs, s.IDs...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

func TestGoldenForward(t *testing.T) {
	eachGolden(t, func(t *testing.T, g *golden, m *Model) {
		p := m.NewPass(Options{Train: true, Threads: 2})
		for i, s := range g.Float64.Sequences {
			at := fmt.Sprintf("sequence %d", i)
			b := Batch{IDs: s.IDs, Offsets: []int32{0, int32(len(s.IDs))}}
			if err := p.load(b, false); err != nil {
				t.Fatal(err)
			}
			p.forward(allRows)
			rows := make([]int32, p.T)
			for r := range rows {
				rows[r] = int32(r)
			}
			p.hidden(rows)
			checkHidden(t, at, p, s)
			logits := allLogits(p, p.T-1)
			for v, want := range s.FinalLogits {
				if math.Abs(float64(logits[v])-want) > 5e-5 {
					t.Errorf("%s: logit %d is %v, reference %v", at, v, logits[v], want)
				}
			}
			s.Final.check(t, at+" final logits", logits, 5e-5, 5e-5)
			if math.Abs(p.Aux()[0]-s.Aux) > 1e-5 {
				t.Errorf("%s: aux %v, reference %v", at, p.Aux()[0], s.Aux)
			}
		}
	})
}

func checkHidden(t *testing.T, at string, p *Pass, s goldenSequence) {
	t.Helper()
	for _, h := range s.Hidden {
		var x []float32
		var l int
		switch _, err := fmt.Sscanf(h.Name, "layer%d", &l); {
		case h.Name == "embed":
			x = make([]float32, p.T*p.D) // what the pass made of it has another layer's numbers by now
			p.embed(x, p.ids)
		case h.Name == "final_norm":
			x = p.hn
		case err == nil && l == p.L-1:
			x = p.xf
		case err == nil:
			x = p.layers[l+1].x
		default:
			t.Fatalf("unknown tensor %q", h.Name)
		}
		h.check(t, at+" "+h.Name, x, 5e-5, 5e-5)
	}
	load := p.ExpertLoad()
	for _, r := range s.Router {
		if !slices.Equal(load[r.Layer], r.Load) {
			t.Errorf("%s layer %d: expert load %v, reference %v", at, r.Layer, load[r.Layer], r.Load)
		}
	}
}

// fullLoss is the full-vocabulary cross-entropy of a verdict and its gradient.
func fullLoss(l Logits, yes bool) (loss float64, d Logits) {
	y, n, r := float64(l.Yes), float64(l.No), float64(l.Rest)
	top := max(y, n, r)
	lse := top + math.Log(math.Exp(y-top)+math.Exp(n-top)+math.Exp(r-top))
	d = Logits{float32(math.Exp(y - lse)), float32(math.Exp(n - lse)), float32(math.Exp(r - lse))}
	if yes {
		d.Yes--
		return lse - y, d
	}
	d.No--
	return lse - n, d
}

// goldenStep runs the fixture's loss forward and backward and returns what the
// reference records of a step.
func goldenStep(t *testing.T, g *golden, p *Pass) (loss float64, ce, aux []float64) {
	t.Helper()
	logits, err := p.Verdict(goldenBatch(g), Head{Yes: g.YesID, No: g.NoID, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	n := float32(len(logits))
	d, coef := make([]Logits, len(logits)), make([]float32, len(logits))
	aux = p.Aux()
	for i, l := range logits {
		c, g0 := fullLoss(l, g.Float64.Sequences[i].Label == "YES")
		ce = append(ce, c)
		loss += (c + g.AuxCoef*aux[i]) / float64(n)
		d[i] = Logits{g0.Yes / n, g0.No / n, g0.Rest / n}
		coef[i] = float32(g.AuxCoef) / n
	}
	if err := p.BackwardVerdict(d, coef); err != nil {
		t.Fatal(err)
	}
	return loss, ce, aux
}

func TestGoldenVerdict(t *testing.T) {
	eachGolden(t, func(t *testing.T, g *golden, m *Model) {
		for _, train := range []bool{false, true} {
			logits, err := m.NewPass(Options{Train: train}).Verdict(goldenBatch(g), Head{Yes: g.YesID, No: g.NoID, Full: true})
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range logits {
				s := g.Float64.Sequences[i]
				ce, _ := fullLoss(l, s.Label == "YES")
				if math.Abs(float64(l.Yes)-s.Yes) > 5e-5 || math.Abs(float64(l.No)-s.No) > 5e-5 || math.Abs(ce-s.FullCE) > 1e-5 {
					t.Errorf("train=%v sequence %d: %+v, loss %v; reference %v, %v, loss %v", train, i, l, ce, s.Yes, s.No, s.FullCE)
				}
			}
		}
	})
}

func TestGoldenGradients(t *testing.T) {
	eachGolden(t, func(t *testing.T, g *golden, m *Model) {
		m.EnableGrad()
		goldenStep(t, g, m.NewPass(Options{Train: true, Threads: 2}))
		if len(g.Float64.Gradients) != len(m.Params()) {
			t.Fatalf("%d gradients, reference %d", len(m.Params()), len(g.Float64.Gradients))
		}
		for _, p := range m.Params() {
			d := g.Float64.Gradients[p.Name]
			d.check(t, p.Name, p.Grad, 1e-4, 5e-5)
		}
	})
}

func TestGoldenTraining(t *testing.T) {
	eachGolden(t, func(t *testing.T, g *golden, m *Model) {
		m.EnableGrad()
		p, st := m.NewPass(Options{Train: true, Threads: 2}), m.NewOptState()
		o := AdamW{LR: g.AdamW.LR, Beta1: g.AdamW.Betas[0], Beta2: g.AdamW.Betas[1], Eps: g.AdamW.Eps, WeightDecay: g.AdamW.WeightDecay, ClearGrad: true}
		for _, q := range m.Params() {
			if q.Decay == slices.Contains(g.AdamW.NotDecayed, q.Name) {
				t.Errorf("%s: decay %v", q.Name, q.Decay)
			}
		}
		for i, want := range g.Float64.Train {
			loss, ce, aux := goldenStep(t, g, p)
			tol := 2e-4
			if i == 0 {
				tol = 1e-5
			}
			if math.Abs(loss-want.Loss) > tol || math.Abs(m.GradNorm()-want.GradNorm) > 2e-4*want.GradNorm {
				t.Errorf("step %d: loss %v norm %v, reference %v and %v", i, loss, m.GradNorm(), want.Loss, want.GradNorm)
			}
			for j := range ce {
				if math.Abs(ce[j]-want.CE[j]) > tol || math.Abs(aux[j]-want.Aux[j]) > tol {
					t.Errorf("step %d sequence %d: %v, %v; reference %v, %v", i, j, ce[j], aux[j], want.CE[j], want.Aux[j])
				}
			}
			m.AdamWStep(o, st, i+1, 1)
		}
		for _, q := range m.Params() {
			d := g.Float64.Params[q.Name]
			d.check(t, q.Name, q.Data, 1e-4, 1e-4)
		}
	})
}
