package dataset

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
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

func leavesOf[F any](cols []column[F]) (n int) {
	for _, c := range cols {
		n += c.leaves
	}
	return n
}

// putFields appends the fields of one element after the other.
func putFields[F any](g *columnar.RowGroup, to slot, cols []column[F], f *F) {
	for _, c := range cols {
		c.put(g, to, f)
		to.leaf += c.leaves
	}
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
		field: arrow.Field{Name: name, Type: typ}, leaves: leavesOf(cols),
		few: fewBelow(name, cols),
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
		put: func(g *columnar.RowGroup, to slot, e *E) { putFields(g, to, cols, at(e)) },
		load: func(a arrow.Array, spans []span, es []*E) error {
			return loadStruct(a.(*array.Struct), cols, spans, pointers(es, at))
		},
	}
}

// lift makes a column of an inner value a column of what holds it.
func lift[E, G any](at func(*E) *G, c column[G]) column[E] {
	return column[E]{
		field: c.field, own: c.own, few: c.few, leaves: c.leaves,
		check: func(e *E) error { return c.check(at(e)) },
		put:   func(g *columnar.RowGroup, to slot, e *E) { c.put(g, to, at(e)) },
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
	leaves := leavesOf(cols)
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.ListOfNonNullable(structOf(cols)), Nullable: true}, leaves: leaves,
		few: fewBelow(name, cols),
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
		put: func(g *columnar.RowGroup, to slot, e *E) {
			items := *at(e)
			below, ok := to.list(g, leaves, items == nil, len(items))
			if !ok {
				return
			}
			for _, c := range cols {
				for i := range items {
					c.put(g, below.item(i), &items[i])
				}
				below.leaf += c.leaves
			}
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

// list returns where the items of a list go. Where there are none it appends that,
// and ok is false.
func (s slot) list(g *columnar.RowGroup, leaves int, null bool, n int) (below slot, ok bool) {
	switch {
	case null:
		s.null(g, leaves, s.def)
	case n == 0:
		s.null(g, leaves, s.def+1)
	default:
		return slot{s.leaf, s.rep, s.def + 2, s.lists + 1}, true
	}
	return s, false
}

// item returns where an item goes: all but the first of a list repeat it.
func (s slot) item(i int) slot {
	if i > 0 {
		s.rep = s.lists
	}
	return s
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
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.ListOfNonNullable(arrow.BinaryTypes.String), Nullable: true}, leaves: 1,
		check: func(e *E) error {
			for i, s := range *at(e) {
				if err := checkText(fmt.Sprintf("%s[%d]", name, i), s); err != nil {
					return err
				}
			}
			return nil
		},
		put: func(g *columnar.RowGroup, to slot, e *E) {
			items := *at(e)
			if below, ok := to.list(g, 1, items == nil, len(items)); ok {
				for i := range items {
					elem.put(g, below.item(i), &items[i])
				}
			}
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

// int32Lists is a list of int32.
func int32Lists[E any](name string, at func(*E) *[]int32) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32), Nullable: true}, leaves: 1,
		check: func(*E) error { return nil },
		put: func(g *columnar.RowGroup, to slot, e *E) {
			items := *at(e)
			if below, ok := to.list(g, 1, items == nil, len(items)); ok {
				for i, v := range items {
					g.Int32(to.leaf, below.item(i).rep, v)
				}
			}
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
