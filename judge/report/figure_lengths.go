package report

import (
	"fmt"
	"math"
)

func (e *evidence) lengthsFigure() figure {
	f := figure{id: "lengths", title: "Length of runs"}
	l := e.lengths
	switch {
	case l == nil:
		f.missing = "no tokens were given."
		return f
	case l.rows == 0:
		f.missing = "the token set has no rows."
		return f
	}
	f.caption = fmt.Sprintf("Tokens of a run before anything is left out, %s.", plural(l.rows, "run", "runs"))
	if l.limit > 0 {
		f.caption += fmt.Sprintf(" The model reads at most %s (dashed line).", plural(l.limit, "token", "tokens"))
	}
	if l.elided > 0 {
		f.caption += fmt.Sprintf(" %s longer and lost text to the rule %s; over all runs %s of the tokens were left out.",
			plural(l.elided, "run was", "runs were"), clean(l.overflow), percentOf(l.removed, l.full))
	} else {
		f.caption += " Every run fitted whole."
	}
	f.draw = func(width float64) *drawing { return drawLengths(l, width) }
	return f
}

func percentOf(part, whole int64) string {
	if whole == 0 {
		return absent
	}
	v := float64(part) / float64(whole)
	return percent(&v)
}

// A lengthBin counts runs of lo up to, not including, hi tokens.
type lengthBin struct {
	lo, hi        float64
	whole, elided int64
}

// logFrom is the ratio of the longest to the shortest run from which a linear
// axis would press the short ones together.
const logFrom = 8

// bins divides the range into some twenty bins: of equal width, or of equal
// ratio where lengths differ much.
func (l *lengths) bins() (bins []lengthBin, log bool) {
	at := l.sorted()
	lo, hi := math.Max(1, float64(at[0])), math.Max(1, float64(at[len(at)-1]))
	if l.limit > 0 { // its line is inside the plane, wherever the runs are
		lo, hi = math.Min(lo, float64(l.limit)), math.Max(hi, float64(l.limit))
	}
	log = hi/lo > logFrom
	if log {
		const perOctave = 3
		first, last := math.Floor(math.Log2(lo)*perOctave), math.Floor(math.Log2(hi)*perOctave)
		for i := first; i <= last; i++ {
			bins = append(bins, lengthBin{lo: math.Exp2(i / perOctave), hi: math.Exp2((i + 1) / perOctave)})
		}
	} else {
		step := math.Max(1, roundStep((hi-lo)/20))
		for v := math.Floor(lo/step) * step; v <= hi; v += step {
			bins = append(bins, lengthBin{lo: v, hi: v + step})
		}
	}
	i := 0
	for _, n := range at {
		for i < len(bins)-1 && float64(n) >= bins[i].hi {
			i++
		}
		c := l.of[n]
		bins[i].whole += c.whole
		bins[i].elided += c.elided
	}
	return bins, log
}

func drawLengths(l *lengths, width float64) *drawing {
	d := newDrawing(width)
	bins, log := l.bins()
	var most int64
	for _, b := range bins {
		most = max(most, b.whole+b.elided)
	}
	top := d.keys(key{"read whole", inkModel, keyBox}, key{"partly left out", inkRival, keyBox}) + 24
	y := whole("runs", 0, float64(max(most, 1)), 4)
	lo, hi := bins[0].lo, bins[len(bins)-1].hi
	x := inside("tokens of a run", lo, hi, 6)
	if log {
		x = axis{name: "tokens of a run, doubling steps", min: lo, max: hi, log: true}
		for v := math.Exp2(math.Ceil(math.Log2(lo))); v <= hi; v *= 2 {
			x.ticks = append(x.ticks, tick{v, count(int64(v))})
		}
	}
	left, right, bottom := leftOf(y), width-14, top+0.4*width
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y})
	for _, b := range bins {
		a, z := p.x.at(b.lo)+0.75, p.x.at(b.hi)-0.75
		tip := fmt.Sprintf("%.0f to %.0f tokens: %s, %s partly left out", b.lo, b.hi, plural(b.whole+b.elided, "run", "runs"), count(b.elided))
		if b.whole > 0 {
			d.box(inkModel, tip, a, p.y.at(float64(b.whole)), z, p.y.at(0))
		}
		if b.elided > 0 {
			d.box(inkRival, tip, a, p.y.at(float64(b.whole+b.elided)), z, p.y.at(float64(b.whole)))
		}
	}
	if l.limit > 0 {
		at := p.x.at(float64(l.limit))
		d.line(stroke{ink: inkText, width: 1.25, dash: dashes()}, point{at, top - 4}, point{at, bottom})
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}
