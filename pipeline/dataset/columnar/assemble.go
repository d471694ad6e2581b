package columnar

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// assemble builds the Arrow data of n, which has the given number of slots, from
// its leaves. Lists and structs are read off the levels of their first leaf; a
// leaf that disagrees about the number of slots is an error.
func (s *stream) assemble(n *node, slots int) (arrow.ArrayData, error) {
	switch n.kind {
	case kindLeaf:
		c := s.column(n)
		if c.slots != slots {
			return nil, corrupt("column %s has %d slots where its parent has %d", n.path, c.slots, slots)
		}
		return c.array(), nil
	case kindStruct:
		return s.assembleStruct(n, slots)
	}
	return s.assembleList(n, slots)
}

func (s *stream) assembleStruct(n *node, slots int) (arrow.ArrayData, error) {
	valid, err := s.newBitmap(n, slots)
	if err != nil {
		return nil, err
	}
	defer valid.drop()
	have, nulls := s.column(n.leaves(nil)[0]).structSlots(n, slots, valid)
	if have != slots {
		return nil, corrupt("struct %s has %d slots where its parent has %d", n.path, have, slots)
	}
	kids := make([]arrow.ArrayData, 0, len(n.kids))
	defer func() {
		for _, k := range kids {
			k.Release()
		}
	}()
	for _, k := range n.kids {
		d, err := s.assemble(k, slots)
		if err != nil {
			return nil, err
		}
		kids = append(kids, d)
	}
	return array.NewData(n.typ, slots, []*memory.Buffer{bitmap(valid, nulls)}, kids, nulls, 0), nil
}

func (s *stream) assembleList(n *node, slots int) (arrow.ArrayData, error) {
	valid, err := s.newBitmap(n, slots)
	if err != nil {
		return nil, err
	}
	defer valid.drop()
	offs, err := newBuffer(&s.budget, 4*(slots+1))
	if err != nil {
		return nil, err
	}
	defer offs.drop()
	clear(offs.extend(4 * (slots + 1)))
	have, nulls, elems := s.column(n.leaves(nil)[0]).listSlots(n, slots, valid, offs.Buf())
	if have != slots {
		return nil, corrupt("list %s has %d slots where its parent has %d", n.path, have, slots)
	}
	kid, err := s.assemble(n.kids[0], elems)
	if err != nil {
		return nil, err
	}
	defer kid.Release()
	return array.NewData(n.typ, slots, []*memory.Buffer{bitmap(valid, nulls), offs.Buffer}, []arrow.ArrayData{kid}, nulls, 0), nil
}

// newBitmap returns a cleared validity bitmap, or none where n is never null. A
// required field of a null struct is null too.
func (s *stream) newBitmap(n *node, slots int) (buffer, error) {
	if n.def == n.slotDef {
		return buffer{}, nil
	}
	size := (slots + 7) / 8
	b, err := newBuffer(&s.budget, size)
	if err != nil {
		return b, err
	}
	clear(b.extend(size))
	return b, nil
}

func bitmap(b buffer, nulls int) *memory.Buffer {
	if nulls == 0 {
		return nil
	}
	return b.Buffer
}

// structSlots marks in valid which slots of the struct n hold one, and counts
// slots and nulls. It stops one slot behind limit.
func (c *columnReader) structSlots(n *node, limit int, valid buffer) (slots, nulls int) {
	if len(c.defs) == 0 {
		return limit, 0 // never null and in no list: as many as there are rows
	}
	bits := valid.bits()
	for i, d := range c.defs {
		if d < n.slotDef || len(c.reps) > 0 && c.reps[i] > n.rep {
			continue // no struct here, or the one of the level before going on
		}
		if slots++; slots > limit {
			return slots, nulls
		}
		switch {
		case d < n.def:
			nulls++
		case bits != nil:
			bits[(slots-1)/8] |= 1 << ((slots - 1) % 8)
		}
	}
	return slots, nulls
}

// listSlots does the same for the list n, and writes the offsets of its elements.
func (c *columnReader) listSlots(n *node, limit int, valid buffer, offs []byte) (slots, nulls, elems int) {
	bits := valid.bits()
	for i, d := range c.defs {
		r := c.reps[i]
		if d >= n.slotDef && r <= n.rep {
			if slots++; slots > limit {
				return slots, nulls, elems
			}
			switch {
			case d < n.def:
				nulls++
			case bits != nil:
				bits[(slots-1)/8] |= 1 << ((slots - 1) % 8)
			}
		}
		if d >= n.elemDef && r <= n.rep+1 {
			elems++
		}
		if slots > 0 {
			binary.LittleEndian.PutUint32(offs[4*slots:], uint32(elems))
		}
	}
	return slots, nulls, elems
}

func (b *buffer) bits() []byte {
	if b.Buffer == nil {
		return nil
	}
	return b.Buf()
}
