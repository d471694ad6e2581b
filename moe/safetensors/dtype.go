package safetensors

import (
	"encoding/binary"
	"math"
	"sync"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// DType is the type of a tensor's numbers as the header spells it.
type DType string

// The types that can be read as numbers. Others are listed with their sizes,
// so that a file that holds them still opens.
const (
	F32  DType = "F32"
	F64  DType = "F64"
	BF16 DType = "BF16"
	F16  DType = "F16"

	// U8 is read as bytes: [File.ReadBytes].
	U8 DType = "U8"
)

// size returns the bytes of one number, or 0 for a type that is not known.
func (d DType) size() uint64 {
	switch d {
	case F64, "I64", "U64", "C64":
		return 8
	case F32, "I32", "U32":
		return 4
	case F16, BF16, "I16", "U16":
		return 2
	case "I8", U8, "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0":
		return 1
	}
	return 0
}

// littleEndian says that this machine's float32 is the file's.
var littleEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}()

// decodes reports whether decode knows the type.
func (d DType) decodes() bool { return d == F32 || d == F64 || d == BF16 || d == F16 }

// decode widens raw numbers of type d into dst, exactly, or rounds those of F64
// to the nearest float32. It reports whether it knows the type.
func decode[Num float32 | float64](dst []Num, raw []byte, d DType) bool {
	if v, ok := view[Num](raw, d); ok {
		copy(dst, v)
		return true
	}
	raw = raw[:len(dst)*int(d.size())]
	switch d {
	case F32:
		for i := range dst {
			dst[i] = Num(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	case BF16:
		if narrow, ok := any(dst).([]float32); ok {
			family().WidenBF16(narrow, raw)
			break
		}
		for i := range dst {
			dst[i] = Num(kernel.FromBF16(binary.LittleEndian.Uint16(raw[2*i:])))
		}
	case F16:
		if narrow, ok := any(dst).([]float32); ok {
			family().WidenF16(narrow, raw)
			break
		}
		for i := range dst {
			dst[i] = Num(kernel.FromF16(binary.LittleEndian.Uint16(raw[2*i:])))
		}
	case F64:
		for i := range dst {
			dst[i] = Num(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	default:
		return false
	}
	return true
}

// family is what widens: to the same bits whichever it is.
var family = sync.OnceValue(kernel.FromEnvOrFastest)

// view reinterprets raw as numbers of Num where type, order and alignment allow it.
func view[Num float32 | float64](raw []byte, d DType) ([]Num, bool) {
	size := unsafe.Sizeof(Num(0))
	if size == 4 && d != F32 || size == 8 && d != F64 {
		return nil, false
	}
	if len(raw) == 0 {
		return nil, true
	}
	p := unsafe.Pointer(unsafe.SliceData(raw))
	if !littleEndian || uintptr(p)%size != 0 {
		return nil, false
	}
	return unsafe.Slice((*Num)(p), len(raw)/int(size)), true
}

// encode appends src to dst as type d. The narrow types round to nearest, ties
// to even; a NaN stays a NaN.
func encode[Num float32 | float64](dst []byte, src []Num, d DType) []byte {
	switch d {
	case F16:
		for _, v := range src {
			dst = binary.LittleEndian.AppendUint16(dst, toHalf(float32(v)))
		}
	case BF16:
		for _, v := range src {
			dst = binary.LittleEndian.AppendUint16(dst, kernel.BF16(float32(v)))
		}
	case F64:
		for _, v := range src {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(float64(v)))
		}
	default:
		for _, v := range src {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
		}
	}
	return dst
}

// beyondHalf is where float16 ends: the least number that rounds to infinity.
const beyondHalf = 65520

// tooWide returns the first finite number of src that type d has no room for.
// float16 alone ends where weights may still be; bfloat16 ends where float32 does.
func tooWide[Num float32 | float64](src []Num, d DType) (v Num, found bool) {
	if d != F16 {
		return 0, false
	}
	for _, v := range src {
		if (v >= beyondHalf || v <= -beyondHalf) && v-v == 0 {
			return v, true
		}
	}
	return 0, false
}

// toHalf narrows to IEEE binary16.
func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b>>16) & 0x8000
	b &= 1<<31 - 1
	switch f := math.Float32frombits(b); {
	case f != f:
		return sign | 0x7e00
	case f >= beyondHalf:
		return sign | 0x7c00
	case f < 1.0/(1<<14): // subnormal: the last place of 0.5 is that of float16's least number
		return sign | uint16(math.Float32bits(f+0.5)-math.Float32bits(0.5))
	}
	return sign | uint16((b+0xfff+b>>13&1)>>13-112<<10)
}
