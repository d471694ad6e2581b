package kernel

import (
	"syscall"
	"unsafe"
)

// hugeBytes is the large page of amd64 and of most arm64 systems.
const hugeBytes = 2 << 20

// adviseHuge asks for large pages: a training step walks hundreds of
// megabytes and misses the TLB on 4 KiB pages. Failure costs speed only.
func adviseHuge(base unsafe.Pointer, n int) {
	if n < 2*hugeBytes {
		return
	}
	skip := (hugeBytes - uintptr(base)%hugeBytes) % hugeBytes
	size := (uintptr(n) - skip) &^ (hugeBytes - 1)
	region := unsafe.Slice((*byte)(unsafe.Add(base, skip)), size)
	_ = syscall.Madvise(region, syscall.MADV_HUGEPAGE)
}
