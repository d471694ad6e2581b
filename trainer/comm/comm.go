package comm

import (
	"time"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// A Comm is one rank's end of a group of ranks.
//
// Slices belong to the caller again when a call returns. An error is final:
// every later call returns it too, and other ranks are told.
type Comm interface {
	// Rank is this rank's number in the group, from 0.
	Rank() int
	// Size is the number of ranks.
	Size() int

	// AllToAllV sends send[r] to rank r and fills recv[r] with what rank r
	// sends here. Lengths may differ and be zero, but recv[r] here is as long
	// as send[this rank] at r: ranks that need each other's sizes exchange
	// them first.
	AllToAllV(send, recv [][]byte) error
	// AllReduce replaces x by the sum over ranks. Lengths are equal.
	AllReduce(x []byte, t Type) error
	// ReduceScatter replaces this rank's [Part] of x by the sum over ranks and
	// leaves the rest undefined.
	ReduceScatter(x []byte, t Type) error
	// AllGather fills every other rank's [Part] of x with what that rank has
	// there.
	AllGather(x []byte, t Type) error
	// Broadcast fills x with what root has in it.
	Broadcast(x []byte, root int) error
	// Barrier returns when every rank has called it.
	Barrier() error

	// Group returns the communicator of some ranks of this one, ascending and
	// with this rank among them. Every rank calls it at the same point, each
	// with the list it belongs to.
	Group(ranks []int) (Comm, error)
	// Abort tells every other rank that this one gives up, and why. It may be
	// called while another goroutine is inside an operation, which then ends.
	Abort(cause error)
	// Close leaves. Ranks that are still in an operation finish it first; one
	// that starts another gets an error. Only the comm that all groups come
	// from is closed.
	Close() error
}

// A Waiter is a comm that knows how long this rank has waited for others to
// come to an operation, in this comm and those that share its connections: time
// in operations beyond that is spent moving bytes.
type Waiter interface{ Waited() time.Duration }

// Type says how the bytes of a sum are numbers, in the machine's byte order.
type Type uint8

// The types that can be added.
const (
	Float32 Type = iota
	Float64
	Int64
)

// Size is the bytes of one number.
func (t Type) Size() int {
	if t == Float32 {
		return 4
	}
	return 8
}

// Number is what collectives over slices of numbers take.
type Number interface{ float32 | float64 | int64 }

// Part is the stretch of n numbers that belongs to a rank: lengths differ by
// at most one.
func Part(n, size, rank int) (lo, hi int) {
	return n * rank / size, n * (rank + 1) / size
}

// AllReduce is [Comm.AllReduce] over numbers.
func AllReduce[T Number](c Comm, x []T) error { return c.AllReduce(Bytes(x), TypeOf[T]()) }

// ReduceScatter is [Comm.ReduceScatter] over numbers.
func ReduceScatter[T Number](c Comm, x []T) error { return c.ReduceScatter(Bytes(x), TypeOf[T]()) }

// AllGather is [Comm.AllGather] over numbers.
func AllGather[T Number](c Comm, x []T) error { return c.AllGather(Bytes(x), TypeOf[T]()) }

// TypeOf is the type of a number.
func TypeOf[T Number]() Type {
	switch any(T(0)).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	}
	return Int64
}

// Bytes is the memory of a slice of numbers, not a copy.
func Bytes[T Number](x []T) []byte { return memory(x) }

// Halves is the memory of numbers in bfloat16.
func Halves(x []uint16) []byte { return memory(x) }

func memory[T Number | uint16](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(T(0))))
}

// numbers is the inverse of Bytes; memory of a number's alignment is a
// precondition that Bytes and the allocator give.
func numbers[T Number](b []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(T(0))))
}

// An adder adds numbers, by machine code where this machine has some; the bits
// are the same.
type adder struct{ family kernel.Family }

func newAdder() adder { return adder{kernel.FromEnvOrFastest()} }

// add adds the numbers of src to those of dst.
func (a adder) add(dst, src []byte, t Type) {
	switch t {
	case Float32:
		a.family.AddScaled(numbers[float32](dst), 1, numbers[float32](src))
	case Float64:
		addTo(numbers[float64](dst), numbers[float64](src))
	default:
		addTo(numbers[int64](dst), numbers[int64](src))
	}
}

func addTo[T Number](dst, src []T) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] += src[i]
	}
}
