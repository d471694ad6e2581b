package objective

import (
	"errors"
	"fmt"
	"math/bits"
)

// Limits of one evaluation. The caches hold one compiled graph per power of
// two, so they also bound memory: at most 21 graphs over sequences, 12 over
// pairs.
const (
	MaxSequences     = 1 << 20 // sequences in one global step; far above any use
	MaxPairSequences = 1 << 11 // 2048^2 pairs are 32 MiB a node
)

// ErrTooMany is returned for a batch above MaxSequences or MaxPairSequences.
var ErrTooMany = errors.New("too many sequences in one batch")

// Logits are the network's answer on one sequence, or a gradient with respect
// to it.
type Logits struct{ Yes, No, Rest float64 }

// A Row is what is known about one sequence besides the network's answer.
type Row struct {
	Target float64 // in [0, 1]
	Weight float64 // >= 0
	Group  int32   // sequences of one group are compared by pairwise objectives; -1: alone
}

// A Loss evaluates one objective and its gradient. It compiles a graph per
// batch size (rounded up to a power of two) and keeps it. One goroutine at a
// time.
type Loss struct {
	obj    Objective
	graphs [21]*graph // by log2 of the padded size
}

// NewLoss returns the evaluator of an objective.
func NewLoss(o Objective) *Loss { return &Loss{obj: o} }

// Objective returns what is evaluated.
func (l *Loss) Objective() Objective { return l.obj }

// WeightSum is the sum of the weights of the terms: of the sequences, or of
// the pairs that are compared. It does not depend on logits, so the trainer
// knows the divisor of a whole step before the first forward pass.
func (l *Loss) WeightSum(rows []Row) float64 {
	var sum float64
	if l.obj.Scope == Sequences {
		for _, r := range rows {
			sum += r.Weight
		}
		return sum
	}
	for i := range rows {
		for j := range rows {
			sum += pairWeight(rows[i], rows[j])
		}
	}
	return sum
}

// pairWeight is the weight of "a is preferred to b": the product of their
// weights where they share a group and a's target is the larger one.
func pairWeight(a, b Row) float64 {
	if a.Group < 0 || a.Group != b.Group || a.Target <= b.Target {
		return 0
	}
	return a.Weight * b.Weight
}

// Sum evaluates the objective on a batch: the weighted sum of losses, and into
// grad its derivative with respect to every logit times scale. len(logits),
// len(rows) and len(grad) agree. Rows of weight zero get gradient zero. A
// non-finite result is not an error here: the trainer decides.
func (l *Loss) Sum(logits []Logits, rows []Row, scale float64, grad []Logits) (float64, error) {
	n := len(logits)
	if len(rows) != n || len(grad) != n {
		panic(fmt.Sprintf("objective: %d logits, %d rows, %d gradients", n, len(rows), len(grad)))
	}
	if n == 0 {
		return 0, nil
	}
	limit := MaxSequences
	if l.obj.Scope == Pairs {
		limit = MaxPairSequences
	}
	if n > limit {
		return 0, fmt.Errorf("objective %s: %d: %w (limit %d)", l.obj.Name, n, ErrTooMany, limit)
	}
	g, err := l.graph(n)
	if err != nil {
		return 0, fmt.Errorf("objective %s: %w", l.obj.Name, err)
	}
	sum, err := g.run(logits, rows, scale, grad)
	if err != nil {
		return 0, fmt.Errorf("objective %s: %w", l.obj.Name, err)
	}
	return sum, nil
}

func (l *Loss) graph(n int) (*graph, error) {
	log2 := bits.Len(uint(n - 1))
	if l.graphs[log2] == nil {
		g, err := compile(l.obj, 1<<log2)
		if err != nil {
			return nil, err
		}
		l.graphs[log2] = g
	}
	return l.graphs[log2], nil
}
