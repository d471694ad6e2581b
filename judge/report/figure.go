package report

// A figure is one drawing with its words, or the words on why there is none.
type figure struct {
	id      string // of the PNG file and the place in the page
	title   string
	caption string // how to read it
	missing string // why there is nothing to draw; then draw is nil
	draw    func(width float64) *drawing
}

// figureWidth is that of figures in the page and in their own PNG: narrow
// enough that letters stay legible on a phone.
const figureWidth = 380

// figures lists all, in the order of the page.
func (e *evidence) figures() []figure {
	return []figure{
		e.systemsFigure(), e.rocFigure(), e.scoresFigure(), e.reliabilityFigure(), e.rankingFigure(),
		e.trainingFigure(), e.expertsFigure(), e.loadFigure(), e.viewFigure(), e.mixtureFigure(), e.lengthsFigure(),
	}
}

// overview are the panels of the one picture that stands for the report.
func (e *evidence) overview() []figure {
	return []figure{
		e.systemsFigure(), e.rocFigure(), e.rankingFigure(),
		e.reliabilityFigure(), e.scoresFigure(), e.trainingFigure(),
	}
}

// newDrawing starts a drawing; its height is set once it is known.
func newDrawing(width float64) *drawing { return &drawing{width: width} }
