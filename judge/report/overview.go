package report

import "math"

// The overview: panels in columns under the headline, wide enough for a README.
const (
	overviewPixels  = 1600
	overviewColumns = 3
	panelWidth      = 344.0
	panelGap        = 34.0
	overviewMargin  = 26.0
	panelTitle      = 30.0
	smallestHead    = 16.5
)

// drawOverview composes the panels; one that is missing says why.
func (e *evidence) drawOverview() *drawing {
	width := 2*overviewMargin + overviewColumns*panelWidth + (overviewColumns-1)*panelGap
	d := newDrawing(width)
	y := overviewMargin
	head := face{size: 19, bold: true}
	for head.size > smallestHead && head.width(e.headline()) > width-2*overviewMargin {
		head.size -= 0.5 // one line, if a smaller face can hold it
	}
	for _, line := range balanced(e.headline(), head, width-2*overviewMargin) {
		y += head.size * 1.3
		d.text(inkText, head, start, point{overviewMargin, y - 5}, line)
	}
	body := face{size: 13}
	for _, text := range e.findings()[:min(2, len(e.findings()))] {
		for i, line := range balanced(text, body, width-2*overviewMargin) {
			if i == 0 {
				y += 5
			}
			y += body.size * 1.35
			d.text(inkMuted, body, start, point{overviewMargin, y - 4}, line)
		}
	}
	y += 22
	figures := e.overview()
	for at := 0; at < len(figures); at += overviewColumns {
		row := figures[at:min(at+overviewColumns, len(figures))]
		tallest := 0.0
		for i, f := range row {
			panel := f.panel()
			d.place(panel, overviewMargin+float64(i)*(panelWidth+panelGap), y)
			tallest = math.Max(tallest, panel.height)
		}
		y += tallest + panelGap
	}
	d.height = y - panelGap + overviewMargin
	return d
}

// panel is a figure under its title.
func (f *figure) panel() *drawing {
	d := newDrawing(panelWidth)
	d.text(inkText, faceTitle, start, point{0, 14}, f.title)
	if f.draw == nil {
		y := panelTitle + 12
		for _, line := range wrap("Not drawn: "+f.missing, faceLabel, panelWidth) {
			d.text(inkMuted, faceLabel, start, point{0, y}, line)
			y += 16
		}
		d.height = y
		return d
	}
	chart := f.draw(panelWidth)
	d.place(chart, 0, panelTitle)
	d.height = panelTitle + chart.height
	return d
}

// overviewScale gives the overview its width in pixels.
func overviewScale(d *drawing) float64 { return overviewPixels / d.width }
