//go:build unix

package columnar

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// mapMemory returns n bytes of zeros, outside the heap where the system has room.
func mapMemory(n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	return b
}

// unmapMemory gives back what mapMemory returned. Memory of the heap is none that
// the system knows, and is left to the garbage collector.
func unmapMemory(b []byte) { _ = syscall.Munmap(b) }

// dropMemory gives the content of memory back, which is zeros from here on or what
// it was.
func dropMemory(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }
