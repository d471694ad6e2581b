package columnar

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// unpackLevels fills dst with levels of at most top from the RLE/bit-packed hybrid.
func unpackLevels(dst, src []byte, top uint8) error {
	h := hybrid{src: src, width: uint(bits.Len8(top))}
	for i := 0; i < len(dst); {
		n, run, v, err := h.next(len(dst) - i)
		if err != nil {
			return err
		}
		if run {
			if v > uint32(top) {
				return fmt.Errorf("level %d above %d", v, top)
			}
			fill(dst[i:i+n], byte(v))
		} else {
			for j := range n {
				if v = h.packed(j); v > uint32(top) {
					return fmt.Errorf("level %d above %d", v, top)
				}
				dst[i+j] = byte(v)
			}
		}
		i += n
	}
	return nil
}

func unpackInts(dst []int32, src []byte, width uint) error {
	if width > 32 {
		return fmt.Errorf("bit width %d", width)
	}
	h := hybrid{src: src, width: width}
	for i := 0; i < len(dst); {
		n, run, v, err := h.next(len(dst) - i)
		if err != nil {
			return err
		}
		if run {
			fill(dst[i:i+n], int32(v))
		} else {
			for j := range n {
				dst[i+j] = int32(h.packed(j))
			}
		}
		i += n
	}
	return nil
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// A hybrid walks over the runs of Parquet's RLE/bit-packed encoding. It
// allocates nothing, whatever lengths the runs declare.
type hybrid struct {
	src   []byte
	width uint
	group []byte // the current bit-packed run
}

// next returns the next run cut to at most limit values: either n times v, or n
// values to fetch with packed.
func (h *hybrid) next(limit int) (n int, run bool, v uint32, err error) {
	head, k := binary.Uvarint(h.src)
	if k <= 0 || head>>1 > math.MaxInt32 {
		return 0, false, 0, fmt.Errorf("runs end %d values early", limit)
	}
	h.src = h.src[k:]
	count := int(head >> 1)
	if count == 0 {
		return 0, true, 0, nil // moves on by at least the header's byte
	}
	if head&1 == 1 {
		size := min(count*int(h.width), len(h.src)) // a last group may be cut short
		h.group, h.src = h.src[:size], h.src[size:]
		n = min(8*count, limit)
		if n*int(h.width) > 8*size {
			return 0, false, 0, fmt.Errorf("bit-packed run of %d values ends early", n)
		}
		return n, false, 0, nil
	}
	w := int(h.width+7) / 8
	if w > len(h.src) {
		return 0, false, 0, fmt.Errorf("run of %d values ends early", count)
	}
	for i := w - 1; i >= 0; i-- {
		v = v<<8 | uint32(h.src[i])
	}
	h.src = h.src[w:]
	return min(count, limit), true, v, nil
}

// packed returns value i of the current bit-packed run.
func (h *hybrid) packed(i int) uint32 {
	bit := uint(i) * h.width
	var word uint64
	if at := bit / 8; at+8 <= uint(len(h.group)) {
		word = binary.LittleEndian.Uint64(h.group[at:])
	} else {
		var tail [8]byte
		copy(tail[:], h.group[at:])
		word = binary.LittleEndian.Uint64(tail[:])
	}
	return uint32(word >> (bit % 8) & (1<<h.width - 1))
}
