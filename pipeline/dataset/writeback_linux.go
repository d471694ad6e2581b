package dataset

import (
	"os"

	"golang.org/x/sys/unix"
)

// beginWriteback asks the system to begin writing a part of a file to its disk,
// so that there is little left to do when the file is synced. It does not wait,
// and promises nothing.
func beginWriteback(f *os.File, at, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}
