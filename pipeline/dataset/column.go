package dataset

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A column binds one Arrow column to a place inside E, in both directions. One
// list of columns is the schema, the encoder and the decoder of a kind, so the
// three cannot drift apart.
type column[E any] struct {
	field arrow.Field

	// check refuses what a column cannot hold: text that is not UTF-8.
	check func(e *E) error
	// build makes the Arrow data of all elements; its buffers live in s.
	build func(s *scratch, es []*E) *array.Data
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
		field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String},
		check: func(e *E) error { return checkText(name, string(*at(e))) },
		build: func(s *scratch, es []*E) *array.Data {
			return buildText(s, len(es), func(i int) (string, bool) { return string(*at(es[i])), true })
		},
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
		field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true},
		check: func(e *E) error {
			if p := *at(e); p != nil {
				return checkText(name, *p)
			}
			return nil
		},
		build: func(s *scratch, es []*E) *array.Data {
			return buildText(s, len(es), func(i int) (string, bool) {
				if p := *at(es[i]); p != nil {
					return *p, true
				}
				return "", false
			})
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

func buildText(s *scratch, n int, at func(i int) (string, bool)) *array.Data {
	offsets, valid := s.int32s(n+1), s.bits(n)
	total, nulls := 0, 0
	for i := range n {
		offsets[i] = int32(total)
		v, ok := at(i)
		if !ok {
			nulls++
			continue
		}
		bitutil.SetBit(valid, i)
		total += len(v)
	}
	offsets[n] = int32(total)
	data := s.bytes(total)
	for i := range n {
		if v, ok := at(i); ok {
			copy(data[offsets[i]:], v)
		}
	}
	return array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{
		validity(valid, nulls), int32Buffer(offsets), memory.NewBufferBytes(data)}, nil, nulls, 0)
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

// validity leaves the bitmap out where nothing is null.
func validity(bits []byte, nulls int) *memory.Buffer {
	if nulls == 0 {
		return nil
	}
	return memory.NewBufferBytes(bits)
}

func int32Buffer(v []int32) *memory.Buffer {
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))
}
