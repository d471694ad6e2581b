package contract

import (
	"math"
	"sort"

	"github.com/swerm/swerm/pipeline"
)

// How far the eliding rules go before their next step.
const (
	// softFloor is what a long observation keeps, half from each end: enough for
	// a command's echo and the tail where errors and totals stand.
	softFloor = 128
	// lastFloor is what any long block keeps before the trajectory is given up.
	lastFloor = 16
	// hardFloor is what elide_all leaves of the issue and of the patch at least.
	hardFloor = 64
	// lastTurns are kept while earlier ones can go: the last check and the
	// submission say most about the outcome.
	lastTurns = 2
)

// A cut says what is left out: the middle of blocks above a number of tokens,
// and the first turns after the issue.
type cut struct {
	soft int // tokens kept of observations, instructions and interruptions
	firm int // tokens kept of the policy's own blocks
	hard int // tokens kept of the issue and of the patch
	gap  int // turns left out, from the first
}

// uncut leaves nothing out. It is far above any length, and a marker's length
// can be added to it.
const uncut = math.MaxInt >> 1

func wholeCut() cut { return cut{soft: uncut, firm: uncut, hard: uncut} }

func (c cut) drops(b block) bool { return b.turn > 0 && b.turn <= c.gap }

// keep returns how many tokens of a block are kept before its middle goes.
func (c cut) keep(b block) int {
	switch b.name {
	case blockIssue, blockPatch:
		return c.hard
	case blockAssistant, blockReasoning, blockCall:
		return c.firm
	}
	return c.soft
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
	try := wholeCut()
	if c.Overflow == OverflowDrop {
		return try, c.dropped(e, try)
	}
	soft := func(t *cut) *int { return &t.soft }
	firm := func(t *cut) *int { return &t.firm }
	hard := func(t *cut) *int { return &t.hard }
	fits := func() bool { return e.size(try) <= c.MaxTokens }
	// The middle of long observations.
	if try.soft = softFloor; fits() {
		return c.widen(e, try, soft), nil
	}
	// Whole turns, the earliest first. One turn less never takes more room.
	gaps := e.turns - lastTurns
	if gap := 1 + sort.Search(gaps, func(i int) bool { try.gap = 1 + i; return fits() }); gap <= gaps {
		try.gap = gap
		return c.widen(e, try, soft), nil
	}
	// The middle of any long block in the last turns, then in the last one.
	for _, last := range []struct{ turns, floor int }{{lastTurns, softFloor}, {1, softFloor}, {1, lastFloor}} {
		try = cut{soft: last.floor, firm: last.floor, hard: uncut, gap: max(0, e.turns-last.turns)}
		if fits() {
			return c.widen(e, try, firm, soft), nil
		}
	}
	// The middle of the issue and of the patch, where the rule allows it.
	if try.hard = hardFloor; c.Overflow == OverflowElideAll && fits() {
		return c.widen(e, try, hard, firm, soft), nil
	}
	try.hard = uncut
	return try, c.dropped(e, try)
}

func (c *Contract) dropped(e *encoding, t cut) error {
	return &DropError{pipeline.DropOverflow, e.size(t), c.MaxTokens}
}

// widen raises caps of a cut that fits, one after another, each to the highest
// value that still fits.
func (c *Contract) widen(e *encoding, fits cut, caps ...func(*cut) *int) cut {
	for _, limit := range caps {
		low, high := *limit(&fits), len(e.ids)+1
		for high-low > 1 {
			mid := low + (high-low)/2
			try := fits
			*limit(&try) = mid
			if e.size(try) <= c.MaxTokens {
				low = mid
			} else {
				high = mid
			}
		}
		*limit(&fits) = low
	}
	return fits
}
