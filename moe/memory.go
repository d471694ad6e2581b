package moe

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Memory is what a training or a scoring keeps, in bytes by kind.
type Memory struct {
	Weights     int64 `json:"weights"`
	Gradients   int64 `json:"gradients"`
	Moments     int64 `json:"moments"`     // of the optimizer
	Activations int64 `json:"activations"` // that a backward pass wants, or one chunk's
	Buffers     int64 `json:"buffers"`     // that all layers use in turn
	Exchange    int64 `json:"exchange"`    // tokens on their way between ranks
}

// Total is the sum of all kinds.
func (m Memory) Total() int64 {
	return m.Weights + m.Gradients + m.Moments + m.Activations + m.Buffers + m.Exchange
}

// Memory returns what a model keeps: its weights, and its gradients if it has
// them.
func (m *ModelOf[Num]) Memory() Memory {
	return Memory{Weights: extentOf(m.flat).bytes(), Gradients: extentOf(m.grad).bytes()}
}

// Memory returns what the state of the optimizer keeps.
func (s *OptStateOf[Num]) Memory() Memory {
	return Memory{Moments: extentOf(s.m).bytes() + extentOf(s.v).bytes()}
}

// Memory returns what the pass has grown to: what the largest batches so far
// took. It is not to be called while the pass runs.
func (p *PassOf[Num]) Memory() Memory {
	var layers, rest, exchange extents
	layers.walk(reflect.ValueOf(p.layers))
	exchange.walk(reflect.ValueOf(&p.exchanging).Elem())
	rest = append(rest, exchange...)
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "layers" {
			rest.walk(v.Field(i))
		}
	}
	both := append(slices.Clone(rest), layers...)
	m := Memory{Exchange: exchange.bytes()}
	m.Buffers = rest.bytes() - m.Exchange
	m.Activations = both.bytes() - rest.bytes()
	return m
}

// extent is a stretch of memory.
type extent struct{ from, to uintptr }

func (e extent) bytes() int64 { return int64(e.to - e.from) }

func extentOf[T any](s []T) extent {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return extent{from, from + uintptr(cap(s))*unsafe.Sizeof(*new(T))}
}

// extents are what slices cover; they may overlap where slices are views of
// others.
type extents []extent

// walk adds what the slices inside a value cover. It follows no pointer, map or
// interface: what lies behind one is not the value's own.
func (e *extents) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if strings.HasPrefix(v.Type().Name(), "gradJob[") {
			return // views of what others own
		}
		for i := range v.NumField() {
			e.walk(v.Field(i))
		}
	case reflect.Slice:
		from := v.Pointer()
		*e = append(*e, extent{from, from + uintptr(v.Cap())*v.Type().Elem().Size()})
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Slice {
			for i := range v.Len() {
				e.walk(v.Index(i))
			}
		}
	}
}

// bytes counts what is covered, once where extents overlap.
func (e extents) bytes() int64 {
	s := slices.Clone(e)
	slices.SortFunc(s, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	n, end := int64(0), uintptr(0)
	for _, x := range s {
		if x.to > end {
			n += int64(x.to - max(x.from, end))
			end = x.to
		}
	}
	return n
}
