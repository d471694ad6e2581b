package comm

import (
	"errors"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// readMemory fills x from another process of the same user.
func readMemory(pid int, at uintptr, x []byte) error {
	for len(x) > 0 {
		local := []unix.Iovec{{Base: &x[0], Len: uint64(len(x))}}
		n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: at, Len: len(x)}}, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return io.ErrUnexpectedEOF
		}
		x, at = x[n:], at+uintptr(n)
	}
	return nil
}

// writeNow writes what the kernel takes without waiting, and leaves errors to
// the next write that waits.
func writeNow(raw syscall.RawConn, head, data []byte) int {
	wrote := 0
	_ = raw.Write(func(fd uintptr) bool {
		parts := [][]byte{head, data}
		if len(head) == 0 {
			parts = parts[1:]
		}
		n, err := unix.Writev(int(fd), parts)
		if err == nil {
			wrote = n
		}
		return true
	})
	return wrote
}
