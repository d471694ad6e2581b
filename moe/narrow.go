package moe

import (
	"errors"
	"sync"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// Weights in bfloat16 are all the weights there are: two bytes a number, decoded
// where panels are packed, as those of a file are, and no float32 beside. Vectors
// alone are there twice, in float32 too, since every row of tokens reads them.
// AdamW computes in float32 and rounds at random to one of the two neighbours, so
// that a step too small for eight bits moves a weight as often as it should. Which
// way is a function of seed, step, tensor and place: see [kernel.Noise].

// checkNarrow refuses what weights in bfloat16 are not for.
func checkNarrow[Num Float](t *tuning) error {
	var faults []error
	if _, wide := any(Num(0)).(float64); wide && t.narrow {
		faults = append(faults, errors.New("moe: a model in float64 does not keep its weights in bfloat16"))
	}
	if t.narrow && t.lora.Rank > 0 {
		faults = append(faults, errors.New("moe: adapters train in float32, not in bfloat16: they are small, and the matrices below can stay in their files"))
	}
	if t.narrow && t.mapped {
		faults = append(faults, errors.New("moe: weights are in bfloat16 in memory or in their files, not both"))
	}
	return errors.Join(faults...)
}

// allocate makes the memory of the weights: the numbers of all tensors, or those
// in bfloat16 with the vectors, one behind the other, in full beside.
func (m *ModelOf[Num]) allocate() {
	all := append(m.params[:len(m.params):len(m.params)], m.low...)
	m.flat = kernel.Make[Num](m.flatLen())
	if m.halves {
		m.narrow = make([]uint16, m.size)
	}
	at := 0
	for _, p := range all {
		n := p.len()
		if m.halves {
			p.narrow = m.narrow[p.offset : p.offset+n : p.offset+n]
			p.home = at
		} else {
			p.home = p.offset
		}
		if p.away {
			continue
		}
		p.Data = m.flat[p.home : p.home+n : p.home+n]
		at += n
	}
}

// flatLen is the numbers that the model keeps in full.
func (m *ModelOf[Num]) flatLen() int {
	if !m.halves {
		return m.size
	}
	n := 0
	for _, p := range m.params {
		if !p.away {
			n += p.len()
		}
	}
	return n
}

// weightBytes is the memory of the weights of a model that may be described only.
func (m *ModelOf[Num]) weightBytes() int64 {
	n := int64(m.flatLen()) * int64(unsafe.Sizeof(Num(0)))
	if m.halves {
		n += 2 * int64(m.size)
	}
	return n
}

// widen decodes numbers of the tensor from number at on.
func (p *ParamOf[Num]) widen(dst []Num, at int) {
	src := p.narrow[at : at+len(dst)]
	if full, ok := any(dst).([]float32); ok && nativeLittle {
		anyFamily().WidenBF16(full, bytesOf(src))
		return
	}
	kernel.UnpackBF16(dst, src)
}

// nativeLittle says that bfloat16 numbers lie in memory as they lie in files.
var nativeLittle = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}()

// anyFamily is a family for what all of them compute to the same bits.
var anyFamily = sync.OnceValue(kernel.FromEnvOrFastest)

// round makes numbers from number at on those in bfloat16 that are nearest, or
// with noise one of the two that are around.
func (p *ParamOf[Num]) round(src []Num, at int, noise *kernel.Noise) {
	dst := p.narrow[at : at+len(src)]
	if full, ok := any(src).([]float32); ok && noise != nil {
		noise.RoundBF16(dst, full, at)
	} else {
		kernel.PackBF16(dst, src)
	}
	if !p.away {
		p.widen(p.Data[at:at+len(src)], at)
	}
}

// set fills a tensor of the checkpoint with numbers that come in order, a block at
// a time; in bfloat16 they are rounded to the nearest.
func (p *ParamOf[Num]) set(next func(block []Num)) {
	if p.narrow == nil {
		next(p.Data)
		return
	}
	scratch := make([]Num, min(p.len(), adamChunk))
	for at := 0; at < p.len(); at += len(scratch) {
		block := scratch[:min(len(scratch), p.len()-at)]
		next(block)
		p.round(block, at, nil)
	}
}

// NarrowWeights returns all numbers that train as two stretches, as
// [ModelOf.Weights] does, of a model that keeps them in bfloat16; nil of others.
// Whoever writes to them calls [ModelOf.Widen].
func (m *ModelOf[Num]) NarrowWeights() (dense, experts []uint16) {
	if !m.halves {
		return nil, nil
	}
	return m.narrow[:m.denseLen], m.narrow[m.denseLen:m.trainLen]
}

// Widen makes the vectors that lie beside weights in bfloat16 anew.
func (m *ModelOf[Num]) Widen() {
	for _, p := range m.params {
		if p.narrow != nil && !p.away {
			p.widen(p.Data, 0)
		}
	}
}

// Bytes is the memory of the tensor's numbers: none where they stay in a file.
func (p *ParamOf[Num]) Bytes() int64 { return int64(len(bytesOf(p.Data)) + len(bytesOf(p.narrow))) }
