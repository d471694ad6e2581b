package report

import (
	"fmt"
	"math"

	"github.com/swerm/swerm/metrics"
)

func (e *evidence) reliabilityFigure() figure {
	f := figure{id: "reliability", title: "Reliability of the probabilities"}
	var rows int
	for _, b := range e.ev.Reliability {
		rows += b.Count
	}
	if rows == 0 {
		f.missing = "no judged run has a probability."
		return f
	}
	f.caption = fmt.Sprintf("Dots: of the runs in one of %d bins of probability, the share that is resolved; on the diagonal the probability is right, "+
		"below it the model is too sure. Whiskers are 95\u00a0%% Wilson intervals that take runs as independent, so they are too short where a task has several. "+
		"Below: how many runs are in each bin. ECE is the mean distance to the diagonal, weighed by runs; resampling adds noise to bins, so its interval lies high.",
		len(e.ev.Reliability))
	ece := num(e.ev.ECE)
	if in := e.ev.Intervals["ece"]; in.Low != nil {
		ece += " " + span(in.Low, in.High, num)
	}
	f.draw = func(width float64) *drawing { return drawReliability(e.ev.Reliability, "ECE "+ece, width) }
	return f
}

func drawReliability(bins []metrics.Bin, ece string, width float64) *drawing {
	d := newDrawing(width)
	d.keys(key{ece, inkModel, keyDot}, key{"perfect", inkMuted, keyDash})
	top := keyHeight + 24
	x := inside("probability of resolved, p(YES)", 0, 1, 5)
	y := inside("share of runs that are resolved", 0, 1, 5)
	most := 0
	for _, b := range bins {
		most = max(most, b.Count)
	}
	counts := whole("runs", 0, float64(most), 2)
	left, right := leftOf(y, counts), width-8
	bottom := top + 0.55*(right-left)
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y, bare: true})
	d.line(stroke{ink: inkMuted, width: 1, dash: dashes()}, p.at(0, 0), p.at(1, 1))
	for _, b := range bins {
		drawBin(p, &b)
	}
	const strip = 46
	q := d.plane(frame{left: left, top: bottom + 30, right: right, bottom: bottom + 30 + strip, x: x, y: counts})
	for _, b := range bins {
		if b.Count > 0 {
			tip := fmt.Sprintf("%.2f to %.2f: %s", b.Low, b.High, plural(b.Count, "run", "runs"))
			d.box(inkModel, tip, q.x.at(b.Low)+0.75, q.y.at(float64(b.Count)), q.x.at(b.High)-0.75, q.y.at(0))
		}
	}
	d.height = bottom + 30 + strip + tickHeight + nameHeight + 3
	return d
}

func drawBin(p *plane, b *metrics.Bin) {
	if b.Count == 0 || b.MeanScore == nil || b.ResolvedRate == nil {
		return
	}
	lo, hi := wilson(*b.ResolvedRate, float64(b.Count))
	at := p.at(*b.MeanScore, *b.ResolvedRate)
	p.d.whisker(stroke{ink: inkModel, width: 1.25}, p.at(*b.MeanScore, lo), p.at(*b.MeanScore, hi))
	p.d.disc(inkModel, fmt.Sprintf("said %.2f, was %.2f, %s", *b.MeanScore, *b.ResolvedRate, plural(b.Count, "run", "runs")), at, 4)
}

// wilson is the 95 % score interval of a share of n.
func wilson(share, n float64) (lo, hi float64) {
	const z = 1.959963984540054
	mid := share + z*z/(2*n)
	half := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max(0, (mid-half)/scale), min(1, (mid+half)/scale)
}
