//go:build !(linux && amd64)

package kernel

import "errors"

// tilesError says why this process may not use tiles.
func tilesError() error { return errors.New("tiles of AMX are used on Linux alone, on amd64") }
