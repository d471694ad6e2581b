package archive

import (
	"errors"
	"fmt"
	"io"
)

// Limits on what one root may make a reader do. The zero value of a field means
// its default.
type Limits struct {
	// StreamBytes bounds what one archive or compressed file may unpack to.
	StreamBytes int64
	// Ratio bounds unpacked over packed bytes once RatioFloor bytes came out.
	Ratio int64
	// RatioFloor is how much may unpack before Ratio is looked at.
	RatioFloor int64
}

// Defaults of [Limits] and limits without a knob.
const (
	// DefaultStreamBytes: a terabyte of text is past any corpus that one
	// archive holds, and short of what a bomb would cost in days.
	DefaultStreamBytes = 1 << 40
	// DefaultRatio: repetitive trajectories were seen at 17, test logs at
	// under 200; a deflate stream cannot pass 1032, zstd and xz bombs reach 10^5.
	DefaultRatio = 1000
	// DefaultRatioFloor: anything smaller does no harm and short streams of
	// zeros are legitimate.
	DefaultRatioFloor = 64 << 20

	// MaxPathBytes bounds a member's path: the longest that Linux opens.
	MaxPathBytes = 4096
	// MaxPathDepth bounds its folders.
	MaxPathDepth = 128
	// MaxWindowBytes bounds the window a compressed stream may ask a decoder
	// to hold: zstd --long=27 and xz -9 stay within it.
	MaxWindowBytes = 128 << 20
)

// Errors that callers tell apart.
var (
	// ErrTooLarge is returned when a member is larger than the reader's limit.
	ErrTooLarge = errors.New("larger than the limit")
	// ErrBomb is returned when a stream unpacks past [Limits].
	ErrBomb = errors.New("unpacks to more than the limits allow")
	// ErrPath is returned for a member whose path leaves the root or is not a path.
	ErrPath = errors.New("path leaves the root")
)

func (l Limits) withDefaults() Limits {
	if l.StreamBytes == 0 {
		l.StreamBytes = DefaultStreamBytes
	}
	if l.Ratio == 0 {
		l.Ratio = DefaultRatio
	}
	if l.RatioFloor == 0 {
		l.RatioFloor = DefaultRatioFloor
	}
	return l
}

// countingReader counts the packed bytes a decoder took.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// guard cuts a decoder off when it passes the limits.
type guard struct {
	r      io.Reader
	packed func() int64
	out    int64
	lim    Limits
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	if g.out > g.lim.StreamBytes {
		return 0, fmt.Errorf("%w: over %d bytes", ErrBomb, g.lim.StreamBytes)
	}
	if in := g.packed(); g.out > g.lim.RatioFloor && g.out/max(in, 1) > g.lim.Ratio {
		return 0, fmt.Errorf("%w: %d bytes from %d, ratio over %d", ErrBomb, g.out, in, g.lim.Ratio)
	}
	return n, err
}
