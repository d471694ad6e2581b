package kernel

import "math"

const (
	// KeyBlock is how many positions of a sequence a page of keys and values
	// holds.
	KeyBlock = 512
	// QueryBlock is the most queries of a unit of attention.
	QueryBlock = 96
)

// Each runs do(worker, i) for every i below n, in any order and on as many
// goroutines as its owner has; worker tells those apart that run at one time.
// The same i is the same work whichever worker does it.
type Each func(n int, do func(worker, i int))

// Page is room for the keys and values of some positions of a sequence, at
// most [KeyBlock], of every key head one behind the other. What lies in it is
// known to the operations alone.
type Page struct {
	At    int // its first number in the cache
	Depth int // positions that it has room for, a multiple of 32
}

// CacheOf holds the keys and values that queries of a batch meet. Sequences
// that start alike may have pages in common.
type CacheOf[T float32 | float64] struct {
	Data  []T
	Pages []Page // of all sequences, one behind the other
	First []int  // [sequences+1] of each in Pages
}

// KeyRows are N positions of a sequence from Pos on, whose keys and values are
// rows from Row on. Pos is a multiple of 32.
type KeyRows struct{ Seq, Pos, N, Row int }

// SharedPage says that sequence To goes on inside a page of From: the first N
// positions of its own page at index Block are copied from there.
type SharedPage struct{ From, To, Block, N int }

// Queries are N positions of a sequence from Pos on, in one head. They are
// rows from Row on, their answers rows from Out on.
type Queries struct{ Seq, Head, Pos, N, Row, Out int }

// AttentionOf is one call of causal attention. There are H heads of C numbers
// side by side in a row of queries, and G in one of keys or values; head h goes
// with key head h·G/H. The call keeps some keys and values in the cache and
// then answers queries, each of which sees the positions of its sequence up to
// its own. These must be in the cache, from this call or from earlier ones.
type AttentionOf[T float32 | float64] struct {
	H, G, C int

	K, V     []T
	LDK, LDV int // numbers between rows
	Keep     []KeyRows
	Share    []SharedPage
	Cache    CacheOf[T]

	Q       []T // [rows, H·C]
	Queries []Queries
	O, LSE  []T // [rows, H·C], and [rows, H] log-sum-exp of the scores

	Scratch []T // AttentionScratch(C) numbers for each worker
}

// Span is the rows of one sequence.
type Span struct{ Row, N int }

// AttentionGradOf is one call of the way back: from DO, the gradient of O, to
// those of queries, keys and values. O and LSE are what the way forward gave.
type AttentionGradOf[T float32 | float64] struct {
	H, G, C  int
	Q, K, V  []T // [T, H·C], [T, G·C] by LDK and LDV
	LDK, LDV int
	O, DO    []T // [T, H·C]
	LSE      []T // [T, H]
	Spans    []Span

	DQ, DK, DV []T // as Q, K and V, all by LDD
	LDD        int

	Work    []T // AttentionGradWork(…) numbers
	Scratch []T // AttentionScratch(C) numbers for each worker
}

// The two in float32.
type (
	Attention     = AttentionOf[float32]
	AttentionGrad = AttentionGradOf[float32]
)

// Attender is attention as one operation, forward and back: what a kind of
// machine with a better way than products and rows implements. [Family] is the
// fast one and [Reference] the one that forms every score.
//
// Each element of a result depends on its own sequence and head alone, and is
// summed in one order: the bits are the same whatever else is in the call, in
// however many calls keys came into the cache and queries are answered, and
// whatever runs the units.
//
// A value that is not finite makes NaN of every query that sees it, and may of fewer
// than Align queries before it, which are multiplied in one piece with those: the
// weight of a value that a query does not see is zero, and zero times NaN is NaN.
type Attender[T float32 | float64] interface {
	// PageLen is the numbers that a page of so many positions takes of one key
	// head of c numbers.
	PageLen(c, depth int) int
	// AttentionScratch is what one worker needs in either direction.
	AttentionScratch(c int) int
	// AttentionGradWork is what a way back over sequences of such lengths needs.
	AttentionGradWork(h, g, c int, lengths []int) int
	Attend(a *AttentionOf[T], each Each)
	AttendBackward(a *AttentionGradOf[T], each Each)
}

// pages returns the pages of a sequence.
func (c *CacheOf[T]) pages(seq int) []Page { return c.Pages[c.First[seq]:c.First[seq+1]] }

// head returns key head g of a page that takes so many numbers a head.
func (c *CacheOf[T]) head(p Page, g, size int) []T { return c.Data[p.At+g*size : p.At+(g+1)*size] }

// group is the key head of a head.
func (a *AttentionOf[T]) group(h int) int { return h * a.G / a.H }

// scoreScale is what scores are multiplied by.
func scoreScale[T float32 | float64](c int) T { return T(1 / math.Sqrt(float64(c))) }
