package report

import (
	"math"
	"strconv"
)

// A scale maps values to units of a drawing.
type scale struct {
	min, max float64 // values at the ends
	from, to float64 // where the ends lie
	log      bool
}

func (s scale) at(v float64) float64 {
	lo, hi := s.min, s.max
	if s.log {
		v, lo, hi = math.Log2(v), math.Log2(lo), math.Log2(hi)
	}
	if hi == lo {
		return (s.from + s.to) / 2
	}
	return s.from + (v-lo)/(hi-lo)*(s.to-s.from)
}

// A tick is a place on an axis with its label.
type tick struct {
	at    float64
	label string
}

// An axis is a scale's values, ticks and name.
type axis struct {
	name     string
	min, max float64
	ticks    []tick
	log      bool
}

// linear is an axis of round ticks that covers the values; about n of them.
func linear(name string, lo, hi float64, n int) axis {
	if least := 1e-9 * math.Max(math.Abs(lo), math.Abs(hi)); hi-lo < math.Max(least, 1e-12) { // no room for two ticks
		room := math.Max(0.5, 1000*least)
		lo, hi = lo-room, hi+room
	}
	return stepped(name, lo, hi, roundStep((hi-lo)/float64(n)))
}

// maxTicks is more than any axis asks for; rounding cannot run away.
const maxTicks = 64

// stepped covers the values with ticks at multiples of a step.
func stepped(name string, lo, hi, step float64) axis {
	a := axis{name: name, min: math.Floor(lo/step+1e-9) * step, max: math.Ceil(hi/step-1e-9) * step}
	for i := range maxTicks {
		v := a.min + float64(i)*step
		if v > a.max+step/2 {
			break
		}
		a.ticks = append(a.ticks, tick{v, decimal(v, step)})
	}
	return a
}

// whole is linear with ticks at whole numbers alone.
func whole(name string, lo, hi float64, n int) axis {
	hi = math.Max(hi, lo+1)
	step := math.Max(1, roundStep((hi-lo)/float64(n)))
	if step == 2.5 {
		step = 5
	}
	return stepped(name, lo, hi, step)
}

// inside is linear without widening the ends to ticks.
func inside(name string, lo, hi float64, n int) axis { return linear(name, lo, hi, n).cut(lo, hi) }

// cut ends an axis at values and drops the ticks beyond them.
func (a axis) cut(lo, hi float64) axis {
	a.min, a.max = lo, hi
	kept := a.ticks[:0]
	for _, t := range a.ticks {
		if t.at >= lo-1e-9*(hi-lo) && t.at <= hi+1e-9*(hi-lo) {
			kept = append(kept, t)
		}
	}
	a.ticks = kept
	return a
}

// roundStep is the next of 1, 2, 2.5, 5 times a power of ten.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// decimal writes a tick with the places that its step needs.
func decimal(v, step float64) string {
	if math.Abs(v) >= 1000 && step >= 1 {
		return compact(v)
	}
	if math.Abs(v) < step*1e-6 {
		v = 0
	}
	if a := math.Abs(step); a < 1e-4 {
		return minus(strconv.FormatFloat(v, 'e', 1, 64))
	}
	places := 0
	for s := step; places < 6 && math.Abs(s-math.Round(s)) > 1e-9*math.Max(1, math.Abs(s)); places++ {
		s *= 10
	}
	return minus(strconv.FormatFloat(v, 'f', places, 64))
}

// A plane is a part of a drawing with two scales.
type plane struct {
	d                        *drawing
	left, top, right, bottom float64
	x, y                     scale
}

func (p *plane) at(x, y float64) point { return point{p.x.at(x), p.y.at(y)} }

// frame says where a plane lies and what its axes are.
type frame struct {
	left, top, right, bottom float64
	x, y                     axis
	bare                     bool // no labels along x: a plane below has them
	noGrid                   bool // no lines at the ticks of y
}

const (
	tickGap    = 6.0  // between a tick's label and the plane
	tickHeight = 15.0 // labels along x
	nameHeight = 17.0 // the name of an axis
	hairline   = 0.75
)

// plane draws axes and returns where data goes. The name of y stands above the
// plane, since turned text is hard to read.
func (d *drawing) plane(f frame) *plane {
	p := &plane{d: d, left: f.left, top: f.top, right: f.right, bottom: f.bottom,
		x: scale{f.x.min, f.x.max, f.left, f.right, f.x.log},
		y: scale{f.y.min, f.y.max, f.bottom, f.top, f.y.log}}
	for _, t := range f.y.ticks {
		y := p.y.at(t.at)
		if !f.noGrid {
			d.line(stroke{ink: inkGrid, width: hairline}, point{f.left, y}, point{f.right, y})
		}
		d.text(inkMuted, faceLabel, end, point{f.left - tickGap, y + 0.35*faceLabel.size}, t.label)
	}
	if f.y.name != "" {
		d.text(inkMuted, faceLabel, start, point{0, f.top - 11}, f.y.name)
	}
	d.line(stroke{ink: inkAxis, width: hairline}, point{f.left, f.bottom}, point{f.right, f.bottom})
	for _, t := range f.x.ticks {
		x := p.x.at(t.at)
		d.line(stroke{ink: inkAxis, width: hairline}, point{x, f.bottom}, point{x, f.bottom + 3})
	}
	if f.bare {
		return p
	}
	d.tickLabels(p, f.x.ticks)
	if f.x.name != "" {
		d.text(inkMuted, faceLabel, middle, point{(f.left + f.right) / 2, f.bottom + tickHeight + nameHeight - 3}, f.x.name)
	}
	return p
}

// tickLabels labels x, leaving out what would touch its neighbour or leave
// the drawing.
func (d *drawing) tickLabels(p *plane, ticks []tick) {
	free := 0.0
	for _, t := range ticks {
		x, w := p.x.at(t.at), faceLabel.width(t.label)
		at := math.Min(x, d.width-w/2)
		if at-w/2 < free {
			continue
		}
		free = at + w/2 + 5
		d.text(inkMuted, faceLabel, middle, point{at, p.bottom + tickHeight}, t.label)
	}
}

// leftOf is how wide the labels of an axis are, with their gap.
func leftOf(axes ...axis) float64 {
	most := 0.0
	for _, a := range axes {
		for _, t := range a.ticks {
			most = math.Max(most, faceLabel.width(t.label))
		}
	}
	return most + tickGap + 1
}

// A key is one entry of a figure's key.
type key struct {
	label string
	ink   ink
	shape keyShape
}

type keyShape int

const (
	keyBox keyShape = iota
	keyLine
	keyDash
	keyThin
	keyDot
	keyDiamond
	keyTick
)

const (
	keyHeight = 17.0
	keySwatch = 18.0
)

// dashes of lines that stand for something else than the model.
func dashes() []float64 { return []float64{4, 3} }

// keys draws a figure's key in rows from the top and returns where it ends.
func (d *drawing) keys(list ...key) float64 {
	x, y := 0.0, 0.0
	for _, k := range list {
		label := fit(k.label, faceLabel, d.width-keySwatch-6)
		w := keySwatch + 5 + faceLabel.width(label)
		if x > 0 && x+w > d.width {
			x, y = 0, y+keyHeight
		}
		d.swatch(k, point{x, y + keyHeight/2})
		d.text(inkText, faceLabel, start, point{x + keySwatch + 5, y + keyHeight/2 + 0.35*faceLabel.size}, label)
		x += w + 16
	}
	return y + keyHeight
}

func (d *drawing) swatch(k key, at point) {
	mid := point{at.x + keySwatch/2, at.y}
	right := point{at.x + keySwatch, at.y}
	switch k.shape {
	case keyBox:
		d.box(k.ink, "", at.x+3, at.y-5, at.x+keySwatch-3, at.y+5)
	case keyLine:
		d.line(stroke{ink: k.ink, width: 2}, at, right)
	case keyDash:
		d.line(stroke{ink: k.ink, width: 1.5, dash: dashes()}, at, right)
	case keyThin:
		d.line(stroke{ink: k.ink, width: 1}, at, right)
	case keyDot:
		d.disc(k.ink, "", mid, 4)
	case keyDiamond:
		d.diamond(k.ink, "", mid, 4)
	case keyTick:
		d.line(stroke{ink: k.ink, width: 2.5}, point{mid.x, at.y - 6}, point{mid.x, at.y + 6})
	}
}

// whisker is an interval: a line with ends.
func (d *drawing) whisker(s stroke, a, b point) {
	d.line(s, a, b)
	const half = 3.0
	for _, p := range []point{a, b} {
		if a.x == b.x {
			d.line(s, point{p.x - half, p.y}, point{p.x + half, p.y})
		} else {
			d.line(s, point{p.x, p.y - half}, point{p.x, p.y + half})
		}
	}
}
