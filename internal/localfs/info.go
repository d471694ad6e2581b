package localfs

import "time"

// An Info describes a file.
type Info struct {
	Size    int64
	ModTime time.Time
	Regular bool
}
