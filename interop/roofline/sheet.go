package main

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"strconv"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// The sheet, in points, and how it looks; inks are those of the report.
const (
	width, height = 620.0, 400.0
	marginLeft    = 52.0
	marginRight   = 16.0
	marginTop     = 44.0
	marginBottom  = 46.0
	letters       = 10.5
	dotRadius     = 3.5
	dotsPerInch   = 144
)

var (
	textInk  = color.NRGBA{R: 0x1b, G: 0x1f, B: 0x24, A: 255}
	roofInk  = color.NRGBA{R: 0x57, G: 0x60, B: 0x6a, A: 255}
	gridInk  = color.NRGBA{R: 0xe3, G: 0xe6, B: 0xea, A: 255}
	pointInk = color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 255}
)

type span struct{ from, to float64 }

// at maps a value to a share of the span, by logarithms.
func (s span) at(v float64) float64 { return math.Log(v/s.from) / math.Log(s.to/s.from) }

// powers lists the powers of a base that lie in the span.
func (s span) powers(base float64) []float64 {
	var out []float64
	for e := math.Ceil(math.Log(s.from) / math.Log(base)); math.Pow(base, e) <= s.to; e++ {
		out = append(out, math.Pow(base, e))
	}
	return out
}

// A place is a point in units of the axes.
type place struct{ x, y float64 }

// A sheet is a drawing with two logarithmic axes.
type sheet struct {
	canvas *vgimg.Canvas
	face   font.Face
	x, y   span
	taken  []vg.Rectangle // by dots and names
}

func newSheet(x, y span) (*sheet, error) {
	f, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		return nil, err
	}
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch))
	face := font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: letters}, Face: f}
	return &sheet{canvas: c, face: face, x: x, y: y}, nil
}

func (s *sheet) point(p place) vg.Point {
	return vg.Point{
		X: vg.Length(marginLeft + s.x.at(p.x)*(width-marginLeft-marginRight)),
		Y: vg.Length(marginBottom + s.y.at(p.y)*(height-marginTop-marginBottom)),
	}
}

func (s *sheet) axes(x, y string) {
	for _, v := range s.x.powers(4) {
		s.line(gridInk, 0.75, place{v, s.y.from}, place{v, s.y.to})
		label, at := number(v), s.point(place{v, s.y.from})
		s.text(roofInk, vg.Point{X: at.X - s.face.Width(label)/2, Y: at.Y - 15}, label)
	}
	for _, v := range s.y.powers(4) {
		s.line(gridInk, 0.75, place{s.x.from, v}, place{s.x.to, v})
		label, at := number(v), s.point(place{s.x.from, v})
		s.text(roofInk, vg.Point{X: at.X - s.face.Width(label) - 6, Y: at.Y - letters/3}, label)
	}
	s.text(roofInk, vg.Point{X: (width + marginLeft - s.face.Width(x)) / 2, Y: 10}, x)
	s.text(roofInk, vg.Point{X: 8, Y: height - marginTop + 8}, y)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func (s *sheet) title(text string) {
	s.text(textInk, vg.Point{X: 8, Y: height - 18}, text)
}

func (s *sheet) line(ink color.Color, thick vg.Length, places ...place) {
	var path vg.Path
	for i, p := range places {
		if i == 0 {
			path.Move(s.point(p))
		} else {
			path.Line(s.point(p))
		}
	}
	s.canvas.SetColor(ink)
	s.canvas.SetLineWidth(thick)
	s.canvas.Stroke(path)
}

func (s *sheet) text(ink color.Color, at vg.Point, text string) {
	s.canvas.SetColor(ink)
	s.canvas.FillString(s.face, at, text)
}

func (s *sheet) dot(p place) {
	at := s.point(p)
	var path vg.Path
	path.Move(vg.Point{X: at.X + dotRadius, Y: at.Y})
	path.Arc(at, dotRadius, 0, 2*math.Pi)
	path.Close()
	s.canvas.SetColor(pointInk)
	s.canvas.Fill(path)
	s.taken = append(s.taken, vg.Rectangle{
		Min: vg.Point{X: at.X - dotRadius, Y: at.Y - dotRadius},
		Max: vg.Point{X: at.X + dotRadius, Y: at.Y + dotRadius},
	})
}

// A side is where a name stands from its place: by its own size and a gap.
type side struct{ x, y, gapX, gapY vg.Length }

var (
	right = side{0, -0.35, dotRadius + 3, 0}
	left  = side{-1, -0.35, -dotRadius - 3, 0}
	above = side{-0.5, 0, 0, dotRadius + 3}
	below = side{-0.5, -0.8, 0, -dotRadius - 3}
)

// name writes a text beside a place, on the first side where it meets nothing,
// or further and further below on the first side.
func (s *sheet) name(ink color.Color, p place, text string, sides ...side) {
	at := s.point(p)
	w := s.face.Width(text)
	for step := vg.Length(0); ; step += letters {
		for _, o := range sides {
			from := vg.Point{X: at.X + o.x*w + o.gapX, Y: at.Y + o.y*letters + o.gapY - step}
			box := vg.Rectangle{Min: vg.Point{X: from.X, Y: from.Y - 0.2*letters}, Max: vg.Point{X: from.X + w, Y: from.Y + 0.8*letters}}
			if s.free(box) || step > height {
				s.taken = append(s.taken, box)
				s.text(ink, from, text)
				return
			}
		}
	}
}

func (s *sheet) free(box vg.Rectangle) bool {
	if box.Min.X < marginLeft || box.Max.X > width-2 {
		return false
	}
	for _, t := range s.taken {
		if box.Min.X < t.Max.X && t.Min.X < box.Max.X && box.Min.Y < t.Max.Y && t.Min.Y < box.Max.Y {
			return false
		}
	}
	return true
}

func (s *sheet) png() ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, s.canvas.Image())
	return b.Bytes(), err
}
