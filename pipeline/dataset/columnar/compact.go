package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The thrift compact protocol, as far as a reader of hostile footers and page
// headers needs it. Lists grow as their elements are really found, so a length
// that the bytes only claim allocates nothing.

var errCompact = errors.New("malformed thrift")

// Wire types of the compact protocol.
const (
	wireStop   = 0
	wireTrue   = 1
	wireFalse  = 2
	wireI8     = 3
	wireI16    = 4
	wireI32    = 5
	wireI64    = 6
	wireDouble = 7
	wireBytes  = 8
	wireList   = 9
	wireSet    = 10
	wireMap    = 11
	wireStruct = 12
)

// maxThriftDepth bounds recursion over nested structs and lists.
const maxThriftDepth = 16

// A compact reads one thrift value after the other from b. The first error
// sticks and makes every later read return zero.
type compact struct {
	b     []byte
	pos   int
	depth int
	short bool // the error is that b ended
	err   error
}

func (c *compact) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w at byte %d: %s", errCompact, c.pos, fmt.Sprintf(format, args...))
	}
}

func (c *compact) end() {
	if c.err == nil {
		c.short = true
		c.fail("ends early")
	}
}

func (c *compact) byte() byte {
	if c.err != nil {
		return 0
	}
	if c.pos >= len(c.b) {
		c.end()
		return 0
	}
	c.pos++
	return c.b[c.pos-1]
}

func (c *compact) uvarint() uint64 {
	if c.err != nil {
		return 0
	}
	v, n := binary.Uvarint(c.b[c.pos:])
	switch {
	case n == 0:
		c.end()
		return 0
	case n < 0:
		c.fail("number too long")
		return 0
	}
	c.pos += n
	return v
}

func (c *compact) int() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// int32 reads a number that the format says has 32 bits.
func (c *compact) int32() int32 {
	v := c.int()
	if int64(int32(v)) != v {
		c.fail("%d does not fit 32 bits", v)
		return 0
	}
	return int32(v)
}

func (c *compact) bytes() []byte {
	n := c.uvarint()
	if c.err != nil {
		return nil
	}
	if n > uint64(len(c.b)-c.pos) {
		c.end()
		return nil
	}
	c.pos += int(n)
	return c.b[c.pos-int(n) : c.pos]
}

func (c *compact) string() string { return string(c.bytes()) }

// fields calls f for every field of a struct. f must read the field; it
// returns false for a field that it does not know, which is then skipped.
func (c *compact) fields(f func(id int16, wire byte) bool) {
	if c.depth++; c.depth > maxThriftDepth {
		c.fail("nests deeper than %d", maxThriftDepth)
	}
	var id int16
	for c.err == nil {
		h := c.byte()
		if c.err != nil || h == wireStop {
			break
		}
		if d := h >> 4; d != 0 {
			id += int16(d)
		} else {
			id = int16(c.int())
		}
		if !f(id, h&15) {
			c.skip(h & 15)
		}
	}
	c.depth--
}

// list calls f for every element of a list of the given wire type.
func (c *compact) list(want byte, f func()) {
	wire, n := c.listHeader()
	if c.err == nil && n > 0 && wire != want {
		c.fail("list of type %d where %d belongs", wire, want)
	}
	for ; n > 0 && c.err == nil; n-- {
		f()
	}
}

func (c *compact) listHeader() (wire byte, n uint64) {
	h := c.byte()
	if n = uint64(h >> 4); n == 15 {
		n = c.uvarint()
	}
	if c.err == nil && n > uint64(len(c.b)-c.pos) { // an element takes a byte at least
		c.end()
		return 0, 0
	}
	return h & 15, n
}

// skip reads a value and forgets it.
func (c *compact) skip(wire byte) {
	switch wire {
	case wireTrue, wireFalse:
	case wireI8:
		c.byte()
	case wireI16, wireI32, wireI64:
		c.uvarint()
	case wireDouble:
		for range 8 {
			c.byte()
		}
	case wireBytes:
		c.bytes()
	case wireStruct:
		c.fields(func(int16, byte) bool { return false })
	case wireList, wireSet:
		if c.depth++; c.depth > maxThriftDepth {
			c.fail("nests deeper than %d", maxThriftDepth)
		}
		elem, n := c.listHeader()
		for ; n > 0 && c.err == nil; n-- {
			c.skipElement(elem)
		}
		c.depth--
	case wireMap:
		c.skipMap()
	default:
		c.fail("wire type %d is none", wire)
	}
}

func (c *compact) skipMap() {
	if c.depth++; c.depth > maxThriftDepth {
		c.fail("nests deeper than %d", maxThriftDepth)
	}
	if n := c.uvarint(); n > 0 {
		types := c.byte()
		for ; n > 0 && c.err == nil; n-- {
			c.skipElement(types >> 4)
			c.skipElement(types & 15)
		}
	}
	c.depth--
}

// skipElement skips a value inside a list or map, where a bool takes a byte.
func (c *compact) skipElement(wire byte) {
	if wire == wireTrue || wire == wireFalse {
		c.byte()
		return
	}
	c.skip(wire)
}
