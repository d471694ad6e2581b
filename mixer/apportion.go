package mixer

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// shareSlack is how far shares may be from a sum of 1: enough for seven
// written decimals, too little for a share that was forgotten.
const shareSlack = 1e-6

// rational reads a share as the decimal that was written, so that 0.1 is a
// tenth and equal remainders are equal.
func rational(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		panic(fmt.Sprintf("mixer: share %v passed validation", f))
	}
	return r
}

// exactShares normalises shares to a sum of exactly 1, in order of name.
func exactShares(shares map[string]float64) (names []string, exact []*big.Rat) {
	sum := new(big.Rat)
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		names = append(names, name)
		exact = append(exact, rational(shares[name]))
		sum.Add(sum, exact[len(exact)-1])
	}
	for _, r := range exact {
		r.Quo(r, sum)
	}
	return names, exact
}

// checkShares lists what is wrong with shares that should sum to 1.
func checkShares(field string, shares map[string]float64) (faults []error) {
	if len(shares) == 0 {
		return nil
	}
	var sum float64
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		s := shares[name]
		if !(s >= 0 && s <= 1) || math.IsNaN(s) {
			faults = append(faults, fmt.Errorf("%s: share of %q is %v, want 0 to 1", field, name, s))
		}
		sum += s
	}
	if len(faults) == 0 && math.Abs(sum-1) > shareSlack {
		faults = append(faults, fmt.Errorf("%s: shares sum to %v, want 1", field, sum))
	}
	return faults
}

// parseRatio reads "2:1" (resolved to unresolved) or the resolved share "0.4".
func parseRatio(s string) (resolved *big.Rat, err error) {
	if a, b, ok := strings.Cut(s, ":"); ok {
		pos, okA := parseDecimal(a)
		neg, okB := parseDecimal(b)
		if !okA || !okB || pos.Sign() < 0 || neg.Sign() < 0 || pos.Sign()+neg.Sign() == 0 {
			return nil, fmt.Errorf(`ratio: %q, want two numbers such as "2:1"`, s)
		}
		return pos.Quo(pos, new(big.Rat).Add(pos, neg)), nil
	}
	r, ok := parseDecimal(s)
	if !ok || r.Sign() < 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
		return nil, fmt.Errorf(`ratio: %q, want resolved to unresolved such as "2:1", or the resolved share`, s)
	}
	return r, nil
}

// parseDecimal reads a plain decimal of bounded length: big.Rat would follow an
// exponent of a million digits.
func parseDecimal(s string) (*big.Rat, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 24 || strings.ContainsAny(s, "eEpPxX/_") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// Apportion turns shares into whole numbers that sum to total and are at least
// base, by giving each next unit to the class farthest below its share, the
// first in order when several are. From a base of nil this is the method of
// largest remainders. From the counts of a smaller total it is the nearest to
// it that contains them.
func Apportion(total int64, shares []*big.Rat, base []int64) []int64 {
	n := make([]int64, len(shares))
	copy(n, base)
	left := total
	quota := make([]*big.Rat, len(shares))
	for i, s := range shares {
		quota[i] = new(big.Rat).Mul(s, new(big.Rat).SetInt64(total))
		// Whole units first; what is left is less than one unit per class plus
		// what the base holds above its share.
		whole := new(big.Int).Quo(quota[i].Num(), quota[i].Denom()).Int64()
		n[i] = max(n[i], whole)
		left -= n[i]
	}
	for ; left < 0; left++ { // the base sits above its share somewhere: take back elsewhere
		i := extreme(n, quota, func(i int) bool { return len(base) == 0 || n[i] > base[i] }, -1)
		n[i]--
	}
	for ; left > 0; left-- {
		n[extreme(n, quota, func(int) bool { return true }, 1)]++
	}
	return n
}

// extreme finds the class farthest below its quota (sign 1) or above (-1).
func extreme(n []int64, quota []*big.Rat, may func(int) bool, sign int) int {
	best := -1
	var lack *big.Rat
	for i := range n {
		if !may(i) {
			continue
		}
		d := new(big.Rat).Sub(quota[i], new(big.Rat).SetInt64(n[i]))
		if best < 0 || d.Cmp(lack)*sign > 0 {
			best, lack = i, d
		}
	}
	return best
}

// round2 rounds the table rows[i]*cols[j]/total to whole numbers, each up or
// down, so that all row sums and column sums are exact. Such a rounding always
// exists (it is a flow with whole capacities); larger fractions go up first.
func round2(rows, cols []int64) [][]int64 {
	var total int64
	for _, r := range rows {
		total += r
	}
	out := make([][]int64, len(rows))
	rowLeft, colLeft := slices.Clone(rows), slices.Clone(cols)
	type fraction struct {
		i, j int
		rest int64
	}
	var up []fraction
	for i, r := range rows {
		out[i] = make([]int64, len(cols))
		for j, c := range cols {
			if total == 0 {
				continue
			}
			out[i][j] = r * c / total
			rowLeft[i] -= out[i][j]
			colLeft[j] -= out[i][j]
			if rest := r * c % total; rest > 0 {
				up = append(up, fraction{i, j, rest})
			}
		}
	}
	slices.SortStableFunc(up, func(a, b fraction) int { return int(min(max(b.rest-a.rest, -1), 1)) })
	g := newFlow(2+len(rows)+len(cols), len(rows)+len(cols)+len(up))
	source, sink := 0, 1
	for i, r := range rowLeft {
		g.arc(source, 2+i, r)
	}
	for j, c := range colLeft {
		g.arc(2+len(rows)+j, sink, c)
	}
	first := g.arcs()
	for _, u := range up {
		g.arc(2+u.i, 2+len(rows)+u.j, 1)
	}
	for k, u := range up { // greedy start
		a, b := 2*u.i, 2*(len(rows)+u.j)
		if g.left[a] > 0 && g.left[b] > 0 {
			g.push(a, 1)
			g.push(b, 1)
			g.push(first+2*k, 1)
		}
	}
	g.maximise(source, sink)
	for k, u := range up {
		out[u.i][u.j] += g.through(first + 2*k)
	}
	return out
}
