package report

import (
	"fmt"
	"math"
	"slices"
)

// trainedScale is the scale that the checkpoint was trained at, or the largest.
func (e *evidence) trainedScale() *mixtureScale {
	if e.mixture == nil || len(e.mixture.Scales) == 0 {
		return nil
	}
	scales := e.mixture.Scales
	if e.model != nil {
		want := e.trainConfig().Data.Scale
		if i := slices.IndexFunc(scales, func(s mixtureScale) bool { return want > 0 && s.Total == want }); i >= 0 {
			return &scales[i]
		}
	}
	return &scales[len(scales)-1]
}

func (e *evidence) mixtureFigure() figure {
	f := figure{id: "mixture", title: "Mixture: observed against target"}
	s := e.trainedScale()
	switch {
	case e.view == nil:
		f.missing = "no view was given."
		return f
	case s == nil:
		f.missing = "the view was not made by stage mix, so there is no target to hold it against."
		return f
	case len(s.bars()) == 0:
		f.missing = "the mixture asked for no shares."
		return f
	}
	f.caption = fmt.Sprintf("Scale of %s of %s: what was taken (bar), what was asked for (tick) and what the pool has (pale). A tick at the end of its bar is a target that was met.",
		plural(s.Total, "run", "runs"), plural(s.Tasks, "task", "tasks"))
	if n := len(s.bars()); n > maxMixtureBars {
		f.caption += fmt.Sprintf(" The first %d of %d classes are drawn.", maxMixtureBars, n)
	}
	f.draw = func(width float64) *drawing { return drawMixture(s.bars()[:min(len(s.bars()), maxMixtureBars)], width) }
	return f
}

const maxMixtureBars = 24

// bars are the classes, and where they were crossed the cells too.
func (s *mixtureScale) bars() []mixtureRow {
	if len(s.Classes) == len(s.Cells) {
		return s.Classes
	}
	return append(slices.Clone(s.Classes), s.Cells...)
}

func drawMixture(rows []mixtureRow, width float64) *drawing {
	d := newDrawing(width)
	var most int64
	labels, values := 0.0, 0.0
	value := func(r *mixtureRow) string { return count(r.Observed) + " / " + count(r.Requested) }
	for i := range rows {
		r := &rows[i]
		most = max(most, r.Available, r.Observed, r.Requested)
		labels = math.Max(labels, faceLabel.width(r.name()))
		values = math.Max(values, faceValue.width(value(r)))
	}
	labels = math.Min(labels, 0.36*width)
	y := d.keys(key{"taken", inkModel, keyBox}, key{"asked for", inkText, keyTick}, key{"in the pool", inkStock, keyBox}) + 6
	x := whole("runs", 0, float64(max(most, 1)), 4)
	left, right := labels+10, width-values-8
	bottom := y + rowHeight*float64(len(rows))
	p := d.plane(frame{left: left, top: y, right: right, bottom: bottom, x: x})
	for _, t := range x.ticks {
		d.line(stroke{ink: inkGrid, width: hairline}, point{p.x.at(t.at), y}, point{p.x.at(t.at), bottom})
	}
	for i := range rows {
		r := &rows[i]
		d.text(inkText, faceLabel, end, point{left - 8, y + 15}, fit(r.name(), faceLabel, labels))
		d.text(inkMuted, faceValue, end, point{width, y + 15}, value(r))
		d.box(inkStock, r.name()+": "+count(r.Available)+" in the pool", left, y+4, p.x.at(float64(r.Available)), y+19)
		d.box(inkModel, r.name()+": "+count(r.Observed)+" taken", left, y+7, p.x.at(float64(r.Observed)), y+16)
		at := p.x.at(float64(r.Requested))
		d.line(stroke{ink: inkText, width: 2.5}, point{at, y + 4}, point{at, y + 19})
		y += rowHeight
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}
