package columnar

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// maxBoundBytes is the longest string that bounds are kept for. A column
// with longer ones is text, and nobody prunes pages by text.
const maxBoundBytes = 64

// bounds are the least and greatest of some values, of one type. The zero
// bounds are of no values.
type bounds struct {
	some, none       bool // some values seen; bounds given up
	minInt, maxInt   int64
	minF, maxF       float64
	minText, maxText string
}

func (b *bounds) addInt(v int64) {
	if !b.some {
		b.some, b.minInt, b.maxInt = true, v, v
	}
	b.minInt, b.maxInt = min(b.minInt, v), max(b.maxInt, v)
}

// addFloat gives up on NaN, which has no place in the format's order.
func (b *bounds) addFloat(v float64) {
	if math.IsNaN(v) {
		b.none = true
		return
	}
	if !b.some {
		b.some, b.minF, b.maxF = true, v, v
	}
	b.minF, b.maxF = min(b.minF, v), max(b.maxF, v)
}

func (b *bounds) addText(v string) {
	switch {
	case b.none:
	case len(v) > maxBoundBytes:
		b.none = true
	case !b.some:
		b.some = true
		b.minText = strings.Clone(v)
		b.maxText = b.minText
	case v < b.minText:
		b.minText = strings.Clone(v)
	case v > b.maxText:
		b.maxText = strings.Clone(v)
	}
}

// merge widens b to hold o.
func (b *bounds) merge(o bounds) {
	switch {
	case o.none:
		b.none = true
	case !o.some:
	case !b.some:
		none := b.none
		*b = o
		b.none = none
	default:
		b.minInt, b.maxInt = min(b.minInt, o.minInt), max(b.maxInt, o.maxInt)
		b.minF, b.maxF = min(b.minF, o.minF), max(b.maxF, o.maxF)
		b.minText, b.maxText = min(b.minText, o.minText), max(b.maxText, o.maxText)
	}
}

// encode returns the bounds as the format stores them. A zero bound of a float
// column gets the sign that makes it hold both zeros.
func (b *bounds) encode(p format.Type) (lo, hi []byte) {
	switch p {
	case format.Boolean:
		return []byte{byte(b.minInt)}, []byte{byte(b.maxInt)}
	case format.Int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(b.minInt)), binary.LittleEndian.AppendUint32(nil, uint32(b.maxInt))
	case format.Int64:
		return binary.LittleEndian.AppendUint64(nil, uint64(b.minInt)), binary.LittleEndian.AppendUint64(nil, uint64(b.maxInt))
	case format.Float:
		l, h := signZeros(b.minF, b.maxF)
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(l))), binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(h)))
	case format.Double:
		l, h := signZeros(b.minF, b.maxF)
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(l)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(h))
	}
	// Not nil, even for the empty string: nil means that there is no bound.
	return append([]byte{}, b.minText...), append([]byte{}, b.maxText...)
}

func signZeros(lo, hi float64) (float64, float64) {
	if lo == 0 {
		lo = math.Copysign(0, -1)
	}
	return lo, hi + 0 // -0 + 0 = +0
}
