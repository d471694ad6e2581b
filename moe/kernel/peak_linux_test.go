package kernel

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swerm/swerm/internal/fmapeak"
)

// BenchmarkPeak says what part of the machine's peak products reach. The peak
// is measured in turn with them, both by the CPU time of this thread, since
// machines are shared: "%peak" is the median of all turns, "best%" the best of
// ours over the best of the peak's.
//
// Counted are 2·m·n·k operations. "dense" includes packing the weights for
// each product, which the network does once per step and direction; "expert"
// is the product alone, and "expert+pack" starts from weights as they lie: with
// few rows it makes no panels of them, as the network does. "dW" packs both operands,
// tile by tile as the network does.
func BenchmarkPeak(b *testing.B) {
	for _, f := range families()[1:] {
		for _, s := range peakShapes {
			b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", f, s.kind, s.m, s.n, s.k), func(b *testing.B) {
				reportPeak(b, f, 2*float64(s.m)*float64(s.n)*float64(s.k), s.op(f))
			})
		}
	}
}

// peakShape is C of m×n as a sum over k.
type peakShape struct {
	kind    string
	m, n, k int
}

var peakShapes = []peakShape{
	{"inL1", 96, 16, 256}, {"inL1T", 96, 16, 256},
	{"dense", 512, 768, 256}, {"dense", 2048, 768, 256}, {"dense", 4096, 768, 256},
	{"dense", 2048, 768, 1024}, {"dense", 2048, 768, 2048}, {"dense", 2048, 2048, 2048},
	{"denseT", 2048, 256, 768},
	{"dW", 256, 768, 2048},
	{"expert", 16, 768, 256}, {"expert", 64, 768, 256}, {"expert", 256, 768, 256},
	{"expert", 16, 768, 2048}, {"expert", 64, 768, 2048},
	{"expertT", 16, 256, 768}, {"expertT", 16, 2048, 768}, {"expertT", 64, 2048, 768},
	{"dW", 256, 768, 16}, {"dW", 2048, 768, 64},
	{"expert+pack", 16, 768, 256}, {"expert+pack", 64, 768, 256}, {"expert+pack", 256, 768, 256},
	{"expertT+pack", 16, 256, 768}, {"expertT+pack", 64, 2048, 768},
}

// op prepares operands and returns the product.
func (s peakShape) op(f Family) func() {
	r := newRand()
	fill := func(n int) []float32 { x := Floats(n); copy(x, normals(r, n, 1)); return x }
	a, b, panels, c := fill(s.m*s.k), fill(s.k*s.n), Floats(f.PanelLen(s.k, s.n)), Floats(s.m*s.n)
	mul := func() {
		for i := 0; i < s.m; i += 96 { // the network's stripes
			f.Mul(min(96, s.m-i), s.n, s.k, a[i*s.k:], s.k, panels, c[i*s.n:], s.n, false)
		}
	}
	pack := func() { f.Pack(panels, b, s.n, s.k, s.n) }
	packT := func() { f.PackT(panels, b, s.k, s.k, s.n) }
	pack()
	if mul := DirectOf[float32](f); s.kind == "expert+pack" && s.m <= DirectRows {
		scratch := Floats(DirectScratch)
		return func() { mul(s.m, s.n, s.k, a, s.k, b, s.k, c, s.n, scratch) }
	}
	switch s.kind {
	case "expert", "expertT", "inL1":
		return mul
	case "inL1T":
		return func() { f.MulT(s.m, s.n, s.k, a, s.m, panels, c, s.n, false, nil) }
	case "dense", "expert+pack":
		return func() { packT(); mul() }
	case "denseT", "expertT+pack":
		return func() { pack(); mul() }
	}
	return s.gradient(f, a, b, c)
}

// gradient is C += Aᵀ·B in the network's tiles.
func (s peakShape) gradient(f Family, a, b, c []float32) func() {
	const tile, depth = 256, 512
	scratch, panels := Floats(ScratchLen), Floats(f.PanelLen(depth, tile))
	return func() {
		for m0 := 0; m0 < s.m; m0 += tile {
			for n0 := 0; n0 < s.n; n0 += tile {
				for k0 := 0; k0 < s.k; k0 += depth {
					m, n, k := min(tile, s.m-m0), min(tile, s.n-n0), min(depth, s.k-k0)
					f.Pack(panels, b[k0*s.n+n0:], s.n, k, n)
					f.MulT(m, n, k, a[k0*s.m+m0:], s.m, panels, c[m0*s.n+n0:], s.n, true, scratch)
				}
			}
		}
	}
}

// turn is about how long each side runs before it is the other's turn.
const turn = 500 * time.Microsecond

// reportPeak runs op, of so many operations, in turn with the peak.
func reportPeak(b *testing.B, f Family, flops float64, op func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	lanes := f.panelWidth() / 2
	peak := func() { fmapeak.Run(lanes, 100) }
	peakFlops := fmapeak.Flops(lanes, 100)
	many := func(do func()) int {
		do()
		return max(1, int(turn/max(1, threadTime(do))))
	}
	ours, peaks := many(op), many(peak)
	var a, p []float64
	for b.Loop() {
		p = append(p, float64(peaks)*peakFlops/float64(threadTime(func() { repeatOp(peaks, peak) })))
		a = append(a, float64(ours)*flops/float64(threadTime(func() { repeatOp(ours, op) })))
	}
	slices.Sort(a)
	slices.Sort(p)
	b.ReportMetric(100*a[len(a)/2]/p[len(p)/2], "%peak")
	b.ReportMetric(100*a[len(a)-1]/p[len(p)-1], "best%")
	b.ReportMetric(a[len(a)/2], "GFLOP/s")
	b.ReportMetric(0, "ns/op") // of both sides together: worth nothing
}

func repeatOp(n int, do func()) {
	for range n {
		do()
	}
}

// threadTime is the CPU time that this thread takes for do.
func threadTime(do func()) time.Duration {
	var from, to unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &from)
	do()
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &to)
	return time.Duration(to.Nano() - from.Nano())
}

// BenchmarkPeakAttention does the same for attention at 4,096 positions, two
// heads to a key head. Counted are the products of a causal half: 4·S²·C/2
// operations a head forward, 2.5 times as many backward; the softmax and what
// is computed beyond the diagonal are not.
func BenchmarkPeakAttention(b *testing.B) {
	for _, f := range families()[1:] {
		for _, c := range []int{64, 128} {
			a := newAttentionBatch(f, attentionCase{2, 1, c, []int{peakLength}})
			b.Run(fmt.Sprintf("%s/%d/forward", f, c), func(b *testing.B) {
				reportPeak(b, f, attentionFlops(a.H, c), func() { f.Attend(&a.AttentionOf, inOrder) })
			})
			b.Run(fmt.Sprintf("%s/%d/backward", f, c), func(b *testing.B) {
				reportPeak(b, f, 2.5*attentionFlops(a.H, c), func() { f.AttendBackward(&a.grad, inOrder) })
			})
		}
	}
}

const peakLength = 4096

func attentionFlops(heads, c int) float64 {
	return 4 * peakLength * peakLength / 2 * float64(c) * float64(heads)
}

// BenchmarkTwoThreads compares one thread with two by CPU time: "speedup" is
// what two cores of their own would gain, whatever else runs on the machine. Each
// unit's time is taken with two at work, and units are given to the two as they
// would become free.
func BenchmarkTwoThreads(b *testing.B) {
	f := Detect()
	if f == Generic {
		b.Skip("no machine code here")
	}
	a := newAttentionBatch(f, attentionCase{4, 2, 64, []int{peakLength}})
	s := peakShape{"dense", 2048, 768, 256}
	x, panels, y := Floats(s.m*s.k), Floats(f.PanelLen(s.k, s.n)), Floats(s.m*s.n)
	for _, op := range []struct {
		name string
		run  func(each Each)
	}{
		{"forward", func(each Each) { f.Attend(&a.AttentionOf, each) }},
		{"backward", func(each Each) { f.AttendBackward(&a.grad, each) }},
		{"product", func(each Each) {
			each((s.m+QueryBlock-1)/QueryBlock, func(_, i int) {
				lo := i * QueryBlock
				f.Mul(min(QueryBlock, s.m-lo), s.n, s.k, x[lo*s.k:], s.k, panels, y[lo*s.n:], s.n, false)
			})
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			var one, two []float64
			for b.Loop() {
				for threads, list := range []*[]float64{&one, &two} {
					c := crewOfThreads{n: threads + 1}
					op.run(c.each)
					*list = append(*list, float64(c.took))
				}
			}
			slices.Sort(one)
			slices.Sort(two)
			b.ReportMetric(one[len(one)/2]/two[len(two)/2], "speedup")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// crewOfThreads runs units on threads and adds up how long phases of units
// would take on as many cores.
type crewOfThreads struct {
	n    int
	took time.Duration
}

func (c *crewOfThreads) each(n int, do func(worker, i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	units := make([]time.Duration, n)
	for w := range c.n {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				units[i] = threadTime(func() { do(w, i) })
			}
		})
	}
	wg.Wait()
	busy := make([]time.Duration, c.n)
	for _, d := range units {
		free := slices.Index(busy, slices.Min(busy))
		busy[free] += d
	}
	c.took += slices.Max(busy)
}
