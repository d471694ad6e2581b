package moe

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// Memory is what a training or a scoring keeps, in bytes by kind.
type Memory struct {
	Weights     int64 `json:"weights"`
	Gradients   int64 `json:"gradients"`
	Moments     int64 `json:"moments"`     // of the optimizer
	Average     int64 `json:"average"`     // of the weights
	Activations int64 `json:"activations"` // and other arrays of a step, by plan; not what lies in gradients
	Buffers     int64 `json:"buffers"`     // scratch, and what is not planned
	Packs       int64 `json:"packs"`       // weights in the order of the products
	Exchange    int64 `json:"exchange"`    // tokens on their way between ranks
}

// Total is the sum of all kinds.
func (m Memory) Total() int64 {
	return m.Weights + m.Gradients + m.Moments + m.Average + m.Activations + m.Buffers + m.Packs + m.Exchange
}

// Plus adds up each kind.
func (m Memory) Plus(o Memory) Memory {
	m.Weights += o.Weights
	m.Gradients += o.Gradients
	m.Moments += o.Moments
	m.Average += o.Average
	m.Activations += o.Activations
	m.Buffers += o.Buffers
	m.Packs += o.Packs
	m.Exchange += o.Exchange
	return m
}

// Memory returns what a model keeps: its weights, and its gradients if it has
// them.
func (m *ModelOf[Num]) Memory() Memory {
	return Memory{Weights: extentOf(m.flat).bytes() + extentOf(m.narrow).bytes(), Gradients: extentOf(m.grad).bytes()}
}

// Memory returns what the average keeps.
func (a *AverageOf[Num]) Memory() Memory { return Memory{Average: extentOf(a.w).bytes()} }

// Memory returns what the state of the optimizer keeps.
func (s *OptStateOf[Num]) Memory() Memory {
	n := extentOf(s.m).bytes() + extentOf(s.v).bytes()
	for i := range s.tensors {
		n += s.tensors[i].bytes()
	}
	return Memory{Moments: n}
}

// Memory returns what the pass has grown to, with those that share its memory:
// what the largest batches so far took, and what its goroutines borrow for rounded
// operands. It is not to be called while the pass runs.
func (p *PassOf[Num]) Memory() Memory {
	all := &census{}
	all.walk(reflect.ValueOf(p).Elem(), kindBuffers)
	all.walk(reflect.ValueOf(p.room).Elem(), kindBuffers)
	// Kinds come in this order: views of an earlier one are no more memory.
	seen := extents{extentOf(p.block), extentOf(p.m.grad)} // that planned arrays lie in
	sizes := [kindCount]int64{kindActivations: int64(len(p.block)) * int64(unsafe.Sizeof(Num(0)))}
	for kind, found := range all {
		before := seen.bytes()
		seen = append(seen, found...)
		sizes[kind] += seen.bytes() - before
	}
	sizes[kindBuffers] += int64(p.threads*borrowed(p.kern)) * int64(unsafe.Sizeof(Num(0)))
	return Memory{Activations: sizes[kindActivations], Buffers: sizes[kindBuffers], Packs: sizes[kindPacks], Exchange: sizes[kindExchange]}
}

// borrowed is how many numbers a goroutine borrows for products of a precision.
func borrowed[Num Float](k kernels[Num]) int { return kernel.Borrowed[Num](k, gradDepth) }

// A memoryKind is a kind of what passes keep.
type memoryKind int

const (
	kindExchange memoryKind = iota
	kindPacks
	kindBuffers
	kindActivations
	kindCount
)

// fieldKinds are the fields that begin another kind than that of the struct around
// them.
var fieldKinds = map[string]memoryKind{"layers": kindActivations, "exchanging": kindExchange}

// isPack tells the fields of packed weights by their names.
func isPack(field string) bool { return strings.HasPrefix(field, "pack") }

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

// census is what the slices inside a value cover, by kind.
type census [kindCount]extents

// walk adds what the slices inside a value cover. It follows no pointer, map or
// interface: what lies behind one is not the value's own.
func (c *census) walk(v reflect.Value, kind memoryKind) {
	switch v.Kind() {
	case reflect.Struct:
		if strings.HasPrefix(v.Type().Name(), "gradJob[") {
			return // views of what others own
		}
		for i := range v.NumField() {
			field, inner := v.Type().Field(i).Name, kind
			if other, ok := fieldKinds[field]; ok {
				inner = other
			} else if isPack(field) {
				inner = kindPacks
			}
			c.walk(v.Field(i), inner)
		}
	case reflect.Slice:
		from := v.Pointer()
		c[kind] = append(c[kind], extent{from, from + uintptr(v.Cap())*v.Type().Elem().Size()})
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Slice {
			for i := range v.Len() {
				c.walk(v.Index(i), kind)
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
