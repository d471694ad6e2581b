package moe

import (
	"cmp"
	"slices"
)

// A tenancy is an array's need of memory from one moment of a step to another,
// both included, and the place that it was given.
type tenancy struct {
	size     int // in numbers
	from, to int
	at       int
}

// A stretch is memory that others need from a moment on, and may be lent before.
type stretch struct{ lo, hi, due int }

// placeAlign keeps arrays on cache lines.
const placeAlign = 16

// placing is the scratch of [placing.place].
type placing struct {
	order, placed, best []int
	taken               []stretch
}

// place gives every tenancy a place so that no two that live at one moment share a
// number: in the stretches before these are due, or behind them from base on. It
// returns how much is needed from base on.
//
// The best places are hard to find. Arrays are placed one by one, each in the
// highest stretch that will do, since the highest are due first and later arrays have
// fewer to choose from, else in the lowest gap behind base; of a few orders the one
// that needs least is taken.
func (s *placing) place(list []tenancy, lent []stretch, base int) (need int) {
	need = -1
	for _, before := range placeOrders {
		s.order = s.order[:0]
		for i := range list {
			s.order = append(s.order, i)
		}
		slices.SortStableFunc(s.order, func(a, b int) int { return before(&list[a], &list[b]) })
		if n := s.inOrder(list, lent, base); need < 0 || n < need {
			need, s.best = n, s.best[:0]
			for i := range list {
				s.best = append(s.best, list[i].at)
			}
		}
	}
	for i := range list {
		list[i].at = s.best[i]
	}
	return need
}

// placeOrders are the orders that are tried.
var placeOrders = []func(a, b *tenancy) int{
	func(a, b *tenancy) int { return cmp.Compare(b.size, a.size) },
	func(a, b *tenancy) int {
		return cmp.Or(cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(b.size, a.size))
	},
	func(a, b *tenancy) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(b.size, a.size)) },
	func(a, b *tenancy) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.size, a.size)) },
}

// inOrder places one array after the other.
func (s *placing) inOrder(list []tenancy, lent []stretch, base int) (need int) {
	s.placed = s.placed[:0]
	for _, i := range s.order {
		t := &list[i]
		if t.size == 0 {
			t.at = base
			continue
		}
		s.taken = s.taken[:0]
		for _, j := range s.placed {
			if o := &list[j]; o.from <= t.to && t.from <= o.to {
				s.taken = append(s.taken, stretch{lo: o.at, hi: o.at + o.size})
			}
		}
		for _, l := range lent {
			if l.due <= t.to {
				s.taken = append(s.taken, l)
			}
		}
		slices.SortFunc(s.taken, func(a, b stretch) int { return cmp.Compare(a.lo, b.lo) })
		if t.at = gap(s.taken, t.size, base); t.at >= base {
			need = max(need, t.at+t.size-base)
		}
		s.placed = append(s.placed, i)
	}
	return need
}

// gap finds room for an array beside what is taken, which lies in order of places:
// as high as it goes below base, else as low as it goes above.
func gap(taken []stretch, size, base int) int {
	const far = 1 << 62
	below, end := -1, 0 // end of what is taken so far
	for i := range len(taken) + 1 {
		s := stretch{lo: far}
		if i < len(taken) {
			s = taken[i]
		}
		lo := placeUp(end)
		if at := min(s.lo, base) - size; at >= lo {
			below = at - at%placeAlign
		}
		if at := max(lo, placeUp(base)); s.lo-at >= size {
			if below >= 0 {
				return below
			}
			return at
		}
		end = max(end, s.hi)
	}
	panic("moe: no end of memory")
}

func placeUp(n int) int { return (n + placeAlign - 1) / placeAlign * placeAlign }
