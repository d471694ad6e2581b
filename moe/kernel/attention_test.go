package kernel

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
)

// attentionCase is a batch of random queries, keys and values, in rows that
// are wider than what they hold; what lies between is NaN.
type attentionCase struct {
	h, g, c int
	lengths []int
}

var attentionCases = []attentionCase{
	{1, 1, 1, []int{1, 2}},
	{6, 2, 6, []int{5, 1, 70, 33}},
	{3, 3, 20, []int{600, 7}},
	{4, 2, 64, []int{97, 300, 13}},
	{2, 1, 128, []int{160, 95, 96}},
	{8, 1, 16, []int{31, 257}},
	{2, 1, 96, []int{33, 130}},
	{2, 2, 40, []int{161}},
}

func (c attentionCase) String() string { return fmt.Sprintf("%d,%d,%d,%v", c.h, c.g, c.c, c.lengths) }

// attentionBatch is a case in numbers, with room for results.
type attentionBatch[T float32 | float64] struct {
	ops Attender[T]
	AttentionOf[T]
	grad AttentionGradOf[T]
}

func newAttentionBatch[T float32 | float64](ops Attender[T], c attentionCase) *attentionBatch[T] {
	r, rows := newRand(), 0
	for _, n := range c.lengths {
		rows += n
	}
	draw := func(n, width, ld int, sd float64) []T { // float32 numbers, so that all implementations get the same
		x := make([]T, n*ld)
		for i := range x {
			x[i] = T(math.NaN())
		}
		for i := range n {
			for j, v := range normals(r, width, sd) {
				x[i*ld+j] = T(v)
			}
		}
		return x
	}
	hc, gc := c.h*c.c, c.g*c.c
	b := &attentionBatch[T]{ops: ops, AttentionOf: AttentionOf[T]{H: c.h, G: c.g, C: c.c, LDK: gc + 3, LDV: gc + 5}}
	b.Q, b.K, b.V = draw(rows, hc, hc, 2), draw(rows, gc, b.LDK, 1), draw(rows, gc, b.LDV, 1)
	b.O, b.LSE = draw(rows, 0, hc, 0), draw(rows, 0, c.h, 0)
	const workers = 3
	b.Scratch = draw(workers, 0, ops.AttentionScratch(c.c), 0)
	row := 0
	for i, n := range c.lengths {
		b.grad.Spans = append(b.grad.Spans, Span{row, n})
		b.Cache.First = append(b.Cache.First, len(b.Cache.Pages))
		b.addPages(n)
		b.ask(i, 0, n, row)
		row += n
	}
	b.Cache.First = append(b.Cache.First, len(b.Cache.Pages))
	g := &b.grad
	g.H, g.G, g.C, g.LDK, g.LDV, g.Q, g.K, g.V, g.O, g.LSE = b.H, b.G, b.C, b.LDK, b.LDV, b.Q, b.K, b.V, b.O, b.LSE
	g.DO, g.LDD = draw(rows, hc, hc, 1), hc+7
	g.DQ, g.DK, g.DV = draw(rows, 0, g.LDD, 0), draw(rows, 0, g.LDD, 0), draw(rows, 0, g.LDD, 0)
	g.Work, g.Scratch = draw(1, 0, ops.AttentionGradWork(c.h, c.g, c.c, c.lengths), 0), b.Scratch
	return b
}

// addPages gives the last sequence pages for n positions, which hold NaN.
func (b *attentionBatch[T]) addPages(n int) {
	for at := 0; at < n; at += KeyBlock {
		p := Page{At: len(b.Cache.Data), Depth: min(KeyBlock, (n-at+31)&^31)}
		b.Cache.Pages = append(b.Cache.Pages, p)
		for range b.G * b.ops.PageLen(b.C, p.Depth) {
			b.Cache.Data = append(b.Cache.Data, T(math.NaN()))
		}
	}
}

// ask adds to the call n positions of a sequence: their keys and values, and
// their queries.
func (b *attentionBatch[T]) ask(seq, pos, n, row int) {
	b.Keep = append(b.Keep, KeyRows{seq, pos, n, row})
	for at := 0; at < n; at += QueryBlock {
		for h := range b.H {
			b.Queries = append(b.Queries, Queries{seq, h, pos + at, min(QueryBlock, n-at), row + at, row + at})
		}
	}
}

func inOrder(n int, do func(worker, i int)) {
	for i := range n {
		do(0, i)
	}
}

// inDisorder runs units last to first, on three goroutines.
func inDisorder(n int, do func(worker, i int)) {
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := n - 1 - w; i >= 0; i -= 3 {
				do(w, i)
			}
		})
	}
	wg.Wait()
}

func (b *attentionBatch[T]) run(each Each) {
	b.ops.Attend(&b.AttentionOf, each)
	b.ops.AttendBackward(&b.grad, each)
}

// results are all numbers that a case gives, by name.
func (b *attentionBatch[T]) results() map[string][]T {
	g := &b.grad
	cut := func(x []T, width int) (all []T) {
		for i := 0; i < len(x); i += g.LDD {
			all = append(all, x[i:i+width]...)
		}
		return all
	}
	return map[string][]T{"o": b.O, "lse": b.LSE, "dq": cut(g.DQ, b.H*b.C), "dk": cut(g.DK, b.G*b.C), "dv": cut(g.DV, b.G*b.C)}
}

// TestAttention: every implementation passes one suite.
func TestAttention(t *testing.T) {
	t.Run("reference", func(t *testing.T) { attentionSuite[float64](t, Reference{}) })
	t.Run("blocks of the reference", func(t *testing.T) { attentionSuite[float64](t, blocked[float64]{Reference{}}) })
	eachFamily(t, func(t *testing.T, f Family) { attentionSuite[float32](t, f) })
}

func attentionSuite[T float32 | float64](t *testing.T, ops Attender[T]) {
	for _, c := range attentionCases {
		t.Run(c.String(), func(t *testing.T) {
			b := newAttentionBatch(ops, c)
			b.run(inOrder)
			t.Run("values", func(t *testing.T) { attentionValues(t, b, c) })
			t.Run("units", func(t *testing.T) {
				again := newAttentionBatch(ops, c)
				again.run(inDisorder)
				sameResults(t, again.results(), b.results())
			})
			t.Run("alone", func(t *testing.T) { attentionAlone(t, b) })
			t.Run("parts", func(t *testing.T) { attentionParts(t, b, c) })
			t.Run("shared", func(t *testing.T) { attentionShared(t, b, c) })
			t.Run("NaN", func(t *testing.T) { attentionNaN(t, ops, c) })
		})
	}
}

// attentionValues compares with the reference.
func attentionValues[T float32 | float64](t *testing.T, b *attentionBatch[T], c attentionCase) {
	ref := newAttentionBatch(Reference{}, c)
	ref.run(inOrder)
	got := b.results()
	for name, want := range ref.results() {
		rms, worst := 0.0, 0.0
		for i, w := range want {
			rms += w * w
			if d := math.Abs(float64(got[name][i]) - w); !(d <= worst) {
				worst = d
			}
		}
		if rms = math.Sqrt(rms / float64(len(want))); !(worst <= 2e-5*rms) {
			t.Errorf("%s is off by %v where numbers are %v", name, worst, rms)
		}
	}
}

func sameResults[T float32 | float64](t *testing.T, got, want map[string][]T) {
	t.Helper()
	for name := range want {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s has other bits", name)
		}
	}
}

// attentionAlone answers and goes back one sequence at a time.
func attentionAlone[T float32 | float64](t *testing.T, b *attentionBatch[T]) {
	want := b.results()
	for name, x := range want {
		want[name] = slices.Clone(x)
	}
	all, spans := b.Queries, b.grad.Spans
	defer func() { b.Queries, b.grad.Spans = all, spans }()
	for i := range spans {
		b.Queries = nil
		for _, q := range all {
			if q.Seq == i {
				b.Queries = append(b.Queries, q)
			}
		}
		b.grad.Spans = spans[i : i+1]
		b.run(inOrder)
	}
	sameResults(t, b.results(), want)
}

// attentionParts fills the cache in several calls and asks for queries one at
// a time.
func attentionParts[T float32 | float64](t *testing.T, b *attentionBatch[T], c attentionCase) {
	for _, part := range []int{32, 160, 544} {
		again := newAttentionBatch(b.ops, c)
		units := again.Queries
		again.Keep = nil
		for at := 0; at < slices.Max(c.lengths); at += part {
			again.Keep, again.Queries = nil, nil
			for i, s := range again.grad.Spans {
				if n := min(part, s.N-at); n > 0 {
					again.Keep = append(again.Keep, KeyRows{i, at, n, s.Row + at})
				}
			}
			for _, u := range units {
				for j := range u.N {
					if pos := u.Pos + j; pos >= at && pos < at+part {
						again.Queries = append(again.Queries, Queries{u.Seq, u.Head, pos, 1, u.Row + j, u.Out + j})
					}
				}
			}
			again.ops.Attend(&again.AttentionOf, inOrder)
		}
		sameResults(t, map[string][]T{"o": again.O, "lse": again.LSE}, map[string][]T{"o": b.O, "lse": b.LSE})
	}
}

// attentionShared lets a sequence go on inside a page of the longest one, and
// another inside that copy. Their rows are those of the longest.
func attentionShared[T float32 | float64](t *testing.T, b *attentionBatch[T], c attentionCase) {
	again := newAttentionBatch(b.ops, c)
	long, n := 0, 0
	for i, l := range c.lengths {
		if l > n {
			long, n = i, l
		}
	}
	shared := (n - 1) &^ 31
	if shared%KeyBlock == 0 {
		shared -= 32
	}
	if shared <= 0 {
		t.Skip("no sequence is long enough")
	}
	row, first, from := again.grad.Spans[long].Row, again.Cache.First[long], long
	for range 2 {
		seq := len(again.Cache.First) - 1
		for block := range shared / KeyBlock {
			again.Cache.Pages = append(again.Cache.Pages, again.Cache.Pages[first+block])
		}
		again.addPages(n - shared/KeyBlock*KeyBlock)
		again.Cache.First = append(again.Cache.First, len(again.Cache.Pages))
		again.Share = append(again.Share, SharedPage{From: from, To: seq, Block: shared / KeyBlock, N: shared % KeyBlock})
		again.ask(seq, shared, n-shared, row+shared)
		from = seq
	}
	again.ops.Attend(&again.AttentionOf, inOrder)
	sameResults(t, map[string][]T{"o": again.O, "lse": again.LSE}, map[string][]T{"o": b.O, "lse": b.LSE})
}

// attentionNaN: a key that is no number reaches every query that sees it and
// no other.
func attentionNaN[T float32 | float64](t *testing.T, ops Attender[T], c attentionCase) {
	b := newAttentionBatch(ops, c)
	s := b.grad.Spans[len(b.grad.Spans)-1]
	bad := s.N / 2
	b.K[(s.Row+bad)*b.LDK] = T(math.NaN())
	b.run(inOrder)
	hc := b.H * b.C
	for t0 := range s.Row + s.N {
		for h := range b.H {
			o := b.O[t0*hc+h*b.C]
			if want := t0 >= s.Row+bad && b.group(h) == 0; (o != o) != want {
				t.Fatalf("row %d of head %d is %v", t0, h, o)
			}
		}
	}
	if dk := b.grad.DK[(s.Row+bad)*b.grad.LDD]; dk == dk {
		t.Errorf("its gradient is %v", dk)
	}
}

// TestReferenceAttention holds the reference to what needs no formula: with
// equal keys it gives the mean, and its gradients are differences.
func TestReferenceAttention(t *testing.T) {
	c := attentionCase{4, 2, 3, []int{5, 9}}
	b := newAttentionBatch(Reference{}, c)
	clear(b.K)
	b.ops.Attend(&b.AttentionOf, inOrder)
	for i := range 5 {
		mean := 0.0
		for j := range i + 1 {
			mean += b.V[j*b.LDV] / float64(i+1)
		}
		if d := math.Abs(b.O[i*12] - mean); d > 1e-14 {
			t.Errorf("row %d is off the mean by %v", i, d)
		}
		if d := math.Abs(b.LSE[i*4] - math.Log(float64(i+1))); d > 1e-14 {
			t.Errorf("lse of row %d is off by %v", i, d)
		}
	}

	b = newAttentionBatch(Reference{}, c)
	b.run(inOrder)
	loss := func() (sum float64) {
		b.ops.Attend(&b.AttentionOf, inOrder)
		for i, v := range b.O {
			sum += v * b.grad.DO[i]
		}
		return sum
	}
	differ := func(name string, x []float64, ld, width int, dx []float64) {
		const step = 1e-5
		for i := range x {
			if i%ld >= width {
				continue
			}
			old := x[i]
			x[i] = old + step
			up := loss()
			x[i] = old - step
			want := (up - loss()) / (2 * step)
			x[i] = old
			if got := dx[i/ld*b.grad.LDD+i%ld]; math.Abs(got-want) > 1e-7 {
				t.Errorf("d%s[%d] is %v, the difference %v", name, i, got, want)
			}
		}
	}
	differ("q", b.Q, 12, 12, b.grad.DQ)
	differ("k", b.K, b.LDK, 6, b.grad.DK)
	differ("v", b.V, b.LDV, 6, b.grad.DV)
}
