package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/metrics"
)

// A system is the model or a baseline on the judged rows.
type system struct {
	name    string
	model   bool
	auc     *float64
	in      metrics.Interval
	figures judge.SystemFigures // of a baseline
}

// baselines has the highest AUC first; those without one come last.
func (e *evidence) baselines() []system {
	var out []system
	for _, name := range slices.Sorted(maps.Keys(e.ev.Baselines)) {
		f := e.ev.Baselines[name]
		out = append(out, system{name: named(name), auc: f.AUC, in: f.Interval, figures: f})
	}
	slices.SortStableFunc(out, func(a, b system) int {
		return cmp.Compare(orLowest(b.auc), orLowest(a.auc))
	})
	return out
}

func orLowest(v *float64) float64 {
	if v == nil {
		return math.Inf(-1)
	}
	return *v
}

// systems are the rows of the table and the figure: the model first.
func (e *evidence) systems() []system {
	out := []system{{name: "model", model: true, auc: e.ev.AUC, in: e.ev.Intervals["auc"]}}
	if e.ev.AUCWithinPolicy != nil && len(e.ev.ByPolicy) > 1 {
		out = append(out, system{name: "model, within policy", model: true, auc: e.ev.AUCWithinPolicy, in: e.ev.Intervals["auc_within_policy"]})
	}
	return append(out, e.baselines()...)
}

func (e *evidence) systemsFigure() figure {
	f := figure{id: "auc", title: "AUC beside baselines"}
	if e.ev.AUC == nil {
		f.missing = "AUC needs resolved and unresolved runs; " + e.oneVerdict() + "."
		return f
	}
	f.caption = fmt.Sprintf("Dots are the AUC, the share of (resolved, unresolved) pairs that a scorer ranks right; ties count half. "+
		"Whiskers are %s intervals from %s resamples of whole tasks. At 0.5 a scorer knows nothing. "+
		"Overlapping whiskers do not mean that two scorers are equal: the paired differences are in the table.",
		e.level(), count(e.ev.Intervals["auc"].Resamples))
	if len(e.ev.Baselines) == 0 {
		f.caption += " No baseline was fitted."
	}
	f.draw = func(width float64) *drawing { return drawSystems(e.systems(), width) }
	return f
}

// level names the intervals' coverage.
func (e *evidence) level() string { return level(e.ev.Intervals["auc"]) }

func level(in metrics.Interval) string {
	if in.Level > 0 {
		return fmt.Sprintf("%.4g\u00a0%%", 100*in.Level)
	}
	return "bootstrap"
}

const rowHeight = 23.0

func drawSystems(systems []system, width float64) *drawing {
	d := newDrawing(width)
	lo, hi := 0.5, 0.5
	labels, values := 0.0, 0.0
	for _, s := range systems {
		for _, v := range []*float64{s.auc, s.in.Low, s.in.High} {
			if v != nil {
				lo, hi = math.Min(lo, *v), math.Max(hi, *v)
			}
		}
		labels = math.Max(labels, s.face().width(s.name))
		values = math.Max(values, faceValue.width(s.value()))
	}
	labels = math.Min(labels, 0.34*width)
	x := linear("AUC", math.Max(0, lo-0.02), math.Min(1, hi+0.02), 5)
	left, right := labels+12, width-values-10
	bottom := 6 + rowHeight*float64(len(systems))
	p := d.plane(frame{left: left, top: 4, right: right, bottom: bottom, x: x})
	for _, t := range x.ticks {
		d.line(stroke{ink: inkGrid, width: hairline}, point{p.x.at(t.at), 4}, point{p.x.at(t.at), bottom})
	}
	d.line(stroke{ink: inkMuted, width: 1, dash: dashes()}, point{p.x.at(0.5), 4}, point{p.x.at(0.5), bottom})
	best := slices.IndexFunc(systems, func(s system) bool { return !s.model })
	for i, s := range systems {
		y := 4 + rowHeight*(float64(i)+0.5)
		c := inkOther
		switch {
		case s.model:
			c = inkModel
		case i == best:
			c = inkRival
		}
		d.text(inkText, s.face(), end, point{left - 10, y + 0.35*faceLabel.size}, fit(s.name, s.face(), labels))
		d.text(inkText, faceValue, end, point{width, y + 0.35*faceValue.size}, s.value())
		if s.auc == nil {
			continue
		}
		if s.in.Low != nil && s.in.High != nil && *s.in.Low < *s.in.High {
			d.whisker(stroke{ink: c, width: 1.75}, point{p.x.at(*s.in.Low), y}, point{p.x.at(*s.in.High), y})
		}
		tip := s.name + " " + s.value()
		if s.model {
			d.disc(c, tip, point{p.x.at(*s.auc), y}, 4.5)
		} else {
			d.diamond(c, tip, point{p.x.at(*s.auc), y}, 4)
		}
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}

func (s system) face() face { return face{size: faceLabel.size, bold: s.model} }

func (s system) value() string {
	if s.auc == nil {
		return absent
	}
	if s.in.Low == nil || s.in.High == nil {
		return num(s.auc)
	}
	return num(s.auc) + " " + span(s.in.Low, s.in.High, num)
}
