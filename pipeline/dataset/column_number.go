package dataset

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

type numeric interface{ int32 | int64 | float64 }

func numericType[N numeric]() arrow.DataType {
	switch any(*new(N)).(type) {
	case int32:
		return arrow.PrimitiveTypes.Int32
	case int64:
		return arrow.PrimitiveTypes.Int64
	}
	return arrow.PrimitiveTypes.Float64
}

func putNumber[N numeric](g *columnar.RowGroup, to slot, n N) {
	switch v := any(n).(type) {
	case int32:
		g.Int32(to.leaf, to.rep, v)
	case int64:
		g.Int64(to.leaf, to.rep, v)
	case float64:
		g.Float64(to.leaf, to.rep, v)
	}
}

// number is a number that is always present.
func number[E any, N numeric](name string, at func(*E) *N) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: numericType[N]()}, leaves: 1,
		check: func(*E) error { return nil },
		put:   func(g *columnar.RowGroup, to slot, e *E) { putNumber(g, to, *at(e)) },
		load: func(a arrow.Array, spans []span, es []*E) error {
			vals, k := numbersOf[N](a), 0
			for _, sp := range spans {
				for i := sp.from; i < sp.to; i++ {
					*at(es[k]) = vals[i]
					k++
				}
			}
			return nil
		},
	}
}

// optNumber is a number that may be unknown.
func optNumber[E any, N numeric](name string, at func(*E) **N) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: numericType[N](), Nullable: true}, leaves: 1,
		check: func(*E) error { return nil },
		put: func(g *columnar.RowGroup, to slot, e *E) {
			if p := *at(e); p != nil {
				putNumber(g, to, *p)
			} else {
				g.Null(to.leaf, to.rep, to.def)
			}
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			vals, k := numbersOf[N](a), 0
			for _, sp := range spans {
				for i := sp.from; i < sp.to; i++ {
					if a.IsValid(i) {
						v := vals[i]
						*at(es[k]) = &v
					}
					k++
				}
			}
			return nil
		},
	}
}

func numbersOf[N numeric](a arrow.Array) []N {
	d := a.Data()
	if d.Len() == 0 {
		return nil
	}
	return arrow.GetData[N](d.Buffers()[1].Bytes())[d.Offset():]
}

// optBool is a truth value that may be unknown.
func optBool[E any](name string, at func(*E) **bool) column[E] {
	return column[E]{
		field: arrow.Field{Name: name, Type: arrow.FixedWidthTypes.Boolean, Nullable: true}, leaves: 1,
		check: func(*E) error { return nil },
		put: func(g *columnar.RowGroup, to slot, e *E) {
			if p := *at(e); p != nil {
				g.Bool(to.leaf, to.rep, *p)
			} else {
				g.Null(to.leaf, to.rep, to.def)
			}
		},
		load: func(a arrow.Array, spans []span, es []*E) error {
			arr, k := a.(*array.Boolean), 0
			for _, sp := range spans {
				for i := sp.from; i < sp.to; i++ {
					if arr.IsValid(i) {
						v := arr.Value(i)
						*at(es[k]) = &v
					}
					k++
				}
			}
			return nil
		},
	}
}
