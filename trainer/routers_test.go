package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/swerm/swerm/moe"
)

// balanceCaseOf is a training with every router loss, larger than in use, so
// that a mistake in them would show.
func balanceCaseOf(change func(c *Config)) caseOf {
	return layoutCase(func(c *Config) {
		c.Aux = Aux{Coefficient: 0.5, Scope: AuxScopeGlobal, ZLoss: 0.1, BiasRate: 0.01, BiasDecayRatio: 0.3}
		if change != nil {
			change(c)
		}
	})
}

// stepGradients runs one global batch on a layout and returns what it
// amounted to and the gradients of all tensors.
func stepGradients(t *testing.T, c caseOf, l ranksShape, bias [][]float64) (work, map[string][]float64) {
	t.Helper()
	world, dir := localWorld(t, l.dp*l.ep), t.TempDir()
	corpora, works := make([]*corpus, len(world)), make([]work, len(world))
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	var mu sync.Mutex
	all := map[string][]float64{}
	err := eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks = Ranks{World: world[r], EP: l.ep}
		tr, err := open(s)
		if err != nil {
			return err
		}
		defer tr.journal.close()
		if err := tr.net.bias(bias); err != nil {
			return err
		}
		if works[r], err = tr.net.gradient(corpora[r].train[:13]); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, p := range tr.net.engine.(*engineOf[float64]).model.Params() {
			all[p.Name] = p.Grad
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return works[0], all
}

// wholeStep is the reference: one model, all sequences of the step in one pass,
// the router losses by their formulas on what that pass did.
func wholeStep(t *testing.T, c caseOf, bias [][]float64) (aux, z float64) {
	t.Helper()
	m, err := moe.NewShard[float64](c.cfg.Model.shape(testVocab, 64), c.cfg.Seed, moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	data := markerCorpus(t, c.train, c.dev)
	n := &network{tokens: data.tokens, clock: &stopwatch{layout: soleRank(t)}}
	b, err := n.read(data.train[:13])
	if err != nil {
		t.Fatal(err)
	}
	p := m.NewPass(moe.Options{Train: true})
	if err := errors.Join(p.SetBias(bias), p.Route(b)); err != nil {
		t.Fatal(err)
	}
	rows := float64(len(b.IDs) * c.cfg.Model.Layers)
	chosen := make([]float64, c.cfg.Model.Experts)
	for _, layer := range p.ExpertLoad() {
		for e, k := range layer {
			chosen[e] += float64(k) / rows
		}
	}
	for e, sum := range p.ProbSums() {
		aux += float64(len(chosen)) * chosen[e] * sum / rows
	}
	return aux, p.ZSum() / rows
}

// Losses of the routers are over the whole step, however it is cut and on
// whatever ranks, and every token reaches all experts that it chose.
func TestRouterLossesAreOfTheWholeStep(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	bias := make([][]float64, testConfig().Model.Layers)
	for l := range bias {
		for range testConfig().Model.Experts {
			bias[l] = append(bias[l], r.NormFloat64()*0.05)
		}
	}
	names, shapes := []string{"two_way", "pairwise", ObjectiveNextToken}, layouts
	if testing.Short() { // under the race detector
		names, shapes = names[:1], []ranksShape{{1, 2}}
	}
	for _, name := range names {
		var want map[string][]float64
		for _, limit := range []int{1 << 20, 1, 50} {
			c := balanceCaseOf(func(c *Config) {
				c.Objective.Name, c.Batch.MaxTokensPerMicro = name, limit
				c.Ranks = Sharing{ShardOptimizer: ShardOff, Wire: WireFP32, Overlap: limit == 50}
			})
			aux, z := wholeStep(t, c, bias)
			for _, l := range shapes {
				w, got := stepGradients(t, c, l, bias)
				what := fmt.Sprintf("%s, %d tokens a micro-batch, dp %d ep %d", name, limit, l.dp, l.ep)
				if math.Abs(w.aux-aux) > 1e-12 || math.Abs(w.z-z) > 1e-12 {
					t.Errorf("%s: aux %v and z %v, want %v and %v", what, w.aux, w.z, aux, z)
				}
				if want == nil {
					want = got
				}
				if far := farthest(t, got, want); far > 1e-12 {
					t.Errorf("%s: gradients are off by %v", what, far)
				}
				for layer, load := range w.load {
					var sum int64
					for _, n := range load {
						sum += n
					}
					if sum != w.tokens*int64(c.cfg.Model.TopK) {
						t.Errorf("%s: layer %d sent %d tokens of %d times %d", what, layer, sum, w.tokens, c.cfg.Model.TopK)
					}
				}
			}
		}
	}
}

// The gradient of a step is the derivative of what it reports: loss and router
// losses with their coefficients.
func TestRouterLossesByFiniteDifferences(t *testing.T) {
	notUnderRace(t)
	for _, scope := range []string{AuxScopeGlobal, AuxScopeSequence} {
		for _, name := range []string{"two_way", ObjectiveNextToken} {
			c := balanceCaseOf(func(c *Config) { c.Aux.Scope, c.Objective.Name = scope, name })
			tr, err := open(testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), t.TempDir()))
			if err != nil {
				t.Fatal(err)
			}
			defer tr.journal.close()
			params := tr.net.engine.(*engineOf[float64]).model.Params()
			value := func() float64 {
				tr.net.zeroGrad()
				w, err := tr.net.gradient(tr.data.train[:9])
				if err != nil {
					t.Fatal(err)
				}
				return w.loss + c.cfg.Aux.Coefficient*w.aux + c.cfg.Aux.ZLoss*w.z
			}
			value()
			r := rand.New(rand.NewPCG(3, 3))
			for _, p := range params {
				direction, slope := make([]float64, len(p.Data)), 0.0
				for i := range direction {
					direction[i] = r.NormFloat64() / math.Sqrt(float64(len(direction)))
					slope += p.Grad[i] * direction[i]
				}
				const eps = 1e-6
				move := func(by float64) {
					for i, d := range direction {
						p.Data[i] += by * d
					}
				}
				move(eps)
				up := value()
				move(-2 * eps)
				down := value()
				move(eps)
				value() // p.Grad again
				if fd := (up - down) / (2 * eps); math.Abs(fd-slope) > 1e-8+1e-6*math.Abs(slope) {
					t.Errorf("%s, %s: %s has derivative %v, finite differences %v", scope, name, p.Name, slope, fd)
				}
			}
		}
	}
}

// Biases even out the load of weights that stand still, are gone at the last
// step, and no evaluation sees them.
func TestBiasesBalance(t *testing.T) {
	c := layoutCase(func(c *Config) {
		c.Precision, c.Steps, c.Optimizer.LR, c.Optimizer.WeightDecay = PrecisionFP32, 60, 0, 0
		c.Model.InitRange = 0.5         // a router that prefers some
		c.Batch.Sequences = 40          // all there are, so that no batch is uneven by chance
		c.Batch.MaxTokensPerMicro = 400 // in several
		c.Eval.Every = 20
		c.Aux = Aux{Scope: AuxScopeSequence, BiasDecayRatio: 0.2}
	})
	plain := linesOf(t, trainOnKept(t, c).dir)
	c.cfg.Aux.BiasRate = 0.002
	tr := trainOnKept(t, c)
	biased := linesOf(t, tr.dir)
	peak := func(lines ...Line) (mean float64) {
		for _, l := range lines {
			mean += (l.Balance.Peak[0] + l.Balance.Peak[1]) / float64(2*len(lines))
		}
		return mean
	}
	if before, after := peak(plain[30:48]...), peak(biased[30:48]...); !(after-1 < 0.4*(before-1)) {
		t.Errorf("the busiest expert has %v of the mean, without biases %v", after, before)
	}
	if a, b := peak(plain[59]), peak(biased[59]); a != b {
		t.Errorf("the last step has peak %v, without biases %v", b, a)
	}
	for _, step := range []int{20, 40, 60} {
		if a, b := *plain[step-1].Dev.Loss, *biased[step-1].Dev.Loss; a != b {
			t.Errorf("step %d: dev loss %v, without biases %v", step, b, a)
		}
	}
	if *devOf(t, tr).Loss != *biased[59].Dev.Loss {
		t.Error("the published model is another than was evaluated")
	}
}

func TestBiasFactor(t *testing.T) {
	for _, c := range []struct {
		ratio       float64
		step, total int64
		want        float64
	}{{0.5, 0, 10, 1}, {0.5, 4, 10, 1}, {0.5, 5, 10, 0.8}, {0.5, 8, 10, 0.2}, {0.5, 9, 10, 0}, {0, 8, 10, 1}, {0, 9, 10, 0}, {1, 0, 1, 0}} {
		if got := (&Aux{BiasDecayRatio: c.ratio}).biasFactor(c.step, c.total); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

// Biases are part of the state: a run that is killed or interrupted ends with the
// same bytes.
func TestBiasesResumeBitForBit(t *testing.T) {
	c := balanceCaseOf(func(c *Config) { c.Precision, c.Steps, c.CheckpointEvery = PrecisionFP32, 14, 5 })
	want := files(t, trainOnKept(t, c))
	s := testSetup(t, c.cfg, markerCorpus(t, c.train, c.dev), t.TempDir())
	if _, err := runUntil(context.Background(), s, &killer{7, func() { panic(killed{}) }}); err == nil {
		t.Fatal("not killed")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := runUntil(ctx, s, &killer{11, cancel}); !errors.Is(err, context.Canceled) {
		t.Fatalf("not interrupted: %v", err)
	}
	tr := mustRun(t, s)
	sameFiles(t, "resumed", files(t, tr), want)
	if len(tr.st.RouterBias) != 2 || tr.st.RouterBias[0][0] == 0 {
		t.Errorf("biases %v", tr.st.RouterBias)
	}
}

// soleRank is the layout of a training without others.
func soleRank(t *testing.T) *layout {
	t.Helper()
	l, err := newLayout(Ranks{}, testConfig().Model.Experts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
