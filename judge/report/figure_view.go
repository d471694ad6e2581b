package report

import (
	"fmt"
	"math"
	"slices"
)

// maxBars is how many policies or sources get bars of their own.
const maxBars = 12

func (e *evidence) viewFigure() figure {
	f := figure{id: "data", title: "Runs by split, policy and source"}
	if e.view == nil {
		f.missing = "no view was given, so which runs were chosen from is not known here."
		return f
	}
	f.caption = fmt.Sprintf("The %s of the view, of %s. Verdicts other than resolved and unresolved are no targets: they are neither trained nor judged on.",
		plural(e.view.rows, "run", "runs"), plural(e.view.tasks, "task", "tasks"))
	f.draw = func(width float64) *drawing { return drawView(e.view, width) }
	return f
}

// A section is a run of bars under one heading.
type section struct {
	title string
	bars  []group
}

func (v *view) sections() []section {
	var out []section
	for _, s := range []section{{"split", v.splits}, {"policy", v.policy}, {"source", v.sources}} {
		if len(s.bars) > maxBars {
			rest := group{}
			for _, g := range s.bars[maxBars-1:] {
				rest.resolved, rest.unresolved, rest.neither = rest.resolved+g.resolved, rest.unresolved+g.unresolved, rest.neither+g.neither
			}
			rest.name = fmt.Sprintf("%d others", len(s.bars)-maxBars+1)
			s.bars = append(slices.Clone(s.bars[:maxBars-1]), rest)
		}
		out = append(out, s)
	}
	return out
}

func drawView(v *view, width float64) *drawing {
	d := newDrawing(width)
	keys := []key{{"resolved", inkResolved, keyBox}, {"unresolved", inkUnresolved, keyBox}}
	var neither, most int64
	labels, values, rows := 0.0, 0.0, 0
	sections := v.sections()
	for _, s := range sections {
		for _, g := range s.bars {
			neither += g.neither
			most = max(most, g.total())
			labels = math.Max(labels, faceLabel.width(named(g.name)))
			values = math.Max(values, faceValue.width(count(g.total())))
			rows++
		}
	}
	if neither > 0 {
		keys = append(keys, key{"no verdict", inkNeither, keyBox})
	}
	labels = math.Min(labels, 0.4*width)
	x := whole("runs", 0, float64(max(most, 1)), 4)
	y := d.keys(keys...) + 6
	left, right := labels+10, width-values-8
	top := y
	bottom := y + float64(len(sections))*20 + float64(rows)*20
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x})
	for _, t := range x.ticks {
		d.line(stroke{ink: inkGrid, width: hairline}, point{p.x.at(t.at), top}, point{p.x.at(t.at), bottom})
	}
	for _, s := range sections {
		d.text(inkMuted, faceSmall, start, point{0, y + 14}, "by "+s.title)
		y += 20
		for i := range s.bars {
			g := &s.bars[i]
			d.text(inkText, faceLabel, end, point{left - 8, y + 13}, fit(named(g.name), faceLabel, labels))
			d.text(inkMuted, faceValue, end, point{width, y + 13}, count(g.total()))
			p.stack(g, y+3, y+16)
			y += 20
		}
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}

// stack draws one bar of a group's verdicts.
func (p *plane) stack(g *group, top, bottom float64) {
	at := int64(0)
	for _, part := range []struct {
		n    int64
		ink  ink
		what string
	}{{g.resolved, inkResolved, "resolved"}, {g.unresolved, inkUnresolved, "unresolved"}, {g.neither, inkNeither, "without a verdict"}} {
		if part.n > 0 {
			tip := fmt.Sprintf("%s: %s %s", named(g.name), count(part.n), part.what)
			p.d.box(part.ink, tip, p.x.at(float64(at)), top, p.x.at(float64(at+part.n)), bottom)
			at += part.n
		}
	}
}
