package report

import (
	"fmt"
	"math"
)

const (
	maxLayers   = 96 // rows of the figure; networks have fewer
	manyExperts = 16 // from which dots cover each other
)

func (e *evidence) expertsFigure() figure {
	f := figure{id: "experts", title: "Load of the experts"}
	switch {
	case e.model == nil:
		f.missing = "no checkpoint was given."
		return f
	case e.training == nil || len(e.training.load) == 0:
		f.missing = "the journal of the training has no load of experts: the dev split was not evaluated, the model is dense, or an earlier version trained it."
		return f
	}
	t := e.training
	experts, dense := 0, 0
	for _, layer := range t.load {
		experts = max(experts, len(layer))
		if len(layer) == 0 {
			dense++
		}
	}
	f.caption = fmt.Sprintf("Each dot is one of %s, at the share of tokens that its layer sends there, relative to an even split: at 1 it gets as many as any other. "+
		"Dots near 0 are experts that hardly work, dots far right are ones that the others lean on. Taken on the dev split at step %s",
		plural(experts, "expert", "experts of a layer"), count(t.loadAt))
	if e.model.card.Objective != "next_token" {
		f.caption += "; the last layer only works on each run's last token, so its dots scatter more"
	}
	f.caption += "."
	if dense > 0 {
		f.caption += " Rows without dots are dense layers."
	}
	if len(t.load) > maxLayers {
		f.caption += fmt.Sprintf(" The first %d of %d layers are drawn.", maxLayers, len(t.load))
	}
	f.draw = func(width float64) *drawing { return drawExperts(t.load[:min(len(t.load), maxLayers)], width) }
	return f
}

func drawExperts(load [][]int64, width float64) *drawing {
	d := newDrawing(width)
	row := rowHeight
	if len(load) > 12 {
		row = 15
	}
	most := 1.0
	shares := make([][]float64, len(load))
	for l, layer := range load {
		total := 0.0
		for _, n := range layer {
			total += float64(n)
		}
		for _, n := range layer {
			if total > 0 {
				shares[l] = append(shares[l], float64(n)*float64(len(layer))/total)
			}
		}
		for _, s := range shares[l] {
			most = math.Max(most, s)
		}
	}
	x := linear("share of the layer's tokens, even split = 1", 0, most, 5)
	label := fmt.Sprintf("layer %d", len(load))
	left, right := faceLabel.width(label)+12, width-10
	bottom := 4 + row*float64(len(load))
	p := d.plane(frame{left: left, top: 4, right: right, bottom: bottom, x: x})
	for _, t := range x.ticks {
		d.line(stroke{ink: inkGrid, width: hairline}, point{p.x.at(t.at), 4}, point{p.x.at(t.at), bottom})
	}
	d.line(stroke{ink: inkMuted, width: 1, dash: dashes()}, point{p.x.at(1), 4}, point{p.x.at(1), bottom})
	for l := range shares {
		y := 4 + row*(float64(l)+0.5)
		d.text(inkText, faceLabel, end, point{left - 10, y + 0.35*faceLabel.size}, fmt.Sprintf("layer %d", l+1))
		dot, radius := inkModel, 3.5
		if len(shares[l]) > manyExperts { // where many meet the row is darker
			dot, radius = inkModelFaint, 3
		}
		for i, s := range shares[l] {
			d.disc(dot, fmt.Sprintf("layer %d, expert %d: %.2f of an even share", l+1, i+1, s), point{p.x.at(s), y}, radius)
		}
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}
