package report

import (
	"fmt"

	"github.com/swerm/swerm/judge"
)

// rocRivals are how many baselines stand beside the model: more lines hide it.
const rocRivals = 2

func (e *evidence) rocFigure() figure {
	f := figure{id: "roc", title: "ROC: found against falsely trusted"}
	switch {
	case e.curves == nil:
		f.missing = "the evaluation holds no curves; it was made by an earlier version. Run stage evaluate again."
		return f
	case len(e.curves.ROC) == 0:
		f.missing = "the curve needs resolved and unresolved runs; " + e.oneVerdict() + "."
		return f
	}
	f.caption = "ROC: going down the ranking, how many of the resolved runs were met (up) against how many of the unresolved ones (right). " +
		"A curve nearer the top left corner is better; the dashed diagonal is chance. The area below a curve is its AUC."
	if n := len(e.ev.Baselines); n > rocRivals {
		f.caption += fmt.Sprintf(" Of %d baselines the best %d are drawn.", n, rocRivals)
	}
	f.draw = func(width float64) *drawing { return drawROC(e.rocLines(), width) }
	return f
}

// A rocLine is one curve with its place in the key.
type rocLine struct {
	key   key
	curve judge.ROC
}

// rocLines have the model last, so that it is drawn above the others.
func (e *evidence) rocLines() []rocLine {
	curves := map[string]judge.ROC{}
	for _, c := range e.curves.ROC {
		curves[named(c.Name)] = c
	}
	var out []rocLine
	for i, s := range e.baselines() {
		c, ok := curves[s.name]
		if !ok || i == rocRivals {
			break
		}
		k := key{label: s.name + " " + num(s.auc), ink: inkOther, shape: keyThin}
		if i == 0 {
			k.ink, k.shape = inkRival, keyDash
		}
		out = append(out, rocLine{k, c})
	}
	return append(out, rocLine{key{"model " + num(e.ev.AUC), inkModel, keyLine}, curves[named("")]})
}

func drawROC(lines []rocLine, width float64) *drawing {
	d := newDrawing(width)
	keys := []key{lines[len(lines)-1].key} // the model's
	for _, l := range lines[:len(lines)-1] {
		keys = append(keys, l.key)
	}
	top := d.keys(keys...) + 24
	x := inside("share of unresolved runs ranked at least as high", 0, 1, 5)
	y := inside("share of resolved runs found", 0, 1, 5)
	left := leftOf(y)
	right := width - 8
	bottom := top + 0.72*(right-left)
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y})
	d.line(stroke{ink: inkMuted, width: 1, dash: dashes()}, p.at(0, 0), p.at(1, 1))
	for _, l := range lines {
		path := make([]point, len(l.curve.Hits))
		for i := range path {
			path[i] = p.at(l.curve.FalseAlarms[i], l.curve.Hits[i])
		}
		s := stroke{ink: l.key.ink, width: 1.25}
		switch l.key.shape {
		case keyLine:
			s.width = 2.25
		case keyDash:
			s.width, s.dash = 1.75, dashes()
		}
		d.line(s, path...)
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}
