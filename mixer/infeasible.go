package mixer

import (
	"fmt"
	"strings"
)

// An InfeasibleError is returned when the shares, the total and the cap per
// task cannot all be met. It carries what a person needs to change the plan.
type InfeasibleError struct {
	Total   int64    `json:"total"`
	Largest int64    `json:"largest"` // the largest total that can be met
	Binding []string `json:"binding"` // what is in the way
	Proven  bool     `json:"proven"`  // false: a solution was not found but may exist
	Nested  bool     `json:"nested"`  // the totals can be met, but not one inside the other
	Classes []Figure `json:"classes"`
	Cells   []Figure `json:"cells"` // asked: the product of the shares
}

// Error is the whole story, a table included.
func (e *InfeasibleError) Error() string {
	var b strings.Builder
	switch {
	case e.Nested:
		fmt.Fprintf(&b, "mixer: scale %d was not found inside the others: %s", e.Total, strings.Join(e.Binding, "; "))
	case e.Proven:
		fmt.Fprintf(&b, "mixer: %d trajectories cannot be drawn: %s", e.Total, strings.Join(e.Binding, "; "))
	default:
		fmt.Fprintf(&b, "mixer: no way found to draw %d trajectories (there may be one): %s", e.Total, strings.Join(e.Binding, "; "))
	}
	fmt.Fprintf(&b, "\nlargest total that can be met: %d\n", e.Largest)
	writeFigures(&b, e.Classes, e.Cells, false)
	return strings.TrimRight(b.String(), "\n")
}

// infeasible says in what way a total cannot be met.
func (b *builder) infeasible(total int64, want [dimensions][]int64, unmet *Unmet) *InfeasibleError {
	e := &InfeasibleError{Total: total, Proven: unmet.Proven}
	e.Classes, e.Cells = b.figures(want, make([]int64, b.pool.cells()))
	e.Binding = b.plain(total, e)
	if len(e.Binding) > 0 {
		e.Proven = true
	} else {
		e.Binding = unmet.Binding
	}
	if largest, err := b.largest(min(total-1, int64(len(b.pool.rows)))); err == nil {
		e.Largest = largest
	}
	return e
}

// plain finds the faults that need no proof: a class, or all of them, of which
// the cap per task leaves too few.
func (b *builder) plain(total int64, e *InfeasibleError) (out []string) {
	say := func(what string, asked, rows, under int64) {
		text := fmt.Sprintf("%s: %d asked, %d in the pool", what, asked, rows)
		if under < rows {
			text += fmt.Sprintf(", %d under the cap of %d per task", under, b.pool.limit)
		}
		out = append(out, text)
	}
	if all := b.inStock().underCap[dimensions+1][0]; all < total {
		say("trajectories", total, int64(len(b.pool.rows)), all)
	}
	for _, f := range e.Classes {
		if f.UnderCap < f.Requested {
			say(f.name(), f.Requested, f.Available, f.UnderCap)
		}
	}
	if b.exact && len(out) == 0 {
		for _, f := range e.Cells {
			if f.UnderCap < f.Requested {
				say(f.name(), f.Requested, f.Available, f.UnderCap)
			}
		}
	}
	return out
}
