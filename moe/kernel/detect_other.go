//go:build !amd64

package kernel

// Detect returns the only family of this architecture.
func Detect() Family { return Generic }
