package report

import "fmt"

const (
	maxLoads   = 32    // evaluations that are kept in memory
	maxCells   = 13000 // of the figure: it stays below a megabyte of the page
	maxColumns = 128   // of a panel; of more experts neighbours share one
	mapHeight  = 420.0
)

// A loadAt is what the experts of each layer got in one evaluation.
type loadAt struct {
	step int64
	load [][]int64
}

// keepLoad keeps loads of evaluations all over the run: the first, every so
// many, and the last.
func (t *training) keepLoad(at loadAt) {
	t.lastLoad = at
	if t.loadStride == 0 {
		t.loadStride = 1
	}
	if t.evaluated++; (t.evaluated-1)%t.loadStride != 0 {
		return
	}
	if t.loads = append(t.loads, at); len(t.loads) < maxLoads {
		return
	}
	for i := range maxLoads / 2 {
		t.loads[i] = t.loads[2*i]
	}
	t.loads = t.loads[:maxLoads/2]
	t.loadStride *= 2
}

// loadsOver picks n of the loads that were kept, spread over the run, with the
// first and the last.
func (t *training) loadsOver(n int) []loadAt {
	all := t.loads
	if all[len(all)-1].step != t.lastLoad.step {
		all = append(all[:len(all):len(all)], t.lastLoad)
	}
	if len(all) <= n {
		return all
	}
	if n == 1 {
		return all[len(all)-1:]
	}
	var out []loadAt
	for i := range n {
		out = append(out, all[i*(len(all)-1)/(n-1)])
	}
	return out
}

func (e *evidence) loadFigure() figure {
	f := figure{id: "load", title: "Load of the experts over the run"}
	if e.training == nil || len(e.training.loads) == 0 {
		f.missing = e.expertsFigure().missing
		return f
	}
	layers := e.training.lastLoad.load
	m := mapOf(layers)
	shown := e.training.loadsOver(m.panels)
	f.caption = "Each cell is one expert, each row a layer: blue ones got more of the layer's tokens than an even share, orange ones less, grey ones about that. "
	if len(shown) > 1 {
		f.caption += fmt.Sprintf("Taken on the dev split at %d of %s, from the first to the last: a router that settles keeps its colours, "+
			"one that is being evened out loses them.", len(shown), plural(e.training.evaluated, "evaluation", "evaluations"))
	} else {
		f.caption += fmt.Sprintf("Taken on the dev split at step %s.", count(shown[0].step))
	}
	if m.columns < m.experts {
		f.caption += fmt.Sprintf(" %d experts share %d columns: neighbours are shown by their mean.", m.experts, m.columns)
	}
	if m.dense > 0 {
		f.caption += " Empty rows are dense layers."
	}
	if len(layers) > maxLayers {
		f.caption += fmt.Sprintf(" The first %d of %d layers are drawn.", maxLayers, len(layers))
	}
	if e.model != nil && e.model.card.Objective != "next_token" {
		f.caption += " The last layer only works on each run's last token, so it is less even by chance."
	}
	f.draw = func(width float64) *drawing { return drawLoads(shown, m, width) }
	return f
}

// A loadMap is how many panels of how many cells the figure has.
type loadMap struct {
	layers, experts, columns, dense int
	row                             float64 // height of a layer
	across, panels                  int
}

func mapOf(load [][]int64) loadMap {
	m := loadMap{layers: min(len(load), maxLayers)}
	for _, layer := range load {
		m.experts = max(m.experts, len(layer))
		if len(layer) == 0 {
			m.dense++
		}
	}
	m.columns = min(m.experts, maxColumns)
	m.row = min(16, max(3, 150/float64(m.layers)))
	switch {
	case m.columns <= 16:
		m.across = 3
	case m.columns <= 48:
		m.across = 2
	default:
		m.across = 1
	}
	down := int(mapHeight / (m.height() + mapGap))
	m.panels = max(1, min(m.across*min(3, max(1, down)), maxCells/(m.layers*m.columns)))
	return m
}

const (
	mapTitle = 16.0
	mapGap   = 12.0
)

// height is that of one panel with its title.
func (m loadMap) height() float64 { return mapTitle + m.row*float64(m.layers) }

// A loadLevel is a range of shares, relative to an even one, and its colour.
type loadLevel struct {
	below float64 // shares up to here
	ink   ink
	label string
}

func loadLevels() []loadLevel {
	return []loadLevel{
		{0.25, inkRival, "< 0.25"}, {0.5, inkRivalHalf, "0.25–0.5"}, {0.8, inkRivalFaint, "0.5–0.8"},
		{1.25, inkGrid, "even"}, {2, inkModelFaint, "1.25–2"}, {4, inkModelHalf, "2–4"}, {0, inkModel, "> 4"},
	}
}

func levelOf(share float64) ink {
	levels := loadLevels()
	for _, l := range levels[:len(levels)-1] {
		if share <= l.below {
			return l.ink
		}
	}
	return levels[len(levels)-1].ink
}

func drawLoads(shown []loadAt, m loadMap, width float64) *drawing {
	d := newDrawing(width)
	var keys []key
	for _, l := range loadLevels() {
		keys = append(keys, key{l.label, l.ink, keyBox})
	}
	top := d.keys(keys...) + mapGap
	left := faceLabel.width(fmt.Sprintf("layer %d", m.layers)) + 8
	across := min(m.across, len(shown))
	panel := (width - left - float64(across-1)*mapGap) / float64(across)
	for i, at := range shown {
		x := left + float64(i%across)*(panel+mapGap)
		y := top + float64(i/across)*(m.height()+mapGap)
		d.text(inkMuted, faceLabel, start, point{x, y + mapTitle - 6}, fit("step "+count(at.step), faceLabel, panel))
		if i%across == 0 {
			d.layerNames(m, left-8, y+mapTitle)
		}
		d.cells(m, at.load, x, y+mapTitle, panel)
	}
	rows := (len(shown) + across - 1) / across
	bottom := top + float64(rows)*(m.height()+mapGap) - mapGap
	d.text(inkMuted, faceLabel, middle, point{left + (width-left)/2, bottom + nameHeight - 3}, fmt.Sprintf("experts 1 to %d of each layer", m.experts))
	d.height = bottom + nameHeight + 3
	return d
}

// layerNames names rows from the top down, as many as have room.
func (d *drawing) layerNames(m loadMap, right, top float64) {
	apart := 1
	for float64(apart)*m.row < faceLabel.size+1 {
		apart++
	}
	for l := 0; l < m.layers; l += apart {
		d.text(inkText, faceLabel, end, point{right, top + m.row*(float64(l)+0.5) + 0.35*faceLabel.size}, fmt.Sprintf("layer %d", l+1))
	}
}

// cells draws the layers of one evaluation. Where they are large enough cells
// stand apart and say what they are when pointed at; elsewhere neighbours of one
// colour are one box.
func (d *drawing) cells(m loadMap, load [][]int64, left, top, width float64) {
	cell, large := width/float64(m.columns), false
	if cell >= 5 && m.row >= 5 && m.columns == m.experts {
		large = true
	}
	for l, layer := range load[:m.layers] {
		y := top + m.row*float64(l)
		shares := sharesOf(layer, m.columns)
		for c := 0; c < len(shares); {
			x, level := left+cell*float64(c), levelOf(shares[c])
			if large {
				tip := fmt.Sprintf("layer %d, expert %d: %.2f of an even share", l+1, c+1, shares[c])
				d.box(level, tip, x, y, x+cell-1, y+m.row-1)
				c++
				continue
			}
			for c < len(shares) && levelOf(shares[c]) == level {
				c++
			}
			d.box(level, "", x, y, left+cell*float64(c), y+m.row)
		}
	}
}

// sharesOf are the loads of a layer over an even one, the mean of neighbours in
// each of so many columns; none where the layer got no token.
func sharesOf(layer []int64, columns int) (shares []float64) {
	total := 0.0
	for _, n := range layer {
		total += float64(n)
	}
	if total == 0 {
		return nil
	}
	for c := range columns {
		lo, hi := c*len(layer)/columns, (c+1)*len(layer)/columns
		sum := 0.0
		for _, n := range layer[lo:hi] {
			sum += float64(n)
		}
		shares = append(shares, sum/float64(hi-lo)*float64(len(layer))/total)
	}
	return shares
}
