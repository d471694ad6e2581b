package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// ErrCorrupt is returned (wrapped, with the file's name and the place) when a
// file contradicts itself or the Parquet format.
var ErrCorrupt = errors.New("corrupt Parquet file")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

const magic = "PAR1"

// tailBytes is how much of the end of a file is read at first.
const tailBytes = 64 << 10

// A footer is what a reader needs of a file's metadata.
type footer struct {
	schema    []element
	rows      int64
	groups    []groupMeta
	keyValue  map[string]string
	createdBy string
}

// An element is one entry of the flattened schema.
type element struct {
	name       string
	phys       format.Type
	isLeaf     bool
	repetition format.FieldRepetitionType
	children   int32
	converted  deprecated.ConvertedType
	hasConv    bool
	logical    int16 // field id in the LogicalType union, 0 = none
	intBits    int8  // of an INTEGER logical type
	intSigned  bool
	unit       int16 // of a TIMESTAMP logical type: field id in the TimeUnit union
	utc        bool  // of a TIMESTAMP logical type: an instant, not a reading of some clock
}

type groupMeta struct {
	chunks   []chunkMeta
	rows     int64
	rawBytes int64
}

type chunkMeta struct {
	phys   format.Type
	codec  format.CompressionCodec
	values int64 // levels, nulls counted
	offset int64 // of the first page, dictionary included
	size   int64 // of all pages with their headers
	data   int64 // offset of the first data page
	dict   int64 // offset of the dictionary page, 0 = none
	raw    int64 // uncompressed
	locked bool  // encrypted, or stored in another file
}

// readFooter finds, bounds and decodes the footer of a file of the given size.
func readFooter(r io.ReaderAt, size int64) (*footer, error) {
	const frame = int64(len(magic) + 4 + len(magic)) // magic, footer length, magic
	if size < frame {
		return nil, corrupt("%d bytes are too few for a Parquet file", size)
	}
	// The head is checked with a request of its own, the tail and most footers
	// with another: that is all that opening a file in an object store takes.
	var head [4]byte
	if err := readFull(r, head[:], 0); err != nil {
		return nil, fmt.Errorf("reading the first bytes: %w", err)
	}
	tail := make([]byte, min(size, tailBytes))
	if err := readFull(r, tail, size-int64(len(tail))); err != nil {
		return nil, fmt.Errorf("reading the last bytes: %w", err)
	}
	last := tail[len(tail)-8:]
	if string(head[:]) != magic || string(last[4:]) != magic {
		return nil, corrupt("does not begin and end with %s (%q, %q)", magic, head, last[4:])
	}
	n := int64(binary.LittleEndian.Uint32(last))
	if n+frame > size || n > MaxFooterBytes {
		return nil, corrupt("footer of %d bytes in a file of %d (limit %d)", n, size, int64(MaxFooterBytes))
	}
	raw := tail[max(0, int64(len(tail))-8-n) : len(tail)-8]
	if int64(len(raw)) < n {
		raw = make([]byte, n)
		if err := readFull(r, raw, size-8-n); err != nil {
			return nil, fmt.Errorf("reading the footer: %w", err)
		}
	}
	ft := &footer{keyValue: map[string]string{}}
	c := compact{b: raw}
	ft.decode(&c)
	if c.err != nil {
		return nil, corrupt("footer: %v", c.err)
	}
	return ft, ft.check(size - 8 - n)
}

func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (ft *footer) decode(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 2 && wire == wireList:
			c.list(wireStruct, func() {
				var e element
				e.decode(c)
				ft.schema = append(ft.schema, e)
			})
		case id == 3 && wire == wireI64:
			ft.rows = c.int()
		case id == 4 && wire == wireList:
			c.list(wireStruct, func() {
				var g groupMeta
				g.decode(c)
				ft.groups = append(ft.groups, g)
			})
		case id == 5 && wire == wireList:
			c.list(wireStruct, func() {
				k, v := decodeKeyValue(c)
				ft.keyValue[k] = v
			})
		case id == 6 && wire == wireBytes:
			ft.createdBy = c.string()
		default:
			return false
		}
		return true
	})
}

func decodeKeyValue(c *compact) (key, value string) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireBytes:
			key = c.string()
		case id == 2 && wire == wireBytes:
			value = c.string()
		default:
			return false
		}
		return true
	})
	return key, value
}

func (e *element) decode(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireI32:
			e.phys, e.isLeaf = format.Type(c.int32()), true
		case id == 3 && wire == wireI32:
			e.repetition = format.FieldRepetitionType(c.int32())
		case id == 4 && wire == wireBytes:
			e.name = c.string()
		case id == 5 && wire == wireI32:
			e.children = c.int32()
		case id == 6 && wire == wireI32:
			e.converted, e.hasConv = deprecated.ConvertedType(c.int32()), true
		case id == 10 && wire == wireStruct:
			e.decodeLogical(c)
		default:
			return false
		}
		return true
	})
}

func (e *element) decodeLogical(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		e.logical = id
		switch {
		case wire != wireStruct:
			return false
		case id == (*format.IntType)(nil).FieldID():
			e.decodeInt(c)
		case id == (*format.TimestampType)(nil).FieldID():
			e.decodeTimestamp(c)
		default:
			return false
		}
		return true
	})
}

func (e *element) decodeInt(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireI8:
			e.intBits = int8(c.byte())
		case id == 2:
			e.intSigned = wire == wireTrue
		default:
			return false
		}
		return true
	})
}

func (e *element) decodeTimestamp(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1:
			e.utc = wire == wireTrue
		case id == 2 && wire == wireStruct:
			c.fields(func(id int16, _ byte) bool { e.unit = id; return false })
		default:
			return false
		}
		return true
	})
}

func (g *groupMeta) decode(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireList:
			c.list(wireStruct, func() {
				var m chunkMeta
				m.decode(c)
				g.chunks = append(g.chunks, m)
			})
		case id == 2 && wire == wireI64:
			g.rawBytes = c.int()
		case id == 3 && wire == wireI64:
			g.rows = c.int()
		default:
			return false
		}
		return true
	})
}

func (m *chunkMeta) decode(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireBytes: // file_path: the pages are elsewhere
			m.locked = len(c.bytes()) > 0
		case id == 3 && wire == wireStruct:
			m.decodeMeta(c)
		case id == 8 && wire == wireStruct: // crypto_metadata
			m.locked = true
			return false
		default:
			return false
		}
		return true
	})
}

func (m *chunkMeta) decodeMeta(c *compact) {
	c.fields(func(id int16, wire byte) bool {
		switch {
		case id == 1 && wire == wireI32:
			m.phys = format.Type(c.int32())
		case id == 4 && wire == wireI32:
			m.codec = format.CompressionCodec(c.int32())
		case id == 5 && wire == wireI64:
			m.values = c.int()
		case id == 6 && wire == wireI64:
			m.raw = c.int()
		case id == 7 && wire == wireI64:
			m.size = c.int()
		case id == 9 && wire == wireI64:
			m.data = c.int()
		case id == 11 && wire == wireI64:
			m.dict = c.int()
		default:
			return false
		}
		return true
	})
}

// check compares what the footer says with itself and with the number of bytes
// that lie before it.
func (ft *footer) check(body int64) error {
	if len(ft.groups) > MaxRowGroups {
		return corrupt("%d row groups, the format allows %d", len(ft.groups), MaxRowGroups)
	}
	var rows int64
	for i := range ft.groups {
		g := &ft.groups[i]
		if g.rows < 0 || g.rows > math.MaxInt64-rows {
			return corrupt("row group %d declares %d rows", i, g.rows)
		}
		rows += g.rows
		for j := range g.chunks {
			if err := g.chunks[j].check(body); err != nil {
				return corrupt("row group %d, column %d: %v", i, j, err)
			}
		}
	}
	if rows != ft.rows {
		return corrupt("row groups hold %d rows, the file declares %d", rows, ft.rows)
	}
	return nil
}

func (m *chunkMeta) check(body int64) error {
	m.offset = m.data
	if m.dict > 0 && m.dict < m.data {
		m.offset = m.dict
	}
	if m.values < 0 || m.raw < 0 {
		return fmt.Errorf("negative counts")
	}
	if m.offset < 0 || m.size < 0 || m.offset > body || m.size > body-m.offset {
		return fmt.Errorf("pages at [%d, +%d) lie outside the %d bytes of the file's body", m.offset, m.size, body)
	}
	return nil
}
