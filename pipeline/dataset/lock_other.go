//go:build !unix

package dataset

import "os"

// lockFile does nothing where there is no flock: the lock of the run is then
// the only one.
func lockFile(*os.File) error { return nil }
