//go:build !amd64

package zstdfast

const (
	wide     = false
	wideStep = 0
)

func wideAnchors(dst []uint32, _ []byte, _ int) (found []uint32, from int) { return dst, 0 }

// These are for machines that are wide.

func fillAVX2(*search) {}

func parseAVX2(*search) {}

func classifyAVX2(*codes, *sequences, int) {}

func codeBMI2(*codes, *stream) {}

func lookUpBMI2(*Window, *byte, uint) {}
