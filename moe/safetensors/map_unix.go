//go:build unix

package safetensors

import (
	"math"
	"os"
	"syscall"
)

// mapFile maps a file read-only and private, so that a view can never write
// to the checkpoint.
func mapFile(path string) (*mapping, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > 0 && info.Size() <= math.MaxInt {
		data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
		if err == nil {
			return &mapping{data: data, file: f, was: info, unmap: syscall.Munmap}, nil
		}
	}
	defer f.Close()
	data, err := os.ReadFile(path)
	return &mapping{data: data}, err
}
