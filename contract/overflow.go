package contract

import (
	"math"
	"sort"

	"github.com/swerm/swerm/pipeline"
)

// How far the rule elide_observations goes before its next step.
const (
	// softFloor is what a long observation keeps, half from each end: enough for
	// a command's echo and the tail where errors and totals stand.
	softFloor = 128
	// lastFloor is what any long block keeps before the trajectory is given up.
	lastFloor = 16
	// lastTurns are kept while earlier ones can go: the last check and the
	// submission say most about the outcome.
	lastTurns = 2
)

// A cut says what is left out: the middle of blocks above a number of tokens,
// and the first turns after the issue.
type cut struct {
	soft int // tokens kept of observations, instructions and interruptions
	firm int // tokens kept of the policy's own blocks
	gap  int // turns left out, from the first
}

func (c cut) drops(b block) bool { return b.turn > 0 && b.turn <= c.gap }

// keep returns how many tokens of a block are kept before its middle goes.
func (c cut) keep(b block) int {
	switch b.name {
	case blockIssue, blockPatch:
		return math.MaxInt - 1<<32 // room to add a marker's length
	case blockAssistant, blockReasoning, blockCall:
		return min(c.firm, math.MaxInt-1<<32)
	}
	return min(c.soft, math.MaxInt-1<<32)
}

// size counts the ids that a cut gives. It falls, or stays, when soft or firm
// fall.
func (e *encoding) size(c cut) int {
	n := len(e.b.begin) + len(e.b.end)
	gone := false
	for _, b := range e.blocks {
		if c.drops(b) {
			gone = true
			continue
		}
		n += len(e.b.open[b.name]) + len(e.b.close) + min(b.to-b.from, c.keep(b)+len(e.b.elidedText))
	}
	if gone {
		n += len(e.b.open[blockElided]) + len(e.b.elidedTurns) + len(e.b.close)
	}
	return n
}

// overflow finds the mildest cut that fits, or gives the trajectory up.
func (c *Contract) overflow(e *encoding) (cut, error) {
	if c.Overflow == OverflowDrop {
		return cut{}, &DropError{pipeline.DropOverflow, e.size(cut{soft: math.MaxInt, firm: math.MaxInt}), c.MaxTokens}
	}
	// The middle of long observations.
	try := cut{soft: softFloor, firm: math.MaxInt}
	if e.size(try) <= c.MaxTokens {
		return c.widen(e, try, func(t *cut) *int { return &t.soft }), nil
	}
	// Whole turns, the earliest first.
	fits := func(gap int) bool {
		try.gap = gap
		return e.size(try) <= c.MaxTokens
	}
	if gap := 1 + sort.Search(e.turns-lastTurns, func(i int) bool { return fits(1 + i) }); gap <= e.turns-lastTurns {
		try.gap = gap
		return c.widen(e, try, func(t *cut) *int { return &t.soft }), nil
	}
	// The middle of any long block in the last turns, then in the last one.
	for _, last := range []struct{ turns, floor int }{{lastTurns, softFloor}, {1, softFloor}, {1, lastFloor}} {
		try = cut{soft: last.floor, firm: last.floor, gap: max(0, e.turns-last.turns)}
		if e.size(try) <= c.MaxTokens {
			try = c.widen(e, try, func(t *cut) *int { return &t.firm })
			return c.widen(e, try, func(t *cut) *int { return &t.soft }), nil
		}
	}
	return cut{}, &DropError{pipeline.DropOverflow, e.size(try), c.MaxTokens}
}

// widen raises one cap of a cut that fits to the highest value that still fits.
func (c *Contract) widen(e *encoding, fits cut, field func(*cut) *int) cut {
	low, high := *field(&fits), len(e.ids)+1
	for high-low > 1 {
		mid := low + (high-low)/2
		try := fits
		*field(&try) = mid
		if e.size(try) <= c.MaxTokens {
			low = mid
		} else {
			high = mid
		}
	}
	*field(&fits) = low
	return fits
}
