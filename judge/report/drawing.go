package report

import (
	"math"
	"strings"
	"unicode/utf8"
)

// A drawing is a list of marks in units of a point, the origin at the top
// left. It knows no backend: [drawing.svg] and [drawing.png] replay it.
type drawing struct {
	width, height float64
	marks         []mark
}

type point struct{ x, y float64 }

// A mark is one thing drawn. Its kind says which fields count.
type mark struct {
	kind markKind
	path []point // of text, the one point its baseline hangs on
	ink  ink

	width float64   // of a line
	dash  []float64 // of a line; nil is solid

	tip string // what pointing at an area says

	text   string
	face   face
	anchor anchor
}

type markKind int

const (
	lineMark markKind = iota
	areaMark
	textMark
)

// An anchor says which part of a text is at its point.
type anchor float64

const (
	start  anchor = 0
	middle anchor = 0.5
	end    anchor = 1
)

// An ink is a colour by its role. The page gives it one shade on paper and
// another on a dark screen; PNG files have the one on paper.
type ink int

const (
	inkText ink = iota
	inkMuted
	inkGrid
	inkAxis
	inkPaper
	inkModel // the model's own figures
	inkModelFaint
	inkRival // the strongest baseline
	inkRivalFaint
	inkOther // further systems
	inkOtherFaint
	inkResolved
	inkUnresolved
	inkNeither // other verdicts
	inkStock   // what was there to choose from
	inkModelHalf
	inkRivalHalf
)

// An inkRole is an ink's CSS class and its shades. Okabe and Ito's palette is
// told apart by people with every common form of colour blindness; on dark
// screens its darker colours are lightened.
type inkRole struct {
	class       string
	paper, dark string
	alpha       float64
}

// inks is indexed by ink.
func inks() []inkRole {
	return []inkRole{
		inkText:       {"text", "#1b1f24", "#e8eaed", 1},
		inkMuted:      {"muted", "#57606a", "#a3acb6", 1},
		inkGrid:       {"grid", "#e3e6ea", "#30363d", 1},
		inkAxis:       {"axis", "#8c959f", "#6e7781", 1},
		inkPaper:      {"paper", "#ffffff", "#14171b", 1},
		inkModel:      {"model", "#0072b2", "#56b4e9", 1},
		inkModelFaint: {"model", "#0072b2", "#56b4e9", 0.22},
		inkRival:      {"rival", "#d55e00", "#f0883e", 1},
		inkRivalFaint: {"rival", "#d55e00", "#f0883e", 0.22},
		inkOther:      {"other", "#6e5a7e", "#b9a5cc", 1},
		inkOtherFaint: {"other", "#6e5a7e", "#b9a5cc", 0.22},
		inkResolved:   {"resolved", "#009e73", "#2fbf95", 1},
		inkUnresolved: {"unresolved", "#e69f00", "#e69f00", 1},
		inkNeither:    {"neither", "#b3bac2", "#5b636c", 1},
		inkStock:      {"stock", "#d5dae0", "#3a424b", 1},
		inkModelHalf:  {"model", "#0072b2", "#56b4e9", 0.55},
		inkRivalHalf:  {"rival", "#d55e00", "#f0883e", 0.55},
	}
}

// stroke is how a line looks.
type stroke struct {
	ink   ink
	width float64
	dash  []float64
}

func (d *drawing) line(s stroke, path ...point) {
	if len(path) > 1 {
		d.marks = append(d.marks, mark{kind: lineMark, path: path, ink: s.ink, width: s.width, dash: s.dash})
	}
}

func (d *drawing) area(c ink, tip string, path ...point) {
	d.marks = append(d.marks, mark{kind: areaMark, path: path, ink: c, tip: tip})
}

func (d *drawing) box(c ink, tip string, left, top, right, bottom float64) {
	d.area(c, tip, point{left, top}, point{right, top}, point{right, bottom}, point{left, bottom})
}

// discCorners make a polygon that looks round at the sizes of dots.
const discCorners = 20

func (d *drawing) disc(c ink, tip string, at point, radius float64) {
	path := make([]point, discCorners)
	for i := range path {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / discCorners)
		path[i] = point{at.x + radius*cos, at.y + radius*sin}
	}
	d.area(c, tip, path...)
}

// diamond tells a second series from discs without colour.
func (d *drawing) diamond(c ink, tip string, at point, radius float64) {
	r := 1.25 * radius
	d.area(c, tip, point{at.x, at.y - r}, point{at.x + r, at.y}, point{at.x, at.y + r}, point{at.x - r, at.y})
}

func (d *drawing) text(c ink, f face, a anchor, at point, text string) {
	if text = strings.TrimSpace(text); text != "" {
		d.marks = append(d.marks, mark{kind: textMark, path: []point{at}, ink: c, text: text, face: f, anchor: a})
	}
}

// place copies another drawing into this one.
func (d *drawing) place(other *drawing, left, top float64) {
	for _, m := range other.marks {
		path := make([]point, len(m.path))
		for i, p := range m.path {
			path[i] = point{p.x + left, p.y + top}
		}
		m.path = path
		d.marks = append(d.marks, m)
	}
}

// bounds is the box of a text mark: its advance, from ascender to descender.
func (m *mark) bounds() (left, top, right, bottom float64) {
	w := m.face.width(m.text)
	left = m.path[0].x - float64(m.anchor)*w
	return left, m.path[0].y - 0.74*m.face.size, left + w, m.path[0].y + 0.21*m.face.size
}

// fit shortens a text to a width, leaving out its middle: names of runs and
// models tell themselves apart at both ends.
func fit(text string, f face, width float64) string {
	if f.width(text) <= width {
		return text
	}
	runes := []rune(text)
	for keep := len(runes) - 1; keep > 1; keep-- {
		head := (keep + 1) / 2
		short := string(runes[:head]) + "…" + string(runes[len(runes)-(keep-head):])
		if f.width(short) <= width {
			return short
		}
	}
	return "…"
}

// wrap breaks a text into lines of a width, between words.
func wrap(text string, f face, width float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' }) {
		word = fit(word, f, width)
		switch {
		case line == "":
			line = word
		case f.width(line+" "+word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if utf8.RuneCountInString(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// balanced is wrap with lines of about one length: as few as fit, none of them
// a lone word.
func balanced(text string, f face, width float64) []string {
	lines := wrap(text, f, width)
	for narrow := width; narrow > 0.7*width; narrow -= width / 40 {
		if next := wrap(text, f, narrow); len(next) == len(lines) {
			lines = next
		} else {
			break
		}
	}
	return lines
}
