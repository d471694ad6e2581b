package columnar

import "github.com/parquet-go/parquet-go/format"

// plainDictionary is what old writers call both a dictionary's own encoding and
// that of its indexes.
const plainDictionary = format.Encoding(2)

// maxPageValues bounds the values and nulls of a page: nulls take no space, so
// nothing else would.
const maxPageValues = 64 << 20

// A pageHeader is what is read of a page's header, of either version.
type pageHeader struct {
	kind       format.PageType
	raw, size  int32 // after and before decompression
	crc        uint32
	hasCRC     bool
	values     int32 // levels: values and nulls
	enc        format.Encoding
	isV2       bool
	nulls      int32 // V2
	rows       int32 // V2
	defBytes   int32 // V2
	repBytes   int32 // V2
	plainBytes bool  // V2: values are not compressed
	defEnc     format.Encoding
	repEnc     format.Encoding
}

func (h *pageHeader) decode(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireI32:
			h.kind = format.PageType(c.int32())
		case id == 2 && wire == wireI32:
			h.raw = c.int32()
		case id == 3 && wire == wireI32:
			h.size = c.int32()
		case id == 4 && wire == wireI32:
			h.crc, h.hasCRC = uint32(c.int32()), true
		case id == 5 && wire == wireStruct:
			h.decodeV1(c)
		case id == 7 && wire == wireStruct:
			h.decodeDict(c)
		case id == 8 && wire == wireStruct:
			h.decodeV2(c)
		default:
			return false
		}
		return true
	})
}

func (h *pageHeader) decodeV1(c *compact) {
	h.decodeNumbers(c, map[int16]*int32{1: &h.values, 2: (*int32)(&h.enc), 3: (*int32)(&h.defEnc), 4: (*int32)(&h.repEnc)})
}

func (h *pageHeader) decodeDict(c *compact) {
	h.decodeNumbers(c, map[int16]*int32{1: &h.values, 2: (*int32)(&h.enc)})
}

func (h *pageHeader) decodeV2(c *compact) {
	h.isV2 = true
	h.decodeNumbers(c, map[int16]*int32{1: &h.values, 2: &h.nulls, 3: &h.rows, 4: (*int32)(&h.enc), 5: &h.defBytes, 6: &h.repBytes})
}

func (h *pageHeader) decodeNumbers(c *compact, into map[int16]*int32) {
	c.fields(func(id int16, wire byte) bool {
		if h.isV2 && id == 7 && (wire == wireTrue || wire == wireFalse) {
			h.plainBytes = wire == wireFalse
			return true
		}
		p := into[id]
		if p == nil || wire != wireI32 {
			return false
		}
		*p = c.int32()
		return true
	})
}

// check refuses numbers that cannot be true of any page.
func (h *pageHeader) check() error {
	if min(h.raw, h.size, h.values, h.nulls, h.rows, h.defBytes, h.repBytes) < 0 {
		return corrupt("page header has a negative count")
	}
	if h.raw > maxPageBytes {
		return corrupt("page of %d bytes, the limit is %d", h.raw, maxPageBytes)
	}
	if h.values > maxPageValues {
		return corrupt("page of %d values, the limit is %d", h.values, maxPageValues)
	}
	levels := int64(h.defBytes) + int64(h.repBytes)
	if levels > int64(h.size) || levels > int64(h.raw) {
		return corrupt("page of %d bytes has %d bytes of levels", h.raw, levels)
	}
	if h.nulls > h.values || h.rows > h.values {
		return corrupt("page of %d values has %d nulls in %d rows", h.values, h.nulls, h.rows)
	}
	return nil
}
