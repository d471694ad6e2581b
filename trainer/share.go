package trainer

import (
	"context"
	"slices"
)

// share divides the sequences of a global batch over the ranks: the longest
// first, each to the rank with the fewest tokens so far. Within a rank they keep
// their order. It is the same on every rank and needs no message.
func share(lengths []int32, ranks int) [][]int32 {
	parts, tokens := make([][]int32, ranks), make([]int64, ranks)
	owner := make([]int, len(lengths))
	for _, i := range longestFirst(lengths) {
		least := 0
		for r := range tokens {
			if tokens[r] < tokens[least] {
				least = r
			}
		}
		owner[i] = least
		tokens[least] += int64(lengths[i])
	}
	for i, r := range owner {
		parts[r] = append(parts[r], int32(i))
	}
	return parts
}

// longestFirst lists places by falling length, equal ones in order.
func longestFirst(lengths []int32) []int {
	order := make([]int, len(lengths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(lengths[b]) - int(lengths[a]) })
	return order
}

// A cut is how a global batch is divided into micro-batches of places in it.
type cut struct {
	micros [][]int32 // of this rank, in turn
	total  int       // of all ranks
	rounds int       // of the rank with the most
}

// cut divides the batch over the ranks and each rank's part by tokens. Ranks
// that share experts run as many passes as the one with most: the others'
// last ones are empty.
func (n *network) cut(lengths []int32) cut {
	var c cut
	for r, part := range share(lengths, n.layout.world.Size()) {
		micros := pack(take(lengths, part), n.cfg.Batch.MaxTokensPerMicro, n.cfg.Batch.Window)
		c.total += len(micros)
		c.rounds = max(c.rounds, len(micros))
		if r != n.layout.world.Rank() {
			continue
		}
		for _, micro := range micros {
			c.micros = append(c.micros, take(part, micro))
		}
	}
	for n.layout.sharded() && len(c.micros) < c.rounds {
		c.micros = append(c.micros, nil)
	}
	return c
}

// A stretch is samples lo to hi−1 of a list.
type stretch struct{ lo, hi int }

// stretches cuts a list into consecutive pieces, each of at most the config's
// tokens or a single sample.
func (n *network) stretches(list []sample) []stretch {
	var all []stretch
	for lo := 0; lo < len(list); {
		hi, tokens := lo+1, int(list[lo].length)
		for hi < len(list) && tokens+int(list[hi].length) <= n.cfg.Batch.MaxTokensPerMicro {
			tokens += int(list[hi].length)
			hi++
		}
		all = append(all, stretch{lo, hi})
		lo = hi
	}
	return all
}

// eachMicro calls visit with this rank's stretches of a list, in turn; with
// experts elsewhere every rank visits as often, the last time maybe nothing.
// Alone, it ends when ctx does.
func (n *network) eachMicro(ctx context.Context, list []sample, visit func(lo, hi int) error) error {
	all, ranks := n.stretches(list), n.layout.world.Size()
	for first := 0; first < len(all); first += ranks {
		if err := ctx.Err(); err != nil && n.layout.alone() {
			return err
		}
		var s stretch
		if at := first + n.layout.world.Rank(); at < len(all) {
			s = all[at]
		} else if !n.layout.sharded() {
			continue
		}
		if err := visit(s.lo, s.hi); err != nil {
			return err
		}
	}
	return nil
}
