package kernel

import (
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atEnd returns n zeros that lie at the end of memory: to read or to write behind
// them is a fault, and fails the case.
func atEnd[T float32 | float64](t cleaner, n int) []T {
	page, size := unix.Getpagesize(), n*int(unsafe.Sizeof(T(0)))
	whole := (size + page - 1) / page * page
	memory, err := unix.Mmap(-1, 0, whole+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil {
		t.Cleanup(func() { _ = unix.Munmap(memory) })
		err = unix.Mprotect(memory[whole:], unix.PROT_NONE)
	}
	if err != nil {
		t.Fatal(err)
	}
	debug.SetPanicOnFault(true)
	return unsafe.Slice((*T)(unsafe.Pointer(&memory[whole-size])), n)
}
