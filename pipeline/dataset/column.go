package dataset

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

// A column binds one Arrow column to a place inside E, in both directions. One
// list of columns is the schema, the encoder and the decoder of a kind, so the
// three cannot drift apart.
type column[E any] struct {
	field arrow.Field

	// check refuses what a column cannot hold: text that is not UTF-8.
	check func(e *E) error
	// put appends the value of an element to a row group.
	put func(g *columnar.RowGroup, to slot, e *E)
	// leaves is how many columns it is on disk.
	leaves int
	// load fills the elements that the spans cover, in their order.
	load func(a arrow.Array, spans []span, es []*E) error

	// own makes every value's memory its own, so that a row which is kept does
	// not keep its whole batch. Set on what is long.
	own bool
	// few are the dotted paths of strings with few distinct values.
	few []string
	// narrow returns the column with some of its children; nil where there are
	// none to choose from.
	narrow func(names []string) (column[E], error)
}

// A slot is where a value goes: the first of its columns on disk, and the levels of
// what it stands in.
type slot struct {
	leaf     int
	rep, def uint8
	lists    uint8 // around it
}

// null appends nothing to some columns, with another level.
func (s slot) null(g *columnar.RowGroup, leaves int, def uint8) {
	for i := range leaves {
		g.Null(s.leaf+i, s.rep, def)
	}
}

// A span is a range of positions in an array whose strings share one copy.
type span struct{ from, to int }

func (c column[E]) name() string { return c.field.Name }

// singles cuts spans into one per position.
func singles(spans []span) []span {
	var out []span
	for _, s := range spans {
		for i := s.from; i < s.to; i++ {
			out = append(out, span{i, i + 1})
		}
	}
	return out
}

// loadColumn calls load with the ownership that the column asks for.
func (c column[E]) loadColumn(a arrow.Array, spans []span, es []*E) error {
	if c.own {
		spans = singles(spans)
	}
	if !arrow.TypeEqual(a.DataType(), c.field.Type) {
		return fmt.Errorf("column %s is %s, not %s", c.name(), a.DataType(), c.field.Type)
	}
	if err := c.load(a, spans, es); err != nil {
		return fmt.Errorf("column %s: %w", c.name(), err)
	}
	return nil
}

// owned marks a column whose values are long.
func owned[E any](c column[E]) column[E] { c.own = true; return c }

// few marks a string column with few distinct values.
func few[E any](c column[E]) column[E] { c.few = []string{c.name()}; return c }

func utf8Fault(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func checkText(name, s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	return fmt.Errorf("%s: not UTF-8 at byte %d", name, utf8Fault(s))
}

// text is a string that is always present.
func text[E any, S ~string](name string, at func(*E) *S) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, leaves: 1,
		check: func(e *E) error { return checkText(name, string(*at(e))) },
		put:   func(g *columnar.RowGroup, to slot, e *E) { g.Text(to.leaf, to.rep, string(*at(e))) },
		load: func(a arrow.Array, spans []span, es []*E) error {
			k := 0
			loadText(a.(*array.String), spans, func(v string, ok bool) {
				if ok {
					*at(es[k]) = S(v)
				}
				k++
			})
			return nil
		},
	}
}

// optText is a string that may be unknown.
func optText[E any](name string, at func(*E) **string) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}, leaves: 1,
		check: func(e *E) error {
			if p := *at(e); p != nil {
				return checkText(name, *p)
			}
			return nil
		},
		put: func(g *columnar.RowGroup, to slot, e *E) {
			if p := *at(e); p != nil {
				g.Text(to.leaf, to.rep, *p)
			} else {
				g.Null(to.leaf, to.rep, to.def)
			}
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			k := 0
			loadText(a.(*array.String), spans, func(v string, ok bool) {
				if ok {
					*at(es[k]) = &v
				}
				k++
			})
			return nil
		},
	}
}

// loadText copies every span once and hands out its values as parts of that copy.
func loadText(a *array.String, spans []span, set func(v string, ok bool)) {
	if a.Len() == 0 {
		return
	}
	offsets, data := a.ValueOffsets(), a.ValueBytes()
	base := offsets[0]
	for _, sp := range spans {
		lo := offsets[sp.from]
		held := string(data[lo-base : offsets[sp.to]-base])
		for i := sp.from; i < sp.to; i++ {
			set(held[offsets[i]-lo:offsets[i+1]-lo], a.IsValid(i))
		}
	}
}
