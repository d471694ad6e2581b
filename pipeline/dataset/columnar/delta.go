package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// Encodings that others write and this package does not: DuckDB's and Arrow's
// newer settings use them. Each is turned into PLAIN values, which is what the
// rest of the reader works on.

var errDelta = errors.New("delta-encoded values end early")

// replain decodes the k values of p, encoded as enc, to PLAIN.
func (r *pageReader) replain(p *page, enc format.Encoding, k int) error {
	w := width(r.n.phys)
	var err error
	switch {
	case k == 0:
		p.data = nil
		return nil
	case enc == format.DeltaBinaryPacked && (r.n.phys == format.Int32 || r.n.phys == format.Int64):
		err = r.replainInts(p, k, w)
	case enc == format.ByteStreamSplit && w > 0:
		err = r.replainSplit(p, k, w)
	case enc == format.DeltaLengthByteArray && r.n.phys == format.ByteArray:
		err = r.replainTexts(p, k, false)
	case enc == format.DeltaByteArray && r.n.phys == format.ByteArray:
		err = r.replainTexts(p, k, true)
	default:
		return fmt.Errorf("encoding %s of %s is not read", enc, r.n.phys)
	}
	if errors.Is(err, errDelta) {
		return corrupt("%v", err)
	}
	return err
}

func (r *pageReader) replainInts(p *page, k, w int) error {
	if err := r.budget.check(16 * k); err != nil {
		return err
	}
	values, _, err := deltaInts(p.data, k)
	if err != nil {
		return err
	}
	out := make([]byte, 0, k*w)
	for _, v := range values {
		if w == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		} else {
			out = binary.LittleEndian.AppendUint64(out, uint64(v))
		}
	}
	p.data = out
	return nil
}

// replainSplit gathers values whose bytes are stored apart: all first bytes,
// then all second ones, and so on.
func (r *pageReader) replainSplit(p *page, k, w int) error {
	if len(p.data) != k*w {
		return fmt.Errorf("%w: %d values in %d bytes", errDelta, k, len(p.data))
	}
	if err := r.budget.check(k * w); err != nil {
		return err
	}
	out := make([]byte, k*w)
	for j := range w {
		for i := range k {
			out[i*w+j] = p.data[j*k+i]
		}
	}
	p.data = out
	return nil
}

// replainTexts reads lengths followed by bytes; with prefixes, every value also
// repeats the beginning of the one before.
func (r *pageReader) replainTexts(p *page, k int, prefixes bool) error {
	if err := r.budget.check(20 * k); err != nil {
		return err
	}
	src := p.data
	repeat := make([]int64, k)
	var err error
	if prefixes {
		if repeat, src, err = deltaInts(src, k); err != nil {
			return err
		}
	}
	sizes, src, err := deltaInts(src, k)
	if err != nil {
		return err
	}
	out := make([]byte, 0, len(src)+4*k)
	last := 0 // where the value before begins in out
	for i, n := range sizes {
		keep := repeat[i]
		if n < 0 || n > int64(len(src)) || keep < 0 || keep > 0 && keep > int64(len(out)-last) {
			return errDelta
		}
		if err := r.budget.check(len(out) + 4 + int(keep+n)); err != nil {
			return err
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(keep+n))
		begin := len(out)
		out = append(out, out[last:last+int(keep)]...)
		out = append(out, src[:n]...)
		src, last = src[n:], begin
	}
	p.data = out
	return nil
}

// deltaInts decodes k DELTA_BINARY_PACKED integers and returns what follows them.
func deltaInts(src []byte, k int) ([]int64, []byte, error) {
	c := compact{b: src}
	block, minis, count, value := c.uvarint(), c.uvarint(), c.uvarint(), c.int()
	if c.err != nil || count != uint64(k) {
		return nil, nil, fmt.Errorf("%w: %d of %d values", errDelta, count, k)
	}
	if minis == 0 || minis > 1<<16 || block > 1<<24 || block%minis != 0 || block/minis%8 != 0 || block == 0 {
		return nil, nil, fmt.Errorf("%w: blocks of %d values in %d parts", errDelta, block, minis)
	}
	per := int(block / minis)
	out := append(make([]int64, 0, k), value)
	for len(out) < k {
		least := c.int()
		widths := c.take(int(minis))
		if c.err != nil {
			return nil, nil, errDelta
		}
		for _, w := range widths {
			if len(out) == k {
				break // parts behind the last value have a width and no bytes
			}
			if w > 64 {
				return nil, nil, fmt.Errorf("%w: bit width %d", errDelta, w)
			}
			packed := c.take(per * int(w) / 8)
			if c.err != nil {
				return nil, nil, errDelta
			}
			for i := 0; i < per && len(out) < k; i++ {
				value += least + int64(bitsAt(packed, i*int(w), int(w)))
				out = append(out, value)
			}
		}
	}
	return out, c.b[c.pos:], nil
}

// take returns the next n bytes.
func (c *compact) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n > len(c.b)-c.pos {
		c.end()
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos]
}

// bitsAt reads w bits from bit at of b, least significant first.
func bitsAt(b []byte, at, w int) (v uint64) {
	for got := 0; got < w; {
		part := uint64(b[at/8]) >> (at % 8)
		v |= part << got
		step := 8 - at%8
		got += step
		at += step
	}
	if w < 64 {
		v &= 1<<w - 1
	}
	return v
}
