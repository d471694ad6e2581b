package mixer

import (
	"fmt"
	"slices"
)

// pairSearch chooses how many resolved rows each policy gives, so that all
// policies and both verdicts get their share and no cut is violated. It is a
// small integer program: one variable per policy, coefficients -1, 0 and 1.
type pairSearch struct {
	policies, verdicts int
	want               []int64 // of each policy
	resolved           int64   // of all
	low, high          []int64 // of each policy, from single pairs
	cuts               []cut
	work               int64
}

// newPairSearch starts with what single pairs can give at most.
func newPairSearch(p *Problem, in *lanes) *pairSearch {
	s := &pairSearch{policies: p.Classes[byPolicy], verdicts: p.Classes[byVerdict], want: p.Want[byPolicy]}
	s.resolved = p.Want[byVerdict][0]
	pairs := s.policies * s.verdicts
	most := make([]int64, pairs)
	for i, u := range p.Supplies { // a lane meets a pair in one supply
		most[int(u.Cell)%pairs] += min(u.Rows, in.limit[in.of[i]])
	}
	for policy, want := range s.want {
		if s.verdicts == 1 {
			s.low, s.high = append(s.low, want), append(s.high, min(want, most[policy]))
			continue
		}
		s.low = append(s.low, max(0, want-most[2*policy+1]))
		s.high = append(s.high, min(want, most[2*policy]))
	}
	return s
}

// inside reports whether pairs respect the bounds on single pairs.
func (s *pairSearch) inside(pairs []int64) bool {
	for policy := range s.want {
		if n := pairs[policy*s.verdicts]; n < s.low[policy] || n > s.high[policy] {
			return false
		}
	}
	return true
}

func (s *pairSearch) add(c cut) { s.cuts = append(s.cuts, c) }

// sign is the coefficient of a policy's resolved rows in a cut, and base what
// its unresolved rows add: pairs (p,+) + (p,-) are all of the policy's want.
func (s *pairSearch) sign(c *cut, policy int) (a, base int64) {
	if c.in[policy*s.verdicts] {
		a = 1
	}
	if s.verdicts == 2 && c.in[policy*2+1] {
		a--
		base = s.want[policy]
	}
	return a, base
}

// next returns the pairs nearest to the product that meet all cuts. decided is
// false when the search gave up.
func (s *pairSearch) next() (pairs []int64, decided bool) {
	x := s.choose(slices.Clone(s.low), slices.Clone(s.high))
	if x == nil {
		return nil, s.work < maxWork
	}
	for policy, n := range x {
		pairs = append(pairs, n)
		if s.verdicts == 2 {
			pairs = append(pairs, s.want[policy]-n)
		}
	}
	return pairs, true
}

// choose fills low..high nearest to the product, and where a cut is violated
// tries less of one of its policies first and the rest of its range after.
func (s *pairSearch) choose(low, high []int64) []int64 {
	if s.work >= maxWork || !s.tighten(low, high) {
		return nil
	}
	x := s.fill(low, high)
	bad, over := s.violated(x)
	if bad == nil {
		return x
	}
	at, room := -1, int64(0)
	var up bool
	for policy := range x {
		switch a, _ := s.sign(bad, policy); {
		case a > 0 && x[policy]-low[policy] > room:
			at, room, up = policy, x[policy]-low[policy], false
		case a < 0 && high[policy]-x[policy] > room:
			at, room, up = policy, high[policy]-x[policy], true
		}
	}
	if at < 0 {
		return nil
	}
	step := min(room, over)
	near, far := [2][]int64{slices.Clone(low), slices.Clone(high)}, [2][]int64{low, high}
	if up {
		near[0][at] = x[at] + step
		far[1][at] = x[at] + step - 1
	} else {
		near[1][at] = x[at] - step
		far[0][at] = x[at] - step + 1
	}
	if found := s.choose(near[0], near[1]); found != nil {
		return found
	}
	return s.choose(far[0], far[1])
}

func (s *pairSearch) violated(x []int64) (worst *cut, over int64) {
	for i := range s.cuts {
		c := &s.cuts[i]
		sum := -c.most
		for policy, n := range x {
			a, base := s.sign(c, policy)
			sum += a*n + base
		}
		if sum > over {
			worst, over = c, sum
		}
	}
	return worst, over
}

// tighten narrows the bounds by each inequality until nothing moves; false
// means that no choice is left.
func (s *pairSearch) tighten(low, high []int64) bool {
	total := make([]int64, len(low))
	minus := make([]int64, len(low))
	for i := range total {
		total[i], minus[i] = 1, -1
	}
	a := make([]int64, len(low))
	for moved := true; moved; {
		moved = false
		s.work += int64((len(s.cuts) + 2) * len(low))
		for i := -2; i < len(s.cuts); i++ {
			var most int64
			coefficient := a
			switch i {
			case -2:
				coefficient, most = total, s.resolved
			case -1:
				coefficient, most = minus, -s.resolved
			default:
				most = s.cuts[i].most
				for policy := range a {
					var base int64
					a[policy], base = s.sign(&s.cuts[i], policy)
					most -= base
				}
			}
			changed, ok := narrow(coefficient, most, low, high)
			if !ok {
				return false
			}
			moved = moved || changed
		}
	}
	return true
}

// narrow applies sum a*x <= most to the bounds of x.
func narrow(a []int64, most int64, low, high []int64) (changed, ok bool) {
	var least int64 // of the sum
	for i, c := range a {
		switch c {
		case 1:
			least += low[i]
		case -1:
			least -= high[i]
		}
	}
	if least > most {
		return false, false
	}
	slack := most - least
	for i, c := range a {
		switch {
		case low[i] > high[i]:
			return false, false
		case c == 1 && high[i]-low[i] > slack:
			high[i], changed = low[i]+slack, true
		case c == -1 && high[i]-low[i] > slack:
			low[i], changed = high[i]-slack, true
		}
	}
	return changed, true
}

// fill spreads the resolved rows over policies in proportion to their want,
// inside the bounds: what one cannot give, all others share. tighten has
// assured that the bounds leave room.
func (s *pairSearch) fill(low, high []int64) []int64 {
	clamp := func(level float64) (x []int64, sum int64) {
		x = make([]int64, len(low))
		for i, want := range s.want {
			x[i] = min(max(int64(level*float64(want)), low[i]), high[i])
			sum += x[i]
		}
		return x, sum
	}
	under, above := 0.0, 1.0
	for range 64 {
		mid := (under + above) / 2
		if _, sum := clamp(mid); sum <= s.resolved {
			under = mid
		} else {
			above = mid
		}
	}
	x, sum := clamp(under)
	more, _ := clamp(above)
	// Where the level rests on whole numbers, the two sides differ by single
	// rows: take as many of those as are missing, and then wherever room is.
	for pass := 0; pass < 2 && sum < s.resolved; pass++ {
		for i := range x {
			top := more[i]
			if pass == 1 {
				top = high[i]
			}
			add := min(top-x[i], s.resolved-sum)
			if add > 0 {
				x[i] += add
				sum += add
			}
		}
	}
	for i := len(x) - 1; i >= 0 && sum > s.resolved; i-- {
		take := min(x[i]-low[i], sum-s.resolved)
		x[i] -= take
		sum -= take
	}
	return x
}

// reasons puts the bounds and cuts that closed the search into words.
func (s *pairSearch) reasons(p *Problem) (out []string) {
	for i := range s.cuts {
		c := &s.cuts[i]
		var in, closed []string
		for r, is := range c.in {
			if is && p.Want[byPolicy][r/s.verdicts] > 0 {
				in = append(in, p.describe(r))
			}
		}
		for _, source := range c.closed {
			closed = append(closed, p.sources[source])
		}
		text := fmt.Sprintf("%s cannot have more than %d together", list(in), c.most)
		if len(closed) > 0 && len(closed) < len(p.sources) {
			text += fmt.Sprintf(" (source %s gives no more than its own share)", list(closed))
		}
		out = append(out, text)
	}
	for policy := range s.want {
		if s.low[policy] > s.high[policy] {
			out = append(out, fmt.Sprintf("policy %s has too few rows", p.describe(policy*s.verdicts)))
		}
	}
	var most, least int64
	for policy := range s.want {
		most, least = most+s.high[policy], least+s.low[policy]
	}
	if s.verdicts == 2 && (most < s.resolved || least > s.resolved) {
		out = append(out, fmt.Sprintf("with these policies between %d and %d rows can be resolved, %d are asked", least, most, s.resolved))
	}
	const shown = 5
	return out[max(0, len(out)-shown):]
}
