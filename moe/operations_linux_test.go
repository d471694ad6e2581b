package moe

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// BenchmarkOperations runs the operations of a training step of 8 × 512 tokens
// one by one, on the activations that the step left, with all threads. It says
// of each what a roofline needs: its rate on all cores by processor time, since
// machines are shared, and how many floating-point operations it has for a byte
// that it must move if every operand goes through memory once. What packs
// counts a number moved as an operation.
func BenchmarkOperations(b *testing.B) {
	m, err := New(benchConfig(), 1)
	if err != nil {
		b.Fatal(err)
	}
	m.EnableGrad()
	p, batch := m.NewPass(Options{Train: true}), randomBatch(rand.New(rand.NewPCG(1, 2)), benchConfig().VocabSize, repeat(benchLength, benchSequences)...)
	for _, op := range operations(m, p) {
		b.Run(op.name, func(b *testing.B) {
			if _, err := p.Verdict(batch, Head{Yes: 3, No: 5}); err != nil {
				b.Fatal(err)
			}
			if op.before != nil {
				op.before()
			}
			op.do()
			b.ResetTimer()
			before := processorTime(b)
			for range b.N {
				op.do()
			}
			cores := float64(runtime.GOMAXPROCS(0)) / (processorTime(b) - before).Seconds()
			b.ReportMetric(op.flops()*float64(b.N)*cores/1e9, "GFLOP/s")
			b.ReportMetric(op.flops()/op.bytes(), "FLOP/B")
		})
	}
}

// A stepOperation is one operation of a step in one layer, which may be done
// again. Its counts are asked for after it ran.
type stepOperation struct {
	name       string
	before, do func()
	flops      func() float64
	bytes      func() float64
}

const benchSequences, benchLength = 8, 512

// readyBack points the pass at the way back through the layer that is measured.
func (p *PassOf[Num]) readyBack() {
	p.sizeBackward()
	p.dx = p.leased(tenantDX, 0, true)
	p.settleBack(benchLayer)
}

// benchLayer has every position in all its parts, as the last layer has not.
const benchLayer = 1

func operations(m *Model, p *Pass) []stepOperation {
	a, lp := p.acts(benchLayer), &m.layers[benchLayer]
	count := func(n ...int) func() float64 {
		return func() float64 {
			product := 1.0
			for _, f := range n {
				product *= float64(f)
			}
			return product
		}
	}
	T := benchSequences * benchLength
	// Products of a causal half: two forward, five backward.
	attention := func(n int) func() float64 { return count(n, T, benchLength/2, p.HC) }
	S, F := T*p.K, p.mlp[benchLayer].F
	widths := p.D * (p.W + p.HC) // of the matrices of attention
	experts := 3 * p.E * p.D * F
	norm, act := kernel.Make[float32](T*p.D), kernel.Make[float32](S*F)
	r := make([]float32, T)
	step := 0
	opt := m.NewOptState()
	return []stepOperation{
		{
			name: "projections", before: func() { p.packForward(benchLayer) },
			do: func() {
				p.eachStripe(T, func(_ *worker[float32], lo, hi int) {
					p.kern.Mul(hi-lo, p.HC, p.D, a.x[lo*p.D:], p.D, p.packQKV, a.qkv[lo*p.W:], p.W, false)
					p.kern.Mul(hi-lo, 2*p.GC, p.D, a.x[lo*p.D:], p.D, p.packQKV[p.kern.PanelLen(p.D, p.HC):], a.qkv[lo*p.W+p.HC:], p.W, false)
					p.kern.Mul(hi-lo, p.D, p.HC, a.o[lo*p.HC:], p.HC, p.packO, norm[lo*p.D:], p.D, false)
				})
			},
			flops: count(2, T, widths), bytes: count(4, widths+T*(2*p.D+p.W+p.HC)),
		},
		{
			name: "experts", before: func() { p.settle(benchLayer, false) }, do: func() { p.compute(benchLayer, p.y) },
			flops: count(2*3, S, p.D, F), bytes: count(4, experts+S*(2*p.D+2*F)),
		},
		{
			name: "weight gradients", before: func() {
				p.readyBack()
				p.outputJobs(benchLayer)
			},
			do:    p.runJobs,
			flops: count(2, T*p.D*p.HC+T*p.E*p.D+3*S*p.D*F),
			bytes: count(4, 2*(p.D*p.HC+p.E*p.D+experts)+T*(2*p.D+p.HC+p.E)+S*(2*p.D+3*F)),
		},
		{
			name: "attention, forward", do: func() { p.attention(a, &p.chunks[0], p.chunks[0].items) },
			flops: attention(4), bytes: count(4, T*2*(p.HC+p.GC)),
		},
		{
			name: "attention, backward", before: func() {
				p.readyBack()
				clear(p.dx)
				p.attentionBackward(benchLayer)
			},
			do: func() {
				lo := 0
				for _, rows := range p.parts {
					p.attendBackward(benchLayer, lo, lo+rows)
					lo += rows
				}
			},
			flops: attention(10), bytes: count(4, T*(4*p.HC+4*p.GC)),
		},
		{
			name: "RMSNorm", do: func() {
				p.eachStripe(T, func(_ *worker[float32], lo, hi int) {
					for t := lo; t < hi; t++ {
						r[t] = p.kern.RMSNorm(norm[t*p.D:(t+1)*p.D], a.xm[t*p.D:(t+1)*p.D], lp.norm2.Data, p.eps)
					}
				})
			},
			flops: count(4, T, p.D), bytes: count(8, T, p.D),
		},
		{
			name: "SwiGLU", do: func() {
				p.eachStripe(S, func(_ *worker[float32], lo, hi int) {
					for s := lo; s < hi; s++ {
						gu := a.gu[s*a.ldF : s*a.ldF+2*F]
						p.kern.SwiGLU(act[s*F:(s+1)*F], gu[:F], gu[F:], 1)
					}
				})
			},
			flops: count(expFlops+4, S, F), bytes: count(12, S, F),
		},
		{
			name: "AdamW", do: func() {
				step++
				m.AdamWStep(AdamW{LR: 1e-4, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1}, opt, step, 1)
			},
			flops: count(13, len(m.grad)), bytes: count(28, len(m.grad)),
		},
		{
			name: "pack", do: func() { p.packForward(benchLayer) },
			flops: count(widths + p.D*p.E), bytes: count(8, widths+p.D*p.E),
		},
	}
}

// expFlops is what the exponential takes: a range reduction of three
// multiply-adds, a polynomial of five, and the scaling.
const expFlops = 17
