//go:build unix

package dataset

import "syscall"

const errNotEmpty = syscall.ENOTEMPTY
