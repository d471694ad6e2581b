package zstdfast

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go run -C ../../tools/asmgen ./zstdfast -dir ../../internal/zstdfast

// wideStep is how many places are looked at together, and how many anchors may
// be written beyond those that are found.
const wideStep = 32

var wide = cpuid.CPU.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2, cpuid.LZCNT, cpuid.POPCNT)

// anchorsAVX2 writes the places of the anchors among the first n of text, a
// multiple of wideStep, and returns how many there are. It reads wideStep bytes
// more, and writes up to as many places behind the last.
//
//go:noescape
func anchorsAVX2(at *uint32, text *byte, n int) int

// wideAnchors appends the anchors among the first places of text, n at most, and
// returns how many of them it has looked at.
func wideAnchors(dst []uint32, text []byte, n int) (found []uint32, from int) {
	n = min(n, len(text)-wideStep) &^ (wideStep - 1)
	if !wide || n <= 0 {
		return dst, 0
	}
	k := anchorsAVX2(unsafe.SliceData(dst[:1]), unsafe.SliceData(text), n)
	return dst[:k], n
}

// fillAVX2 is fill as far as ahead.limit, where there is something to look up.
//
//go:noescape
func fillAVX2(s *search)

// parseAVX2 is parse. It looks up places that are ahead meanwhile.
//
//go:noescape
func parseAVX2(s *search)

// classifyAVX2 is classifyEach, of up to seven sequences more.
//
//go:noescape
func classifyAVX2(c *codes, s *sequences, n int)

// codeBMI2 is code.
//
//go:noescape
func codeBMI2(c *codes, s *stream)

// lookUpBMI2 is lookUp. It asks for all that it needs of the table before it needs
// the first.
//
//go:noescape
func lookUpBMI2(w *Window, page *byte, base uint)

// The layout that machine code knows.
var (
	_ = [1]int{}[unsafe.Offsetof(search{}.rep1)-80]
	_ = [1]int{}[unsafe.Offsetof(search{}.ahead)-104]
	_ = [1]int{}[unsafe.Offsetof(ahead{}.has)-40]
	_ = [1]int{}[unsafe.Offsetof(ahead{}.distance)-40-keptPlaces/8-5]
	_ = [1]int{}[unsafe.Offsetof(ahead{}.entries)-unsafe.Offsetof(ahead{}.distance)-4*keptPlaces]
	_ = [1]int{}[unsafe.Offsetof(sequences{}.offsets)-8*maxSequences]
	_ = [1]int{}[unsafe.Offsetof(codes{}.extra)-3*1928]
	_ = [1]int{}[unsafe.Offsetof(codes{}.kinds)-3*1928-8*maxSequences]
	_ = [1]int{}[unsafe.Offsetof(alphabet{}.table)-256]
	_ = [1]int{}[unsafe.Offsetof(fse{}.next)-512]
	_ = [1]int{}[unsafe.Offsetof(kind{}.bits)-3]
	_ = [1]int{}[unsafe.Offsetof(Window{}.places)-32]
	_ = [1]int{}[unsafe.Offsetof(Window{}.seen)-96]
	_ = [1]int{}[unsafe.Offsetof(stream{}.w)-40]
	_ = [1]int{}[unsafe.Offsetof(stream{}.offsets)-64]
)
