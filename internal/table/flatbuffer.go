package table

import (
	"encoding/binary"
	"errors"
)

// errDamaged is a reference that leads out of its buffer.
var errDamaged = errors.New("damaged metadata")

// A flatbuffer is a buffer of Google's FlatBuffers that is not trusted: every
// reference is checked when it is followed. A fault is kept, and after it
// everything reads as absent.
type flatbuffer struct {
	data []byte
	err  error
}

// bytes returns n bytes at a place.
func (b *flatbuffer) bytes(at, n int64) []byte {
	if b.err != nil || at < 0 || n < 0 || at > int64(len(b.data))-n {
		b.fail(errDamaged)
		return nil
	}
	return b.data[at : at+n]
}

func (b *flatbuffer) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *flatbuffer) uint16(at int64) int64 {
	if v := b.bytes(at, 2); v != nil {
		return int64(binary.LittleEndian.Uint16(v))
	}
	return 0
}

func (b *flatbuffer) uint32(at int64) int64 {
	if v := b.bytes(at, 4); v != nil {
		return int64(binary.LittleEndian.Uint32(v))
	}
	return 0
}

func (b *flatbuffer) int64(at int64) int64 {
	if v := b.bytes(at, 8); v != nil {
		return int64(binary.LittleEndian.Uint64(v))
	}
	return 0
}

// A fbTable is the place of a table; 0 is none.
type fbTable int64

// root is the table that the buffer holds.
func (b *flatbuffer) root() fbTable { return b.table(0) }

// table follows the reference at a place.
func (b *flatbuffer) table(at int64) fbTable { return fbTable(at + b.uint32(at)) }

// field returns the place of a table's field, and 0 where the table has none.
func (b *flatbuffer) field(t fbTable, slot int64) int64 {
	if t == 0 {
		return 0
	}
	vtable := int64(t) - int64(int32(b.uint32(int64(t))))
	if 4+2*slot >= b.uint16(vtable) {
		return 0
	}
	if at := b.uint16(vtable + 4 + 2*slot); at != 0 && b.err == nil {
		return int64(t) + at
	}
	return 0
}

// byteOf returns a field of one byte, 0 where it is absent.
func (b *flatbuffer) byteOf(t fbTable, slot int64) byte {
	if at := b.field(t, slot); at != 0 {
		if v := b.bytes(at, 1); v != nil {
			return v[0]
		}
	}
	return 0
}

// int64Of returns a field of eight bytes, 0 where it is absent.
func (b *flatbuffer) int64Of(t fbTable, slot int64) int64 {
	if at := b.field(t, slot); at != 0 {
		return b.int64(at)
	}
	return 0
}

// tableOf returns a field that is a table, 0 where it is absent.
func (b *flatbuffer) tableOf(t fbTable, slot int64) fbTable {
	if at := b.field(t, slot); at != 0 {
		return b.table(at)
	}
	return 0
}

// A vector is n elements from a place on.
type vector struct{ at, n int64 }

// vectorOf returns a field that is a list, empty where it is absent, and checks
// that all of its elements are there.
func (b *flatbuffer) vectorOf(t fbTable, slot, elementBytes int64) vector {
	at := b.field(t, slot)
	if at == 0 {
		return vector{}
	}
	at += b.uint32(at)
	v := vector{at + 4, b.uint32(at)}
	if b.bytes(v.at, v.n*elementBytes) == nil && v.n > 0 {
		return vector{}
	}
	return v
}
