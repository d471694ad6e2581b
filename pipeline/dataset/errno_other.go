//go:build !unix

package dataset

import "errors"

var errNotEmpty = errors.New("directory not empty")
