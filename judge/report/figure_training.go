package report

import (
	"fmt"
	"math"
)

func (e *evidence) trainingFigure() figure {
	f := figure{id: "training", title: "Loss, AUC and learning rate"}
	switch {
	case e.model == nil:
		f.missing = "no checkpoint was given, so how it was trained is not known here."
		return f
	case e.training == nil || len(e.training.steps) == 0:
		f.missing = "the checkpoint has no journal of its training (" + metricsFile + ")."
		return f
	}
	window := e.training.window()
	loss := "Loss of each step (line)"
	if window > 1 {
		loss = fmt.Sprintf("Loss of each step (faint) and its mean over %d steps (line)", window)
	}
	f.caption = loss + ", the loss and the AUC on the dev split where they were taken (diamonds), and the learning rate. " +
		"Training that learns what carries over has both losses falling; a dev loss that rises while the other falls is overfitting."
	if e.training.keptEarlier() {
		f.caption += fmt.Sprintf(" The weights are those of step %s (dashed line).", count(e.training.kept))
	}
	if e.training.skipped > 0 {
		f.caption += " " + plural(e.training.skipped, "step was", "steps were") + " skipped because a number was not finite."
	}
	if len(e.training.devs) == 0 {
		f.caption += " The dev split was not evaluated."
	}
	f.draw = func(width float64) *drawing { return drawTraining(e.training, window, width) }
	return f
}

// window is how many steps one point of the smooth line is the mean of.
func (t *training) window() int {
	return 1 + 2*(len(t.steps)/40)
}

// keptEarlier reports whether weights from before the last step were published.
func (t *training) keptEarlier() bool {
	return t.kept >= t.steps[0].step && t.kept < t.steps[len(t.steps)-1].step
}

func drawTraining(t *training, window int, width float64) *drawing {
	d := newDrawing(width)
	keys := []key{{"training loss", inkModel, keyLine}}
	if window > 1 {
		keys = []key{{"training step", inkModelFaint, keyLine}, {"mean", inkModel, keyLine}}
	}
	if len(t.devs) > 0 {
		keys = append(keys, key{"dev split", inkRival, keyDiamond})
	}
	if t.keptEarlier() {
		keys = append(keys, key{"weights kept", inkMuted, keyDash})
	}
	top := d.keys(keys...) + 24
	first, last := t.steps[0].step, t.steps[len(t.steps)-1].step
	x := whole("step", float64(first), float64(last), 5).cut(float64(first), float64(max(last, first+1)))
	loss, lr := t.lossAxis(), t.rateAxis()
	auc, hasAUC := t.aucAxis()
	left, right := leftOf(loss, lr, auc), width-10
	const gap = 32
	bottom := top + 0.3*width
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: loss, bare: true})
	planes := []*plane{p}
	t.drawLoss(p, window)
	if hasAUC {
		q := d.plane(frame{left: left, top: bottom + gap, right: right, bottom: bottom + gap + 0.17*width, x: x, y: auc, bare: true})
		bottom, planes = q.bottom, append(planes, q)
		d.devLine(q, t.devs, "dev AUC", func(v devPoint) *float64 { return v.auc })
	}
	q := d.plane(frame{left: left, top: bottom + gap, right: right, bottom: bottom + gap + 0.12*width, x: x, y: lr})
	planes = append(planes, q)
	var path []point
	for i := 0; i < len(t.steps); i += stride(len(t.steps)) {
		path = append(path, q.at(float64(t.steps[i].step), t.steps[i].lr))
	}
	d.line(stroke{ink: inkMuted, width: 1.5}, path...)
	if t.keptEarlier() {
		for _, part := range planes {
			at := part.x.at(float64(t.kept))
			d.line(stroke{ink: inkMuted, width: 1, dash: dashes()}, point{at, part.top}, point{at, part.bottom})
		}
	}
	d.height = q.bottom + tickHeight + nameHeight + 3
	return d
}

func (t *training) drawLoss(p *plane, window int) {
	var path []point
	flush := func() {
		p.d.line(stroke{ink: inkModelFaint, width: 1.25}, path...)
		path = nil
	}
	for i := 0; i < len(t.steps); i += stride(len(t.steps)) {
		s := t.steps[i]
		if s.loss == nil { // a gap is shown as one
			flush()
			continue
		}
		path = append(path, p.at(float64(s.step), *s.loss))
	}
	flush()
	for _, at := range t.smoothed(window) {
		path = append(path, p.at(at.x, at.y))
	}
	if len(path) == 1 { // no line
		p.d.disc(inkModel, "", path[0], 3)
	}
	p.d.line(stroke{ink: inkModel, width: 2}, path...)
	p.d.devLine(p, t.devs, "dev loss", func(v devPoint) *float64 { return v.loss })
}

// maxDevDots is how many evaluations still stand apart; of more the line stays.
const maxDevDots = 80

func (d *drawing) devLine(p *plane, devs []devPoint, what string, value func(devPoint) *float64) {
	var path []point
	for i, dev := range devs {
		v := value(dev)
		if v == nil || len(devs) > curvePoints && i%stride(len(devs)) != 0 {
			continue
		}
		path = append(path, p.at(float64(dev.step), *v))
	}
	d.line(stroke{ink: inkRival, width: 1.5, dash: dashes()}, path...)
	if len(devs) > maxDevDots {
		return
	}
	for _, dev := range devs {
		if v := value(dev); v != nil {
			d.diamond(inkRival, fmt.Sprintf("step %d: %s %s of %s", dev.step, what, num(v), plural(dev.sequences, "run", "runs")), p.at(float64(dev.step), *v), 3.5)
		}
	}
}

func (t *training) lossAxis() axis {
	lo, hi := math.Inf(1), math.Inf(-1)
	see := func(v *float64) {
		if v != nil {
			lo, hi = math.Min(lo, *v), math.Max(hi, *v)
		}
	}
	for _, s := range t.steps {
		see(s.loss)
	}
	for _, dev := range t.devs {
		see(dev.loss)
	}
	if lo > hi {
		lo, hi = 0, 1
	}
	return linear("loss, "+t.unit(), lo, hi, 4)
}

// unit is what the loss is measured in.
func (t *training) unit() string {
	switch t.objective {
	case "two_way", "full":
		return "nats per verdict"
	case "next_token":
		return "nats per token"
	}
	return named(t.objective)
}

func (t *training) aucAxis() (axis, bool) {
	lo, hi, any := 0.5, 0.5, false
	for _, dev := range t.devs {
		if dev.auc != nil {
			lo, hi, any = math.Min(lo, *dev.auc), math.Max(hi, *dev.auc), true
		}
	}
	return linear("AUC on the dev split", lo, math.Min(1, hi+0.02), 3), any
}

func (t *training) rateAxis() axis {
	most := 0.0
	for _, s := range t.steps {
		most = math.Max(most, s.lr)
	}
	if most == 0 {
		most = 1
	}
	return linear("learning rate", 0, most, 2)
}
