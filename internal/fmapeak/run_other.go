//go:build !amd64

package fmapeak

// Run panics: there is no loop for this architecture.
func Run(int, int) { panic("fmapeak: no machine code on this architecture") }
