package resident

import (
	"bytes"
	"fmt"
	"os"
)

// Peak returns the most bytes that this process was resident with so far; 0 where
// the system does not say.
func Peak() int64 { return PeakOf("self") }

// PeakOf returns the same of a process by its number; 0 where it is gone.
func PeakOf(process string) int64 {
	text, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	var kib int64
	_, _ = fmt.Sscan(string(rest), &kib)
	return kib << 10
}
