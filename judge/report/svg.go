package report

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// svg writes a drawing as an element of a page. Its colours are classes that
// the page's style sheet fills in. The title is what a screen reader says.
func (d *drawing) svg(title string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-label="%s">`,
		coordinate(d.width), coordinate(d.height), escaped(title))
	for i := range d.marks {
		d.marks[i].svg(&b)
	}
	b.WriteString("</svg>")
	return b.String()
}

func (m *mark) svg(b *strings.Builder) {
	role := inks()[m.ink]
	switch m.kind {
	case lineMark:
		fmt.Fprintf(b, `<path class="l %s" stroke-width="%s"`, role.class, coordinate(m.width))
		if len(m.dash) > 0 {
			b.WriteString(` stroke-dasharray="`)
			for i, n := range m.dash {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(coordinate(n))
			}
			b.WriteByte('"')
		}
		if role.alpha < 1 {
			fmt.Fprintf(b, ` opacity="%g"`, role.alpha)
		}
		b.WriteString(` d="`)
		writePath(b, m.path)
		b.WriteString(`"/>`)
	case areaMark:
		fmt.Fprintf(b, `<path class="a %s"`, role.class)
		if role.alpha < 1 {
			fmt.Fprintf(b, ` opacity="%g"`, role.alpha)
		}
		b.WriteString(` d="`)
		writePath(b, m.path)
		if m.tip == "" {
			b.WriteString(`Z"/>`)
			return
		}
		fmt.Fprintf(b, `Z"><title>%s</title></path>`, escaped(m.tip))
	case textMark:
		weight := ""
		if m.face.bold {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(b, `<text class="%s" x="%s" y="%s" font-size="%s"%s text-anchor="%s">%s</text>`, role.class,
			coordinate(m.path[0].x), coordinate(m.path[0].y), coordinate(m.face.size), weight, m.anchor, escaped(m.text))
	}
}

// String is the anchor's name in SVG.
func (a anchor) String() string {
	switch a {
	case middle:
		return "middle"
	case end:
		return "end"
	}
	return "start"
}

func writePath(b *strings.Builder, path []point) {
	for i, p := range path {
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('L')
		}
		b.WriteString(coordinate(p.x))
		b.WriteByte(' ')
		b.WriteString(coordinate(p.y))
	}
}

// coordinate keeps a tenth of a point, which no screen shows.
func coordinate(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	text = strings.TrimSuffix(text, ".0")
	if text == "-0" {
		return "0"
	}
	return text
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}
