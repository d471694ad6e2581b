package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/swerm/swerm/metrics"
)

// A choice is what picking one of K runs gives.
type choice struct {
	k                        int
	groups                   int
	random, rm, strict, pass *float64
	in                       map[string]metrics.Interval // of "rm", "pass", "random", "rm_gain"
}

// choices are the K that some group reaches, in order.
func (e *evidence) choices() []choice {
	var out []choice
	for _, name := range slices.Collect(maps.Keys(e.ev.RMAt)) {
		k, err := strconv.Atoi(name)
		if err != nil || e.ev.RMAt[name] == nil {
			continue
		}
		c := choice{k: k, groups: e.ev.GroupsAt[name], random: e.ev.RandomAt[name], rm: e.ev.RMAt[name],
			strict: e.ev.RMStrictAt[name], pass: e.ev.PassAt[name], in: map[string]metrics.Interval{}}
		for _, figure := range []string{"rm", "pass", "random", "rm_gain"} {
			c.in[figure] = e.ev.Intervals[figure+"@"+name]
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b choice) int { return a.k - b.k })
	return out
}

func (e *evidence) rankingFigure() figure {
	f := figure{id: "best-of-k", title: "Best of K by score"}
	list := e.choices()
	if len(list) == 0 || list[len(list)-1].k < 2 {
		f.missing = "no task has two runs of one policy to choose from."
		return f
	}
	f.caption = fmt.Sprintf("How often the chosen one of K runs of one policy at one task is resolved: RM@K takes the one with the highest score, "+
		"random takes any, Pass@K is an oracle that takes a resolved one if there is one. All three are exact over every choice of K. "+
		"The nearer RM@K is to Pass@K, the better. Groups with fewer than K runs are left out, so different K may stand on different groups. "+
		"Whiskers are %s intervals over tasks.", e.level())
	f.draw = func(width float64) *drawing { return drawChoices(list, width) }
	return f
}

func drawChoices(list []choice, width float64) *drawing {
	d := newDrawing(width)
	series := []struct {
		name, label string
		ink         ink
		shape       keyShape
		value       func(*choice) *float64
		shift       float64
	}{
		{"pass", "Pass@K, oracle", inkOther, keyDiamond, func(c *choice) *float64 { return c.pass }, -7},
		{"rm", "RM@K, by score", inkModel, keyDot, func(c *choice) *float64 { return c.rm }, 0},
		{"random", "random", inkRival, keyDiamond, func(c *choice) *float64 { return c.random }, 7},
	}
	lo, hi := 1.0, 0.0
	var keys []key
	for _, s := range series {
		keys = append(keys, key{s.label, s.ink, s.shape})
		for i := range list {
			in := list[i].in[s.name]
			for _, v := range []*float64{s.value(&list[i]), in.Low, in.High} {
				if v != nil {
					lo, hi = min(lo, *v), max(hi, *v)
				}
			}
		}
	}
	top := d.keys(keys...) + 24
	y := linear("share of choices that are resolved", max(0, lo-0.03), min(1, hi+0.03), 5)
	x := axis{name: "K, runs to choose from (groups that have as many)", min: -0.5, max: float64(len(list)) - 0.5}
	for i := range list {
		x.ticks = append(x.ticks, tick{float64(i), fmt.Sprintf("%d (%s)", list[i].k, compact(float64(list[i].groups)))})
	}
	left, right, bottom := leftOf(y), width-8, top+0.52*width
	p := d.plane(frame{left: left, top: top, right: right, bottom: bottom, x: x, y: y})
	room := (right - left) / float64(len(list)) / 5 // so that neighbours of many K stay apart
	for _, s := range []int{2, 0, 1} {              // the model's own last, above the others
		own := series[s]
		own.shift = max(-room, min(room, own.shift))
		var path []point
		for i := range list {
			if v := own.value(&list[i]); v != nil {
				at := p.at(float64(i), *v)
				path = append(path, point{at.x + own.shift, at.y})
			}
		}
		d.line(stroke{ink: own.ink, width: 1.25, dash: map[bool][]float64{true: nil, false: dashes()}[own.name == "rm"]}, path...)
		for i := range list {
			drawChoice(p, &list[i], own.name, own.ink, own.shape, own.value(&list[i]), float64(i), own.shift)
		}
	}
	d.height = bottom + tickHeight + nameHeight + 3
	return d
}

func drawChoice(p *plane, c *choice, name string, own ink, shape keyShape, v *float64, x, shift float64) {
	if v == nil {
		return
	}
	at := p.at(x, *v)
	at.x += shift
	if in := c.in[name]; in.Low != nil && in.High != nil {
		p.d.whisker(stroke{ink: own, width: 1.5}, point{at.x, p.y.at(*in.Low)}, point{at.x, p.y.at(*in.High)})
	}
	tip := fmt.Sprintf("%s@%d %s", name, c.k, num(v))
	if shape == keyDot {
		p.d.disc(own, tip, at, 4.5)
	} else {
		p.d.diamond(own, tip, at, 3.75)
	}
}
