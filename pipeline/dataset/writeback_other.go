//go:build !linux

package dataset

import "os"

func beginWriteback(*os.File, int64, int64) {}
