package dataset

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func structOf[F any](cols []column[F]) *arrow.StructType {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = c.field
	}
	return arrow.StructOf(fields...)
}

func fewBelow[F any](prefix string, cols []column[F]) []string {
	var paths []string
	for _, c := range cols {
		for _, p := range c.few {
			paths = append(paths, prefix+"."+p)
		}
	}
	return paths
}

func buildStruct[F any](s *scratch, typ *arrow.StructType, cols []column[F], es []*F) *array.Data {
	children := make([]arrow.ArrayData, len(cols))
	for i, c := range cols {
		children[i] = c.build(s, es)
	}
	return array.NewData(typ, len(es), []*memory.Buffer{nil}, children, 0, 0)
}

func loadStruct[F any](a *array.Struct, cols []column[F], spans []span, es []*F) error {
	for i, c := range cols {
		if err := c.load(a.Field(i), spans, es); err != nil {
			return fmt.Errorf("%s: %w", c.name(), err)
		}
	}
	return nil
}

// group is a struct that is always present; its fields may be unknown.
func group[E, G any](name string, at func(*E) *G, cols ...column[G]) column[E] {
	typ := structOf(cols)
	return column[E]{
		field: arrow.Field{Name: name, Type: typ},
		few:   fewBelow(name, cols),
		narrow: func(names []string) (column[E], error) {
			some, err := pick(cols, names)
			return group(name, at, some...), err
		},
		check: func(e *E) error {
			for _, c := range cols {
				if err := c.check(at(e)); err != nil {
					return fmt.Errorf("%s.%w", name, err)
				}
			}
			return nil
		},
		build: func(s *scratch, es []*E) *array.Data { return buildStruct(s, typ, cols, pointers(es, at)) },
		load: func(a arrow.Array, spans []span, es []*E) error {
			return loadStruct(a.(*array.Struct), cols, spans, pointers(es, at))
		},
	}
}

// lift makes a column of an inner value a column of what holds it.
func lift[E, G any](at func(*E) *G, c column[G]) column[E] {
	return column[E]{
		field: c.field, own: c.own, few: c.few,
		check: func(e *E) error { return c.check(at(e)) },
		build: func(s *scratch, es []*E) *array.Data { return c.build(s, pointers(es, at)) },
		load: func(a arrow.Array, spans []span, es []*E) error {
			return c.load(a, spans, pointers(es, at))
		},
	}
}

func pointers[E, G any](es []*E, at func(*E) *G) []*G {
	gs := make([]*G, len(es))
	for i, e := range es {
		gs[i] = at(e)
	}
	return gs
}

// list is a list of structs. A nil slice is null and an empty one is empty.
func list[E, F any](name string, at func(*E) *[]F, cols ...column[F]) column[E] {
	elem := structOf(cols)
	typ := arrow.ListOfNonNullable(elem)
	return column[E]{
		field: arrow.Field{Name: name, Type: typ, Nullable: true},
		few:   fewBelow(name, cols),
		narrow: func(names []string) (column[E], error) {
			some, err := pick(cols, names)
			return list(name, at, some...), err
		},
		check: func(e *E) error {
			items := *at(e)
			for i := range items {
				for _, c := range cols {
					if err := c.check(&items[i]); err != nil {
						return fmt.Errorf("%s[%d].%w", name, i, err)
					}
				}
			}
			return nil
		},
		build: func(s *scratch, es []*E) *array.Data {
			offsets, valid, nulls, total := listOffsets(s, es, at)
			flat := make([]*F, 0, total)
			for _, e := range es {
				items := *at(e)
				for i := range items {
					flat = append(flat, &items[i])
				}
			}
			return array.NewData(typ, len(es), []*memory.Buffer{validity(valid, nulls), int32Buffer(offsets)},
				[]arrow.ArrayData{buildStruct(s, elem, cols, flat)}, nulls, 0)
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			arr := a.(*array.List)
			below, flat := loadLists(arr, spans, es, at)
			if len(flat) == 0 {
				return nil
			}
			return loadStruct(arr.ListValues().(*array.Struct), cols, below, flat)
		},
	}
}

func listOffsets[E, F any](s *scratch, es []*E, at func(*E) *[]F) (offsets []int32, valid []byte, nulls, total int) {
	offsets, valid = s.int32s(len(es)+1), s.bits(len(es))
	for i, e := range es {
		offsets[i] = int32(total)
		items := *at(e)
		if items == nil {
			nulls++
			continue
		}
		bitutil.SetBit(valid, i)
		total += len(items)
	}
	offsets[len(es)] = int32(total)
	return offsets, valid, nulls, total
}

// loadLists allocates every list and returns where its elements lie below.
// Lists of one span that follow each other keep sharing one span.
func loadLists[E, F any](a *array.List, spans []span, es []*E, at func(*E) *[]F) (below []span, flat []*F) {
	k := 0
	for _, sp := range spans {
		fresh := true
		for i := sp.from; i < sp.to; i++ {
			e := es[k]
			k++
			if a.IsNull(i) {
				continue
			}
			lo, hi := a.ValueOffsets(i)
			items := make([]F, hi-lo)
			*at(e) = items
			if len(items) == 0 {
				continue
			}
			for j := range items {
				flat = append(flat, &items[j])
			}
			if n := len(below); !fresh && below[n-1].to == int(lo) {
				below[n-1].to = int(hi)
			} else {
				below = append(below, span{int(lo), int(hi)})
			}
			fresh = false
		}
	}
	return below, flat
}

// texts is a list of strings.
func texts[E any](name string, at func(*E) *[]string) column[E] {
	elem := text("item", func(s *string) *string { return s })
	typ := arrow.ListOfNonNullable(arrow.BinaryTypes.String)
	return column[E]{
		field: arrow.Field{Name: name, Type: typ, Nullable: true},
		check: func(e *E) error {
			for i, s := range *at(e) {
				if err := checkText(fmt.Sprintf("%s[%d]", name, i), s); err != nil {
					return err
				}
			}
			return nil
		},
		build: func(s *scratch, es []*E) *array.Data {
			offsets, valid, nulls, total := listOffsets(s, es, at)
			flat := make([]*string, 0, total)
			for _, e := range es {
				items := *at(e)
				for i := range items {
					flat = append(flat, &items[i])
				}
			}
			return array.NewData(typ, len(es), []*memory.Buffer{validity(valid, nulls), int32Buffer(offsets)},
				[]arrow.ArrayData{elem.build(s, flat)}, nulls, 0)
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			arr := a.(*array.List)
			below, flat := loadLists(arr, spans, es, at)
			if len(flat) == 0 {
				return nil
			}
			return elem.load(arr.ListValues(), below, flat)
		},
	}
}

// int32Lists is a list of int32, copied as a block.
func int32Lists[E any](name string, at func(*E) *[]int32) column[E] {
	typ := arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)
	return column[E]{
		field: arrow.Field{Name: name, Type: typ, Nullable: true},
		check: func(*E) error { return nil },
		build: func(s *scratch, es []*E) *array.Data {
			offsets, valid, nulls, total := listOffsets(s, es, at)
			flat := s.int32s(total)
			for i, e := range es {
				copy(flat[offsets[i]:], *at(e))
			}
			child := array.NewData(arrow.PrimitiveTypes.Int32, total, []*memory.Buffer{nil, int32Buffer(flat)}, nil, 0, 0)
			return array.NewData(typ, len(es), []*memory.Buffer{validity(valid, nulls), int32Buffer(offsets)},
				[]arrow.ArrayData{child}, nulls, 0)
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			arr, k := a.(*array.List), 0
			vals := numbersOf[int32](arr.ListValues())
			for _, sp := range spans {
				for i := sp.from; i < sp.to; i++ {
					if arr.IsValid(i) {
						lo, hi := arr.ValueOffsets(i)
						ids := make([]int32, hi-lo)
						copy(ids, vals[lo:hi])
						*at(es[k]) = ids
					}
					k++
				}
			}
			return nil
		},
	}
}
