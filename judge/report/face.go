package report

import (
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
)

// A face is a size and a weight of Liberation Sans, whose letters are as wide
// as those of Arial and Helvetica. What is measured here therefore fits in a
// browser that has any of the three.
type face struct {
	size float64
	bold bool
}

// The faces of figures.
var (
	faceLabel = face{size: 11.5}
	faceValue = face{size: 10.5}
	faceSmall = face{size: 9.5}
	faceTitle = face{size: 13, bold: true}
)

// typefaces parses the two weights once; they come with the program.
var typefaces = sync.OnceValue(func() [2]font.Face {
	parse := func(ttf []byte, weight stdfont.Weight) font.Face {
		f, err := opentype.Parse(ttf)
		if err != nil {
			panic("report: a font of the program: " + err.Error())
		}
		return font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}, Face: f}
	}
	return [2]font.Face{
		parse(liberationsansregular.TTF, stdfont.WeightNormal),
		parse(liberationsansbold.TTF, stdfont.WeightBold),
	}
})

// gonum returns the face as the raster canvas wants it.
func (f face) gonum() font.Face {
	own := typefaces()[0]
	if f.bold {
		own = typefaces()[1]
	}
	own.Font.Size = font.Length(f.size)
	return own
}

// width is the advance of a text.
func (f face) width(text string) float64 {
	own := f.gonum()
	return float64(own.Width(text))
}
