package report

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

const pointsPerInch = 72

// png rasterises a drawing on white paper, scale pixels to a point.
func (d *drawing) png(scale float64) ([]byte, error) {
	colors, err := paperColors()
	if err != nil {
		return nil, err
	}
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(d.width), vg.Length(d.height)), vgimg.UseDPI(int(pointsPerInch*scale+0.5)))
	for i := range d.marks {
		d.marks[i].raster(c, colors, d.height)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, c.Image()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// raster replays a mark on a canvas whose origin is at the bottom.
func (m *mark) raster(c *vgimg.Canvas, colors []color.NRGBA, height float64) {
	at := func(p point) vg.Point { return vg.Point{X: vg.Length(p.x), Y: vg.Length(height - p.y)} }
	c.SetColor(colors[m.ink])
	if m.kind == textMark {
		p := m.path[0]
		p.x -= float64(m.anchor) * m.face.width(m.text)
		c.FillString(m.face.gonum(), at(p), m.text)
		return
	}
	var path vg.Path
	for i, p := range m.path {
		if i == 0 {
			path.Move(at(p))
		} else {
			path.Line(at(p))
		}
	}
	if m.kind == areaMark {
		path.Close()
		c.Fill(path)
		return
	}
	dash := make([]vg.Length, len(m.dash))
	for i, n := range m.dash {
		dash[i] = vg.Length(n)
	}
	c.SetLineWidth(vg.Length(m.width))
	c.SetLineDash(dash, 0)
	c.Stroke(path)
}

func paperColors() ([]color.NRGBA, error) {
	var out []color.NRGBA
	for _, role := range inks() {
		v, err := strconv.ParseUint(role.paper[1:], 16, 24)
		if err != nil {
			return nil, fmt.Errorf("ink %s: %w", role.class, err)
		}
		out = append(out, color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: uint8(255*role.alpha + 0.5)})
	}
	return out, nil
}
