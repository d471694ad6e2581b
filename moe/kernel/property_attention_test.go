package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/internal/proptest"
)

// drawAttention draws heads, groups that share a key head, any head_dim, and
// sequences of unequal lengths that lie behind each other.
func drawAttention(t *rapid.T, most int) attentionCase {
	c := attentionCase{g: rapid.IntRange(1, 3).Draw(t, "key heads"), c: proptest.Length(66).Draw(t, "head_dim")}
	c.h = c.g * rapid.IntRange(1, 3).Draw(t, "heads of each")
	for range rapid.IntRange(1, 3).Draw(t, "sequences") {
		c.lengths = append(c.lengths, proptest.Length(most).Draw(t, "length"))
	}
	return c
}

// attentionLaw is a case with its numbers. Scores stay where float32 still has a
// softmax: they are off by what they are large.
type attentionLaw struct {
	attentionCase
	q, k, v, do drawer
	seed        uint64
	atEnd       bool // of memory, all arrays
}

func newAttentionLaw(t *rapid.T, most int) attentionLaw {
	l := attentionLaw{attentionCase: drawAttention(t, most), seed: rapid.Uint64().Draw(t, "numbers"), atEnd: rapid.Bool().Draw(t, "at the end of memory")}
	l.q, l.k = kindOf(t, "queries", kinds[:5]), kindOf(t, "keys", kinds[:5])
	l.v, l.do = kindOf(t, "values", tame), kindOf(t, "gradients", tame)
	return l
}

// lawBatch is the batch of a law.
func lawBatch[T float32 | float64](ops Attender[T], l attentionLaw) *attentionBatch[T] {
	b, r := newAttentionBatch(ops, l.attentionCase), rand.New(rand.NewPCG(l.seed, 0))
	fill := func(x []T, d drawer) {
		for i, v := range d.fill(r, len(x)) {
			if x[i] == x[i] { // between rows is NaN
				x[i] = T(v)
			}
		}
	}
	fill(b.Q, l.q)
	fill(b.K, l.k)
	fill(b.V, l.v)
	fill(b.grad.DO, l.do)
	return b
}

// newLawBatch is one whose arrays lie where the law says.
func newLawBatch(t *rapid.T, ops Attender[float32], l attentionLaw) *attentionBatch[float32] {
	b := lawBatch[float32](ops, l)
	if l.atEnd {
		b.toEnd(func(n int) []float32 { return atEnd[float32](t, n) })
	}
	return b
}

// toEnd moves all arrays to where memory ends with their last number.
func (b *attentionBatch[T]) toEnd(room func(n int) []T) {
	g := &b.grad
	upTo := func(ld, width int) int { return (len(b.LSE)/b.H-1)*ld + width }
	queries, keys := b.H*b.C, b.G*b.C
	for x, n := range map[*[]T]int{
		&b.Q: len(b.Q), &b.K: upTo(b.LDK, keys), &b.V: upTo(b.LDV, keys), &b.O: len(b.O), &b.LSE: len(b.LSE), &b.Cache.Data: len(b.Cache.Data), &b.Scratch: len(b.Scratch),
		&g.DO: len(g.DO), &g.DQ: upTo(g.LDD, queries), &g.DK: upTo(g.LDD, keys), &g.DV: upTo(g.LDD, keys), &g.Work: len(g.Work),
	} {
		moved := room(n)
		copy(moved, *x)
		*x = moved
	}
	g.Q, g.K, g.V, g.O, g.LSE, g.Scratch = b.Q, b.K, b.V, b.O, b.LSE, b.Scratch
}

// attentionBounds are what results may be off by. An operand of a product is off by
// inner, as a share, and products below floor may be lost.
//
// A score is a sum over head_dim; its exponential is off by what scores are, the
// row's largest included, and by what an exponential is; answers divide a sum of
// such by another. Backward, dp is a sum over head_dim, delta another of answers,
// and every gradient a sum of probabilities, or of gradients of scores, times rows.
type attentionBounds struct {
	attentionLaw
	*attentionBatch[float64]
	inner, floor float64
	scores, dp   float64              // inner of the products of queries with keys, and of gradients with values
	of           map[string][]float64 // as results are
}

func (l attentionLaw) bounds(b *attentionBatch[float64], inner, floor float64) map[string][]float64 {
	a := &attentionBounds{attentionLaw: l, attentionBatch: b, inner: inner, floor: floor, of: map[string][]float64{}}
	if !halves(b.Q) || !halves(b.K) {
		a.scores = inner
	}
	if !halves(b.grad.DO) || !halves(b.V) {
		a.dp = inner
	}
	for name, x := range b.results() {
		a.of[name] = make([]float64, len(x))
	}
	for _, s := range b.grad.Spans {
		for h := range l.h {
			for i := range s.N {
				a.query(s, h, i)
			}
		}
	}
	return a.of
}

// halves reports whether all numbers are of bfloat16, so that none is off when they
// are rounded to it.
func halves(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return v == v && float64(FromBF16(BF16(float32(v)))) != v })
}

// head is head h of a row of so many heads.
func (a *attentionBounds) head(x []float64, row, ld, h int) []float64 { return x[row*ld+h*a.c:][:a.c] }

// query bounds what query i of a sequence has and gives.
func (a *attentionBounds) query(s Span, h, i int) {
	hc, row, g, scale := a.h*a.c, s.Row+i, a.group(h), scoreScale[float64](a.c)
	q, lse := a.head(a.Q, row, hc, h), a.LSE[row*a.h+h]
	scores, largest := make([]float64, i+1), 0.0
	for j := range scores {
		k := a.head(a.K, s.Row+j, a.LDK, g)
		scores[j], largest = Reference{}.Dot(q, k)*scale, max(largest, sized(q, k)*scale)
	}
	scoreOff := largest * (gamma(a.c+7) + a.scores)
	lseOff := off(2*scoreOff) + scoreOff + gamma(i+12) + unit*(math.Abs(lse)+largest) + float64(i+1)*expFloor
	a.of["lse"][row*a.h+h] = lseOff
	share := off(2*scoreOff+lseOff) + gamma(2*i+24) + a.inner
	o := a.head(a.of["o"], row, hc, h)
	for j, score := range scores {
		p := math.Exp(score - lse)
		for d, v := range a.head(a.V, s.Row+j, a.LDV, g) {
			o[d] += (p*(share+a.inner)+float64(i+1)*expFloor)*math.Abs(v) + a.floor*(1+math.Abs(v))
		}
	}
	a.back(s, h, i, scores, share)
}

// back bounds what a query adds to gradients.
func (a *attentionBounds) back(s Span, h, i int, scores []float64, share float64) {
	hc, gc, row, g, scale := a.h*a.c, a.grad.G*a.c, s.Row+i, a.group(h), scoreScale[float64](a.c)
	q, do, o, oOff := a.head(a.Q, row, hc, h), a.head(a.grad.DO, row, hc, h), a.head(a.O, row, hc, h), a.head(a.of["o"], row, hc, h)
	delta, deltaOff := Reference{}.Dot(do, o), gamma(a.c+1)*sized(do, o)+sized(do, oOff)+float64(a.c)*denormal
	sum, largest := gamma(s.N+a.h/a.grad.G+8)+a.inner, largestOf(do)
	for j, score := range scores {
		k, v := a.head(a.K, s.Row+j, a.LDK, g), a.head(a.V, s.Row+j, a.LDV, g)
		p, dp := math.Exp(score-a.LSE[row*a.h+h]), Reference{}.Dot(do, v)
		pOff := p*share + expFloor
		dpOff := (gamma(a.c+5)+a.dp)*sized(do, v) + a.floor*float64(a.c)*(1+largest+largestOf(v))
		dpOff += deltaOff + gamma(3)*(math.Abs(dp)+math.Abs(delta))
		ds := p * scale * math.Abs(dp-delta)
		dsOff := scale*(pOff*(math.Abs(dp-delta)+dpOff)+p*dpOff) + 4*denormal
		p, ds = p*sum+pOff*(1+sum), ds*sum+dsOff*(1+sum)
		dq, dk, dv := a.head(a.of["dq"], row, hc, h), a.head(a.of["dk"], s.Row+j, gc, g), a.head(a.of["dv"], s.Row+j, gc, g)
		for d := range a.c {
			dq[d] += ds*math.Abs(k[d]) + a.floor*(1+math.Abs(k[d]))
			dk[d] += ds*math.Abs(q[d]) + a.floor*(1+math.Abs(q[d]))
			dv[d] += p*math.Abs(do[d]) + a.floor*(1+math.Abs(do[d]))
		}
	}
}

// largestOf is the largest size of some numbers.
func largestOf(x []float64) float64 { return max(slices.Max(x), -slices.Min(x)) }

// sized is Σ |x·y|.
func sized(x, y []float64) (s float64) {
	for i := range x {
		s += math.Abs(x[i] * y[i])
	}
	return s
}

// check holds attention forward and back to the reference, and to itself with the
// units in another order on several threads.
func (l attentionLaw) check(t *rapid.T, ops Attender[float32], inner, floor float64) {
	t.Logf("case %s", l.attentionCase)
	got, want := newLawBatch(t, ops, l), lawBatch[float64](Reference{}, l)
	got.run(inOrder)
	want.run(inOrder)
	numbers, bounds := got.results(), l.bounds(want, inner, floor)
	for name, wants := range want.results() {
		for i, w := range wants {
			if g := float64(numbers[name][i]); !(math.Abs(g-w) <= bounds[name][i]) {
				t.Fatalf("%s[%d] is %v, want %v ± %.3g", name, i, g, w, bounds[name][i])
			}
		}
	}
	again := lawBatch(ops, l)
	again.Scratch = make([]float32, lawThreads*ops.AttentionScratch(l.c))
	again.grad.Scratch = again.Scratch
	again.run(onThreads(lawThreads, l.seed))
	for name, x := range again.results() {
		if !slices.Equal(x, numbers[name]) {
			t.Fatalf("%s has other bits on %d threads", name, lawThreads)
		}
	}
}

const lawThreads = 5

// onThreads deals units out to so many goroutines in random order.
func onThreads(threads int, seed uint64) Each {
	return func(n int, do func(worker, i int)) {
		order := rand.New(rand.NewPCG(seed, 1)).Perm(n)
		var wg sync.WaitGroup
		for w := range threads {
			wg.Go(func() {
				for at := w; at < n; at += threads {
					do(w, order[at])
				}
			})
		}
		wg.Wait()
	}
}

// TestAttentionLaw: attention of every family.
func TestAttentionLaw(t *testing.T) {
	eachLaw(t, 3, func(t *rapid.T, f Family) { newAttentionLaw(t, 70).check(t, f, 0, denormal) })
}

// TestLongAttentionLaw: sequences beyond a block of keys, of whose scores some rows
// have their largest in the next.
func TestLongAttentionLaw(t *testing.T) {
	eachLaw(t, 20, func(t *rapid.T, f Family) { newLongAttentionLaw(t).check(t, f, 0, denormal) })
}

func newLongAttentionLaw(t *rapid.T) attentionLaw {
	l := newAttentionLaw(t, 70)
	l.h, l.g, l.c, l.lengths = 2, 1, min(l.c, 9), []int{KeyBlock + l.lengths[0]}
	l.q, l.k = kinds[2], kinds[2]
	return l
}

// roundedInner is what an operand of so many parts is off by, and of two parts what
// their product leaves out as well.
func roundedInner(parts Parts) float64 {
	return map[Parts]float64{OnePart: 2*0x1p-8 + 0x1p-16, TwoParts: 3 * 0x1p-15}[parts]
}

// TestRoundedAttentionLaw: of one part an operand is off by 2⁻⁸, of two by 2⁻¹⁶,
// and what two parts leave out is as much again. What is below the normal numbers
// may have no parts.
func TestRoundedAttentionLaw(t *testing.T) {
	eachRounded(t, func(t *testing.T, r Operations[float32], parts Parts) {
		proptest.Check(t, 5, func(t *rapid.T) { newAttentionLaw(t, 40).check(t, r, roundedInner(parts), 0x1p-126) })
	})
}

// TestRoundedLongAttentionLaw: the same of sequences beyond a block of keys.
func TestRoundedLongAttentionLaw(t *testing.T) {
	eachRounded(t, func(t *testing.T, r Operations[float32], parts Parts) {
		proptest.Check(t, 50, func(t *rapid.T) { newLongAttentionLaw(t).check(t, r, roundedInner(parts), 0x1p-126) })
	})
}

// TestAttentionLawOfNaN: a key or a value that is no number reaches the answers of
// its sequence from its place on, in its heads; so does an infinite value. No other
// sequence or head hears of it, and of queries before it only those that are
// multiplied together with it: their probability of a value that they do not see is
// zero, and zero times what is not finite is NaN.
func TestAttentionLawOfNaN(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) { attentionLawOfNaN(t, f) })
	eachRounded(t, func(t *testing.T, r Operations[float32], _ Parts) {
		proptest.Check(t, 5, func(t *rapid.T) { attentionLawOfNaN(t, r) })
	})
}

func attentionLawOfNaN(t *rapid.T, ops Operations[float32]) {
	l := newAttentionLaw(t, 70)
	b := newLawBatch(t, ops, l)
	seq := rapid.IntRange(0, len(l.lengths)-1).Draw(t, "sequence")
	s := b.grad.Spans[seq]
	pos, g, d := rapid.IntRange(0, s.N-1).Draw(t, "position"), rapid.IntRange(0, l.g-1).Draw(t, "key head"), rapid.IntRange(0, l.c-1).Draw(t, "number")
	alike := s.Row + pos // the first row that may hear of it
	if rapid.Bool().Draw(t, "of a value") {
		b.V[(s.Row+pos)*b.LDV+g*l.c+d] = rapid.SampledFrom([]float32{nan, float32(math.Inf(1)), float32(math.Inf(-1))}).Draw(t, "is")
		alike = max(s.Row, alike-ops.Align()+1)
	} else {
		b.K[(s.Row+pos)*b.LDK+g*l.c+d] = nan
	}
	b.run(inOrder)
	for row := range len(b.O) / (l.h * l.c) {
		for h := range l.h {
			o := b.O[row*l.h*l.c+h*l.c:][:l.c]
			mine := row < s.Row+s.N && b.group(h) == g
			may, must := mine && row >= alike, mine && row >= s.Row+pos
			if bad := slices.ContainsFunc(o, func(v float32) bool { return v-v != 0 }); must && !bad || bad && !may {
				t.Fatalf("row %d head %d: %v, must be none: %v, may be: %v", row, h, o, must, may)
			}
		}
	}
}
