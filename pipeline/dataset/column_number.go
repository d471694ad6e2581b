package dataset

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

type numeric interface{ int32 | int64 | float64 }

func numericType[N numeric]() (t arrow.DataType, width int) {
	switch any(*new(N)).(type) {
	case int32:
		return arrow.PrimitiveTypes.Int32, 4
	case int64:
		return arrow.PrimitiveTypes.Int64, 8
	}
	return arrow.PrimitiveTypes.Float64, 8
}

// number is a number that is always present.
func number[E any, N numeric](name string, at func(*E) *N) column[E] {
	typ, width := numericType[N]()
	return column[E]{
		field: arrow.Field{Name: name, Type: typ},
		check: func(*E) error { return nil },
		build: func(s *scratch, es []*E) *array.Data {
			buf := s.bytes(width * len(es))
			vals := arrow.GetData[N](buf)
			for i, e := range es {
				vals[i] = *at(e)
			}
			return array.NewData(typ, len(es), []*memory.Buffer{nil, memory.NewBufferBytes(buf)}, nil, 0, 0)
		},
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
	typ, width := numericType[N]()
	return column[E]{
		field: arrow.Field{Name: name, Type: typ, Nullable: true},
		check: func(*E) error { return nil },
		build: func(s *scratch, es []*E) *array.Data {
			buf, valid, nulls := s.bytes(width*len(es)), s.bits(len(es)), 0
			vals := arrow.GetData[N](buf)
			for i, e := range es {
				p := *at(e)
				if p == nil {
					vals[i] = 0
					nulls++
					continue
				}
				vals[i] = *p
				bitutil.SetBit(valid, i)
			}
			return array.NewData(typ, len(es), []*memory.Buffer{validity(valid, nulls),
				memory.NewBufferBytes(buf)}, nil, nulls, 0)
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
		field: arrow.Field{Name: name, Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		check: func(*E) error { return nil },
		build: func(s *scratch, es []*E) *array.Data {
			vals, valid, nulls := s.bits(len(es)), s.bits(len(es)), 0
			for i, e := range es {
				p := *at(e)
				if p == nil {
					nulls++
					continue
				}
				bitutil.SetBitTo(vals, i, *p)
				bitutil.SetBit(valid, i)
			}
			return array.NewData(arrow.FixedWidthTypes.Boolean, len(es), []*memory.Buffer{
				validity(valid, nulls), memory.NewBufferBytes(vals)}, nil, nulls, 0)
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
