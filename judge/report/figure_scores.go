package report

import (
	"fmt"
	"strings"

	"github.com/swerm/swerm/judge"
)

func (e *evidence) scoresFigure() figure {
	f := figure{id: "scores", title: "Scores by verdict"}
	if e.curves == nil {
		f.missing = "the evaluation holds no histogram; it was made by an earlier version. Run stage evaluate again."
		return f
	}
	f.caption = fmt.Sprintf("Runs by the model's probability, in bins of %s: resolved runs upwards, unresolved ones downwards. "+
		"A model that tells them apart has its upper bars right and its lower bars left.",
		decimal(1/float64(max(1, len(e.curves.Scores.Resolved))), 0.01))
	if e.ev.Calibration != nil {
		f.caption += " Probabilities are calibrated (" + clean(e.ev.Calibration.Method) + ")."
	} else {
		f.caption += " Probabilities are as the model gives them, not calibrated."
	}
	f.draw = func(width float64) *drawing { return drawScores(&e.curves.Scores, width) }
	return f
}

func drawScores(h *judge.Histogram, width float64) *drawing {
	d := newDrawing(width)
	var up, down, sumUp, sumDown int64
	for i := range h.Resolved {
		up, down = max(up, h.Resolved[i]), max(down, h.Unresolved[i])
		sumUp, sumDown = sumUp+h.Resolved[i], sumDown+h.Unresolved[i]
	}
	top := d.keys(key{"resolved, " + count(sumUp), inkResolved, keyBox}, key{"unresolved, " + count(sumDown), inkUnresolved, keyBox}) + 24
	y := whole("runs", -float64(max(down, 1)), float64(max(up, 1)), 6)
	for i := range y.ticks { // both directions count runs
		y.ticks[i].label = strings.TrimPrefix(y.ticks[i].label, "−")
	}
	x := inside("probability of resolved, p(YES)", 0, 1, 5)
	left, right, bottom := leftOf(y), width-8, top+0.52*width
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y})
	n := float64(len(h.Resolved))
	for i := range h.Resolved {
		lo, hi := float64(i)/n, float64(i+1)/n
		a, b := p.x.at(lo)+0.75, p.x.at(hi)-0.75
		bin := fmt.Sprintf("%s to %s: ", decimal(lo, 0.05), decimal(hi, 0.05))
		if v := h.Resolved[i]; v > 0 {
			d.box(inkResolved, bin+count(v)+" resolved", a, p.y.at(float64(v)), b, p.y.at(0))
		}
		if v := h.Unresolved[i]; v > 0 {
			d.box(inkUnresolved, bin+count(v)+" unresolved", a, p.y.at(0), b, p.y.at(-float64(v)))
		}
	}
	d.line(stroke{ink: inkAxis, width: hairline}, p.at(0, 0), p.at(1, 0))
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}
